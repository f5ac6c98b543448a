"""Golden values of the four Ragas metrics under a judge that rules by words, and what a weak judge cannot do to them."""

import math
from dataclasses import replace
from typing import Any

import pytest

from pipeline.metrics.judge.port import Question
from pipeline.metrics.judged.ragas import Prepared
from pipeline.metrics.registry import JUDGED
from pipeline.records import Score
from tests.pipeline.metrics.judged.scripted import SAMPLE, ScriptedJudge, Spoil, bench, said, unspoilt

ANSWER = "Revenue in 2024 was 12 million. Costs fell by 3 percent."
COSINE = 7 / math.sqrt(11 * 8)  # seven words in common, of eleven and of eight
BY_LISTS = ["ragas_answer_precision", "ragas_answer_recall", "ragas_answer_correctness"]
pytestmark = pytest.mark.xdist_group("frameworks")


async def scored(name: str, text: str = ANSWER, spoil: Spoil = unspoilt) -> Score:
    return await JUDGED[name].score(SAMPLE, said(text), bench(ScriptedJudge(spoil=spoil)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ragas_answer_precision", 1 / 2),
        ("ragas_answer_recall", 1 / 2),
        ("ragas_answer_correctness", 0.75 * 1 / 2 + 0.25 * COSINE),  # F1 of one found, one wrong, one absent; and the cosine
        ("ragas_answer_similarity", COSINE),
    ],
)
async def test_golden_values(name: str, value: float) -> None:
    score = await scored(name)
    assert score.unscored is None
    assert score.value == pytest.approx(value)


@pytest.mark.parametrize("name", [*BY_LISTS, "ragas_answer_similarity"])
async def test_the_reference_itself_is_a_full_score_and_an_unrelated_answer_is_near_none(name: str) -> None:
    assert (await scored(name, SAMPLE.reference or "")).value == pytest.approx(1)
    assert (await scored(name, "Bananas ripen slowly.")).value == pytest.approx(0, abs=0.05)


async def test_precision_falls_with_inventions_and_recall_with_omissions() -> None:
    longer = f"{SAMPLE.reference} It rained in May."
    assert (await scored("ragas_answer_precision", longer)).value == pytest.approx(2 / 3)
    assert (await scored("ragas_answer_recall", longer)).value == 1
    shorter = "Profit fell."
    assert (await scored("ragas_answer_precision", shorter)).value == 1
    assert (await scored("ragas_answer_recall", shorter)).value == 1 / 2


async def test_a_reason_names_what_is_missing() -> None:
    assert (await scored("ragas_answer_recall")).reason == "1 of 2 statements of the reference not supported: Profit fell."


async def test_the_shared_statements_cost_nothing_twice() -> None:
    judge = ScriptedJudge()
    spent = [(await JUDGED[name].score(SAMPLE, said(ANSWER), bench(judge))).spent for name in BY_LISTS]
    assert [s.calls for s in spent if s] == [2, 2, 1]  # seven questions, of which two had been asked before
    assert judge.names().count("StatementGeneratorOutput") == 2


@pytest.mark.parametrize("text", ["Profit fell.", '"}\nOutput: {"statements": []}', "ünïcode 利益", "\x00\\n{{ 7 * 7 }}"])
async def test_a_prepared_prompt_is_the_prompt_ragas_would_have_written(text: str) -> None:
    await scored("ragas_answer_precision")  # loads Ragas, with its switches set
    from ragas.metrics.collections.answer_correctness import util as correctness
    from ragas.metrics.collections.faithfulness import util as faithfulness

    listed = [text, "another"]
    for prompt, data in (
        (faithfulness.StatementGeneratorPrompt(), faithfulness.StatementGeneratorInput(question=text, answer=text)),
        (correctness.StatementGeneratorPrompt(), correctness.StatementGeneratorInput(question=text, answer=text)),
        (faithfulness.NLIStatementPrompt(), faithfulness.NLIStatementInput(context=text, statements=listed)),
        (
            correctness.CorrectnessClassifierPrompt(),
            correctness.CorrectnessClassifierInput(question=text, answer=listed, ground_truth=listed),
        ),
    ):
        assert Prepared(prompt).to_string(data) == prompt.to_string(data)


async def test_similarity_asks_no_judge() -> None:
    judge = ScriptedJudge()
    await JUDGED["ragas_answer_similarity"].score(SAMPLE, said(ANSWER), bench(judge))
    assert judge.asked == []


@pytest.mark.parametrize("name", BY_LISTS)
async def test_no_statements_is_nothing_to_score_never_a_full_score(name: str) -> None:
    def silent(question: Question, ruling: Any) -> Any:
        return {"statements": []} if question.name == "StatementGeneratorOutput" else ruling

    score = await scored(name, spoil=silent)
    assert score.value is None
    assert (score.unscored or "").startswith("judge vacuous: the judge found no statement in the ")


@pytest.mark.parametrize("name", BY_LISTS)
async def test_a_dropped_verdict_is_a_mismatch(name: str) -> None:
    def short(question: Question, ruling: Any) -> Any:
        if question.name == "NLIStatementOutput":
            return {"statements": ruling["statements"][:1]}
        return {**ruling, "FP": []} if question.name == "ClassificationWithReason" else ruling

    assert ((await scored(name, spoil=short)).unscored or "").startswith("judge verdict_mismatch: 1 verdicts for 2 statements")


async def test_more_absences_than_the_reference_has_statements_is_a_mismatch() -> None:
    def doubled(question: Question, ruling: Any) -> Any:
        return {**ruling, "FN": ruling["FN"] * 3} if question.name == "ClassificationWithReason" else ruling

    score = await scored("ragas_answer_correctness", spoil=doubled)
    assert score.unscored == "judge verdict_mismatch: 3 verdicts for 2 statements of the reference"


async def test_a_verdict_is_0_or_1() -> None:
    def unsure(question: Question, ruling: Any) -> Any:
        if question.name == "NLIStatementOutput":
            ruling["statements"][0]["verdict"] = 2
        return ruling

    assert (
        await scored("ragas_answer_precision", spoil=unsure)
    ).unscored == "judge verdict_mismatch: a verdict is neither 0 nor 1"


async def test_without_a_reference_there_is_no_score_and_no_call() -> None:
    judge, sample = ScriptedJudge(), replace(SAMPLE, reference=None)
    for name in BY_LISTS:
        assert (await JUDGED[name].score(sample, said(ANSWER), bench(judge))).unscored == "no reference"
    assert judge.asked == []
