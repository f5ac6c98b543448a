"""The forms for metrics, judge and people's own criteria: what comes back as a change, and what is told at its field."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from bot.blocks.validate import validate_view
from bot.buttons import Press
from bot.modals import criteria, metrics
from db.records import PlanChange
from pipeline.records import Criteria, MetricChoice, RubricKind
from tests.bot.cards.hostile import HOSTILE
from tests.bot.cards.told import JUDGED_PLAN, PLAN
from tests.bot.modals.filled import submitted

PRESS = Press(migration="m1", question="plan:3", answer="change")
FORM, WITHOUT_JUDGE = metrics.view(PRESS, JUDGED_PLAN), metrics.view(PRESS, replace(PLAN, offered=("rouge_l", "exact_match")))
KEPT = ["answer_correctness", "rubric:tone", "rubric:house-rules", "check:at-most-50-words", "rouge_l"]
PASTE = criteria.view(PRESS)
JUDGE = "bedrock:amazon.nova-lite-v1:0"


@pytest.mark.parametrize(
    ("filled", "change"),
    [
        ({"judge": JUDGE}, PlanChange(judge=JUDGE)),
        ({"judge": f"bedrock:\u2060{JUDGE.partition(':')[2]}"}, PlanChange(judge=JUDGE)),
        ({"judge": None}, PlanChange(judge="")),
        ({"measured_1": KEPT[:4]}, PlanChange(remove_metrics=("rouge_l",))),
        ({"measured_1": []}, PlanChange(remove_metrics=tuple(KEPT))),
        ({"more": ["chrf", "answer_recall"]}, PlanChange(add_metrics=("chrf", "answer_recall"))),
        ({"deciding": ["rubric:tone", "answer_recall"]}, PlanChange(primary=("rubric:tone", "answer_recall"))),
        ({"embedder": "hashing:1024"}, PlanChange(embedder="hashing:1024")),
        ({"panel": f"{JUDGE}\nlocal:a"}, PlanChange(panel=(JUDGE, "local:a"))),
        ({"panel": None}, PlanChange(panel=())),
    ],
)
def test_a_change_of_metrics_or_judge_is_read(filled: dict[str, Any], change: PlanChange) -> None:
    assert validate_view(FORM) == ()
    assert metrics.read(submitted(FORM, **filled)) == (change, {})


@pytest.mark.parametrize(
    ("filled", "fields"),
    [
        ({}, ["judge"]),
        ({"judge": "gpt-4o"}, ["judge"]),
        ({"judge": "recorded:gpt-4o"}, ["judge"]),
        ({"embedder": "word2vec"}, ["embedder"]),
        ({"panel": "local:a\nnowhere"}, ["panel"]),
        ({"panel": "local:a, recorded:b"}, ["panel"]),
        ({"panel": "\n".join(f"local:{n}" for n in range(6))}, ["panel"]),
        ({"deciding": []}, ["deciding"]),
        ({"deciding": ["rouge_l"]}, ["deciding"]),
        ({"measured_1": KEPT[1:], "deciding": ["answer_correctness", "rubric:tone"]}, ["deciding"]),
        ({"judge": "x", "embedder": "y", "deciding": []}, ["deciding", "embedder", "judge"]),
    ],
)
def test_what_is_wrong_is_told_at_its_field(filled: dict[str, Any], fields: list[str]) -> None:
    change, errors = metrics.read(submitted(FORM, **filled))
    assert change is None
    assert sorted(errors) == fields


def test_likeness_may_decide_only_while_there_is_no_judge() -> None:
    assert metrics.read(submitted(WITHOUT_JUDGE, deciding=["rouge_l"])) == (PlanChange(primary=("rouge_l",)), {})
    assert set(metrics.read(submitted(WITHOUT_JUDGE, deciding=["rouge_l"], judge=JUDGE))[1]) == {"deciding"}


@pytest.mark.parametrize("filled", [{"embedder": "hashing:256"}, {"panel": "local:a"}])
def test_an_embedder_or_a_panel_without_a_judge_is_not_dropped_in_silence(filled: dict[str, Any]) -> None:
    change, errors = metrics.read(submitted(WITHOUT_JUDGE, **filled))
    assert (change, list(errors)) == (None, ["judge"])


def test_own_criteria_that_wait_for_a_judge_can_be_removed() -> None:
    waiting = replace(JUDGED_PLAN, criteria=replace(JUDGED_PLAN.criteria, judge=None, metrics=PLAN.criteria.metrics))
    view = metrics.view(PRESS, waiting)
    assert "House rules (needs a judge)" in str(view)
    change, _ = metrics.read(submitted(view, measured_1=["exact_match", "refusal", "check:at-most-50-words", "rubric:tone"]))
    assert change == PlanChange(remove_metrics=("rubric:house-rules",))


def test_a_rubric_comes_back_under_its_name() -> None:
    assert validate_view(PASTE) == ()
    change, errors = criteria.read(submitted(PASTE, text="From 1 to 10: how polite is it?", name="Tone"))
    assert errors == {}
    assert change
    assert [(r.name, r.kind) for r in change.rubrics] == [("Tone", RubricKind.SCALE)]


def test_a_style_guide_comes_back_as_checks_questions_and_what_was_left_out() -> None:
    text = "- At most 50 words.\n- Write as a newspaper would.\n- Longer answers are acceptable for lists."
    change, _ = criteria.read(submitted(PASTE, text=text))
    assert change
    assert [check.rule for check in change.checks] == ["max_words"]
    assert len(change.rubrics[0].questions) == 1
    assert change.left_out == ("Longer answers are acceptable for lists.",)


def test_what_a_text_is_can_be_said() -> None:
    text = "Is it polite?"
    (asked,) = (criteria.read(submitted(PASTE, text=text, kind="questions"))[0] or PlanChange()).rubrics
    (scaled,) = (criteria.read(submitted(PASTE, text=text, kind="scale"))[0] or PlanChange()).rubrics
    assert (asked.kind, scaled.kind) == (RubricKind.YES_NO, RubricKind.SCALE)


@pytest.mark.parametrize("filled", [{"text": ""}, {"text": "?!"}, {"text": "On a scale of 1 to 5, how polite?", "kind": "scale"}])
def test_a_text_that_is_no_criterion_is_told_at_the_field(filled: dict[str, Any]) -> None:
    change, errors = criteria.read(submitted(PASTE, **filled))
    assert (change, list(errors)) == (None, ["text"])


@settings(max_examples=30, deadline=None)
@given(HOSTILE, HOSTILE)
def test_slack_takes_the_form_over_any_plan(name: str, ref: str) -> None:
    choices = tuple(MetricChoice(metric=f"metric_{n}", primary=n < 2) for n in range(120))
    rubrics = tuple(replace(rubric, name=name) for rubric in JUDGED_PLAN.criteria.rubrics)
    judge = replace(JUDGED_PLAN.criteria.judge, model=ref, panel=(ref, ref)) if JUDGED_PLAN.criteria.judge else None
    plan = replace(JUDGED_PLAN, criteria=Criteria(metrics=choices, judge=judge, rubrics=rubrics))
    assert validate_view(metrics.view(PRESS, replace(plan, offered=tuple(f"other_{n}" for n in range(120))))) == ()
