"""What a change makes of the criteria: judge, metrics, roles, people's own criteria, and what is locked."""

from dataclasses import replace

import pytest

from agent import planning
from agent.revision import revised
from db.records import DatasetVersion, Migration, MigrationStatus, Plan, PlanChange
from pipeline.errors import InputError
from pipeline.metrics.code.checks import make_check
from pipeline.metrics.guide import propose
from pipeline.metrics.judge.prompts import prompts_hash
from pipeline.records import Criteria, Parameters, PromptVersion, Rubric, RubricKind, Sample, UseCase
from tests.bot.cards.told import MIGRATION
from tests.pipeline.metrics.guide.bench import register

LONG = "The customer asked for a refund and the agent promised to send it within three days."
SAMPLES = [Sample(id=f"s{n}", variables={"q": "?"}, reference=f"{LONG} {n}") for n in range(20)]
FIRST = propose(UseCase.RAG, SAMPLES)
NOVA = "bedrock:amazon.nova-pro-v1:0"
TONE = Rubric(name="Tone", kind=RubricKind.SCALE, text="Politeness from 1 to 10.")
SHORT = make_check("max_words", "50")
RAGAS = tuple(f"ragas_answer_{name}" for name in ("correctness", "precision", "recall", "similarity"))


@pytest.fixture(autouse=True)
def _catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, *RAGAS, "deepeval_answer_relevancy")


def change(criteria: Criteria, **asked: object) -> Criteria:
    return revised(criteria, PlanChange(**asked), UseCase.RAG, SAMPLES)  # type: ignore[arg-type]


def names(criteria: Criteria) -> set[str]:
    return {choice.metric for choice in criteria.metrics}


def deciding(criteria: Criteria) -> set[str]:
    return {choice.metric for choice in criteria.primary}


def test_a_first_judge_is_another_proposal_and_none_any_more_is_the_old_one() -> None:
    judged = change(FIRST, judge=NOVA)
    assert deciding(FIRST) == {"rouge_l"}
    assert deciding(judged) == {"ragas_answer_correctness"}
    assert names(judged) > names(FIRST)
    assert judged.judge
    assert (judged.judge.model, judged.judge.prompts_hash) == (NOVA, prompts_hash())
    assert change(judged, judge="") == FIRST


def test_what_people_added_removed_and_set_outlives_a_new_proposal() -> None:
    edited = change(FIRST, add_metrics=("exact_match",), remove_metrics=("chrf",), margin=0.02, metric="refusal", checks=(SHORT,))
    edited = change(edited, primary=("rouge_l", SHORT.metric))
    judged = change(edited, judge=NOVA)
    assert "exact_match" in names(judged)
    assert "chrf" not in names(judged)
    assert {c.margin for c in judged.metrics if c.metric == "refusal"} == {0.02}
    assert deciding(judged) == {"ragas_answer_correctness", SHORT.metric}


def test_another_judge_is_asked_the_same() -> None:
    judged = change(change(FIRST, judge=NOVA), primary=("ragas_answer_recall",))
    other = change(judged, judge="bedrock:meta.llama3", embedder="bedrock:amazon.titan-embed-text-v2:0", panel=(NOVA,))
    assert other.metrics == judged.metrics
    assert other.judge
    assert (other.judge.model, other.judge.embedder, other.judge.panel) == (
        "bedrock:meta.llama3", "bedrock:amazon.titan-embed-text-v2:0", (NOVA,),
    )  # fmt: skip
    assert len({FIRST.hash, judged.hash, other.hash}) == 3


def test_rubrics_wait_for_a_judge_and_go_with_their_metric() -> None:
    waiting = change(FIRST, rubrics=(TONE,))
    assert (waiting.rubrics, TONE.metric in names(waiting)) == ((TONE,), False)
    judged = change(waiting, judge=NOVA)
    assert TONE.metric in names(judged)
    assert deciding(change(judged, primary=(TONE.metric,))) == {TONE.metric}
    assert change(judged, remove_metrics=(TONE.metric,)).rubrics == ()


def test_the_words_of_the_judge_and_the_versions_of_libraries_are_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    from typing import cast

    from pipeline.metrics.judged.metric import JudgedMetric
    from pipeline.metrics.registry import JUDGED

    before = change(FIRST, judge=NOVA)
    newer = replace(JUDGED["ragas_answer_recall"], library="ragas 9.9.9")
    monkeypatch.setitem(cast("dict[str, JudgedMetric]", JUDGED), "ragas_answer_recall", newer)
    after = change(FIRST, judge=NOVA)
    assert after.judge
    assert after.judge.libraries == ("ragas 9.9.9",)
    assert before.hash != after.hash


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"primary": ("ragas_answer_similarity",), "judge": NOVA}, "cannot decide"),
        ({"primary": ("rouge_l",), "judge": NOVA}, "cannot decide"),
        ({"primary": ("ragas_answer_recall",)}, "needs a judge"),
        ({"add_metrics": ("nonsense",)}, "There is no metric called nonsense"),
        ({"remove_metrics": ("rouge_l",)}, "No metric decides"),
        ({"primary": ()}, "No metric decides"),
    ],
)
def test_a_change_that_could_give_no_verdict_is_refused_with_the_way_out(asked: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        change(FIRST, **asked)


def plan_of(judge: str | None, targets: tuple[str, ...] = ("local:a",)) -> Plan:
    migration: Migration = replace(MIGRATION, use_case=UseCase.RAG, targets=targets, status=MigrationStatus.OPEN)
    about = planning.Subject(migration=migration, dataset=_dataset(), samples=SAMPLES, test=SAMPLES[4:])
    return planning.following(planning.first(about), about, PlanChange(judge=judge))


def test_a_plan_with_a_judge_tells_its_cost_by_stage_and_by_metric() -> None:
    plan = plan_of("bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0", ("local:a", "local:b"))
    judging = {e.stage: e for e in plan.estimates if e.stage.startswith("judging")}
    reported = len(plan.costs) - 1  # all but correctness, two calls a cell
    assert judging["judging: baseline"].calls == 2 * (20 + reported * 16)
    assert judging["judging: candidates"].calls == 2 * 4 * 4 * 2
    assert judging["judging: targets"].calls == 2 * 3 * 16 * 2 * (1 + reported)
    assert sum(e.calls for e in judging.values()) == sum(c.calls for c in plan.costs)
    assert all((e.usd or 0) > 0 for e in judging.values())
    assert "tokens in" in judging["judging: targets"].note


def test_what_runs_here_costs_nothing_and_an_unknown_price_is_no_zero() -> None:
    free = plan_of("local:a")
    assert all(e.usd is None and "nothing is charged" in e.note for e in free.estimates if e.stage.startswith("judging"))
    unknown = plan_of("bedrock:somebody.new-model-v1:0")
    assert all(e.usd is None and "price is unknown" in e.note for e in unknown.estimates if e.stage.startswith("judging"))
    assert [e.stage for e in plan_of(None).estimates] == ["baseline", "candidates", "targets"]


def test_a_plan_says_what_it_cannot_conclude_and_flags_a_related_judge() -> None:
    assert any("likeness of wording decides" in note for note in plan_of(None).notes)
    own = plan_of("bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0", ("bedrock:us.anthropic.claude-sonnet-4-20250514-v1:0",))
    assert any("is of the family of" in note for note in own.notes)
    assert "exact_match" in own.offered


def test_a_plan_says_what_its_models_cannot_take_and_until_when() -> None:
    opus, nova = "bedrock:eu.anthropic.claude-opus-4-1-20250805-v1:0", "bedrock:amazon.nova-micro-v1:0"
    notes = plan_of(opus, (nova,)).notes
    assert any(note.startswith(f"{opus} has an end-of-life date: 2027-01-08") for note in notes)
    assert not any(note.startswith(nova) for note in notes)
    long = [replace(SAMPLES[0], variables={"q": "x" * 600_000}), *SAMPLES[1:]]
    prompt = PromptVersion(user="{q}", parameters=Parameters(json_schema="{}", temperature=None))
    migration = replace(MIGRATION, use_case=UseCase.RAG, targets=(nova,))
    about = planning.Subject(migration=migration, dataset=_dataset(), samples=long, test=long[4:], prompt=prompt)
    notes = planning.first(about).notes
    assert any("about 150,001 tokens (characters / 4)" in note and "is 128,000" in note for note in notes)
    assert any("has a JSON schema" in note and nova in note for note in notes)


def test_a_change_the_new_data_does_not_take_is_told_on_the_plan() -> None:
    plan = plan_of(None)
    about = planning.Subject(migration=MIGRATION, dataset=_dataset(), samples=SAMPLES, test=SAMPLES)
    after = planning.following(plan, about, PlanChange(add_metrics=("gone",)))
    assert after.criteria == plan.criteria
    assert after.notes[0].startswith("The change that was asked for cannot be made: There is no metric called gone")


def _dataset() -> DatasetVersion:
    return DatasetVersion(
        id="d1", migration_id="m1", number=1, hash="0" * 64, source_name="a.csv", dev=4, test=16, findings_json="[]"
    )
