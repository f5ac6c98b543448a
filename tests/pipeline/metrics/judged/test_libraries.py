"""What holds for every metric of a library: errors come out as they were, deadlines hold, estimates are near what it takes."""

import asyncio
import json
import math
from typing import Any

import pytest

from pipeline.metrics.judge.port import KINDS, JudgeError, Question
from pipeline.metrics.judged import deepeval, ragas
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.registry import JUDGED
from pipeline.records import Failure, Output, Request, Sample
from tests.pipeline.metrics.judged import oracle
from tests.pipeline.metrics.judged.scripted import SAMPLE, ScriptedJudge, bench, ruled, said

LIBRARY_METRICS = (*ragas.METRICS, *deepeval.METRICS)
ANSWER = "Revenue in 2024 was 12 million. I think this is a good year."
EVERY = pytest.mark.parametrize("metric", LIBRARY_METRICS, ids=lambda metric: metric.name)
ASKING = pytest.mark.parametrize("metric", [m for m in LIBRARY_METRICS if m.calls], ids=lambda metric: metric.name)
pytestmark = pytest.mark.xdist_group("frameworks")


def test_they_are_in_the_registry_under_their_names() -> None:
    assert {metric.name: metric for metric in LIBRARY_METRICS}.items() <= JUDGED.items()
    assert {m.name for m in LIBRARY_METRICS if not m.needs_reference} == {
        f"deepeval_{name}"
        for name in ("answer_relevancy", "faithfulness", "toxicity", "bias", "summary_alignment", "summary_coverage")
    }


@ASKING
async def test_what_the_judge_raises_comes_out_unchanged_at_whichever_call(metric: JudgedMetric) -> None:
    whole = ScriptedJudge()
    await metric.score(SAMPLE, said(ANSWER), bench(whole))
    for place, kind in zip(range(len(whole.asked)), KINDS, strict=False):
        calls = iter(range(len(whole.asked)))

        def fails(_: Question, ruling: Any, place: int = place, kind: str = kind, calls: Any = calls) -> Any:
            if next(calls) == place:
                raise JudgeError(kind, "input is too long for the maximum context length")  # words DeepEval looks for
            return ruling

        score = await metric.score(SAMPLE, said(ANSWER), bench(ScriptedJudge(spoil=fails, remembers=False)))
        assert score.value is None
        assert score.unscored == f"judge {kind}: input is too long for the maximum context length"


@ASKING
@pytest.mark.parametrize("bug", [TypeError, AttributeError, KeyError, ValueError, RuntimeError])
async def test_a_bug_behind_the_judge_is_a_failed_cell_and_not_asked_again(metric: JudgedMetric, bug: type[Exception]) -> None:
    def broken(_: Question, ruling: Any) -> Any:
        raise bug("words of a sample")

    judge = ScriptedJudge(spoil=broken)
    score = await metric.score(SAMPLE, said(ANSWER), bench(judge))
    assert (score.unscored or "").startswith("judge failed: ")
    assert "words of a sample" not in (score.unscored or "")
    assert len(judge.asked) <= 2  # two only where a library asks two things at once


@ASKING
async def test_a_judge_that_gives_empty_rulings_never_makes_a_full_score(metric: JudgedMetric) -> None:
    def empty(_: Question, ruling: Any) -> Any:
        return {key: [] if isinstance(value, list) else value for key, value in ruling.items()}

    score = await metric.score(SAMPLE, said(ANSWER), bench(ScriptedJudge(spoil=empty)))
    if metric.name in {"deepeval_toxicity", "deepeval_bias"}:
        assert score.reason == "no opinions in the answer"
    elif metric.name != "deepeval_g_eval":
        assert (score.unscored or "").startswith("judge vacuous: ")


@ASKING
async def test_a_slow_judge_is_a_timeout(metric: JudgedMetric) -> None:
    score = await metric.score(SAMPLE, said(ANSWER), bench(ScriptedJudge(delay_s=5), deadline_s=0.02))
    assert score.unscored == "judge timeout: no score within 0.02 s"


@EVERY
async def test_the_forms_of_the_libraries_go_through_the_judge_core(metric: JudgedMetric) -> None:
    """Their JSON schemas, written by pydantic, are sent, checked and cached as ours are."""

    def answers(request: Request) -> str:
        form = json.loads(request.parameters.json_schema or "{}")["title"]
        return json.dumps(ruled(Question(name=form, prompt=request.turns[0].text, schema="")))

    table, model = oracle.bench(answers)
    for calls in (model.calls, metric.calls):
        score = await metric.score(SAMPLE, said(ANSWER), table)
        assert (score.unscored, model.calls) == (None, metric.calls)
        assert score.spent is not None
        assert score.spent.calls == metric.calls - calls


@EVERY
async def test_a_failed_call_is_unscored_and_an_empty_answer_needs_no_judge(metric: JudgedMetric) -> None:
    judge = ScriptedJudge()
    failed = Output(sample_id="s1", text=None, failure=Failure(kind="throttled", message="Later."))
    assert (await metric.score(SAMPLE, failed, bench(judge))).unscored == "call failed (throttled): Later."
    assert (await metric.score(SAMPLE, said("  "), bench(judge))).value == metric.refusal_is
    assert judge.asked == []


@EVERY
async def test_cells_at_once_do_not_mix(metric: JudgedMetric) -> None:
    texts = ["Profit fell.", ANSWER, "I think the idiot was right in 2024.", "Revenue in 2024 was 12 million. Bananas are 7."]
    alone = [await metric.score(SAMPLE, said(text), bench()) for text in texts]
    shared = bench(ScriptedJudge(delay_s=0.001))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(metric.score(SAMPLE, said(text), shared)) for text in texts * 4]
    assert [task.result().value for task in tasks] == [score.value for score in alone] * 4


@EVERY
async def test_estimates_are_near_what_texts_of_ordinary_length_take(metric: JudgedMetric) -> None:
    """About 100 tokens of answer and of reference, 500 of contexts; four characters are taken for a token."""
    answer, reference = _facts(5, "a"), _facts(5, "b")
    contexts = json.dumps([_facts(8, "a"), _facts(8, "d"), _facts(8, "e")])
    sample = Sample(
        id="s1", variables={"question": "What were the values of the items, by year?", "context": contexts}, reference=reference
    )
    spent = (await metric.score(sample, said(f"{answer} I think this is fine."), bench())).spent
    assert spent is not None
    assert spent.calls == metric.calls
    for measured, estimate in ((spent.input_tokens, metric.input_tokens), (spent.output_tokens, metric.output_tokens)):
        assert math.isclose(measured, estimate, rel_tol=0.4, abs_tol=120)


def _facts(number: int, name: str) -> str:
    return " ".join(
        f"Fact {name}{i} says that the value of item {i} was {i * 7} million dollars in {2000 + i}." for i in range(number)
    )
