"""A person's rubric as a metric: the scale, the questions, and what a plan's criteria make of them."""

import json
from typing import Any

import pytest

from pipeline.errors import InputError
from pipeline.metrics import catalog
from pipeline.metrics.judged.rubric import rubric_metric
from pipeline.records import Criteria, Request, Rubric, RubricKind
from tests.pipeline.metrics.judged.oracle import REFERENCE, bench, oracle, output, sample, texts

TONE = Rubric(name="Right & polite", kind=RubricKind.SCALE, text="A good answer is right. {score: 10}")
FACTS = Rubric(
    name="facts", kind=RubricKind.YES_NO, text="What it must say", questions=('Does it say "5 euros"?', 'Does it say "May"?')
)


def rating(score: Any) -> Any:
    return lambda _request: json.dumps({"reasoning": "well", "score": score})


@pytest.mark.parametrize(("score", "value"), [(1, 0.0), (10, 1.0), (4, 1 / 3)])
async def test_a_scale_is_mapped_to_zero_to_one_with_its_reasoning(score: int, value: float) -> None:
    table, _ = bench(rating(score))
    found = await rubric_metric(TONE).score(sample(), output("Five."), table)
    assert found.metric == "rubric:right-polite"
    assert found.value == pytest.approx(value)
    assert found.reason == f"{score} of 10: well"


@pytest.mark.parametrize("score", [0, 11, 7.5, "8", None])
async def test_a_score_off_the_scale_is_no_score(score: Any) -> None:
    table, _ = bench(rating(score))
    found = await rubric_metric(TONE).score(sample(), output("Five."), table)
    assert found.value is None
    assert (found.unscored or "").startswith("judge bad_json:")


async def test_the_judge_sees_rubric_task_reference_contexts_and_answer() -> None:
    seen: list[Request] = []

    def watching(request: Request) -> str:
        seen.append(request)
        return oracle(request)

    table, _ = bench(watching)
    await rubric_metric(TONE).score(sample(question="Cost?", context="Price list."), output("5 euros."), table)
    assert texts(seen[0]) == {"task": "Cost?", "evidence": "Price list.", "reference": REFERENCE, "answer": "5 euros."}
    assert "Rubric:\nA good answer is right. {score: 10}" in seen[0].turns[0].text
    assert "in English" in seen[0].system


async def test_questions_are_one_ruling_and_the_failed_ones_are_named() -> None:
    table, model = bench()
    metric = rubric_metric(FACTS)
    half = await metric.score(sample(), output("It costs 5 euros."), table)
    assert (half.value, half.reason) == (0.5, '1 of 2 yes; no: "Does it say "May"?" (read)')
    assert half.parts == (1.0, 0.0)
    full = await metric.score(sample(), output("5 euros in May."), table)
    assert (full.value, full.reason, model.calls) == (1.0, "2 of 2 yes", 2)


async def test_a_panel_answers_each_question_by_majority() -> None:
    def says(*verdicts: str) -> Any:
        ruling = {"verdicts": [{"item": n, "reason": "r", "verdict": v} for n, v in enumerate(verdicts, 1)]}
        return lambda _request: json.dumps(ruling)

    table, _ = bench(says("yes", "no"), panel=(says("no", "yes"), says("no", "yes")))
    found = await rubric_metric(FACTS).score(sample(), output("Well."), table)
    assert (found.value, found.parts) == (0.5, (0.0, 1.0))
    assert "3 judges" in (found.reason or "")


async def test_whole_numbers_may_be_written_with_a_point() -> None:
    one = {"item": 1.0, "reason": "r", "verdict": "no"}
    table, _ = bench(lambda _request: json.dumps({"verdicts": [{**one, "item": 2.0}, one]}))
    found = await rubric_metric(FACTS).score(sample(), output("Well."), table)
    assert (found.value, (found.reason or "").count("Does it say")) == (0.0, 2)


async def test_a_question_without_a_verdict_is_no_score() -> None:
    one = json.dumps({"verdicts": [{"item": 1, "reason": "r", "verdict": "yes"}]})
    table, _ = bench(lambda _request: one)
    found = await rubric_metric(FACTS).score(sample(), output("5 euros in May."), table)
    assert (found.unscored or "").startswith("judge verdict_mismatch: ")


async def test_another_wording_is_another_question() -> None:
    table, model = bench()
    for text in ("Be polite.", "Be very polite."):
        await rubric_metric(Rubric(name="tone", kind=RubricKind.SCALE, text=text)).score(sample(), output("Five."), table)
    assert model.calls == 2


def test_criteria_bring_their_rubrics_into_the_catalog() -> None:
    known = catalog(Criteria(metrics=(), rubrics=(TONE, FACTS)))
    assert (known["rubric:facts"].binary, known["rubric:facts"].needs_reference) == (False, False)
    assert "rubric:right-polite" in known
    assert not any(name.startswith("rubric:") for name in catalog())
    assert rubric_metric(Rubric(name="safe", kind=RubricKind.YES_NO, text="Is it safe?")).binary
    with pytest.raises(InputError, match="Two rubrics"):
        catalog(Criteria(metrics=(), rubrics=(FACTS, FACTS)))
