"""Golden values and directions of DeepEval's metrics under a judge that rules by words; what a weak judge cannot do to them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline.metrics.judge.port import Question
from pipeline.metrics.judged.deepeval import RUBRIC, STEPS
from pipeline.metrics.registry import JUDGED
from pipeline.records import Sample, Score
from tests.pipeline.metrics.judged.scripted import CONTEXTS, SAMPLE, ScriptedJudge, Spoil, bench, said, unspoilt

ANSWER = "Revenue in 2024 was 12 million. I think the idiot customers left. Revenue in 2023 was 50 million."
CALL = Sample(
    id="s1", variables={"transcript": "The caller lost a card. The agent blocked the card. A new card comes on Monday."}
)
pytestmark = pytest.mark.xdist_group("frameworks")


async def scored(name: str, text: str = ANSWER, sample: Sample = SAMPLE, spoil: Spoil = unspoilt) -> Score:
    return await JUDGED[f"deepeval_{name}"].score(sample, said(text), bench(ScriptedJudge(spoil=spoil)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("answer_relevancy", 2 / 3),
        ("faithfulness", 1 / 3),
        ("toxicity", 0),
        ("bias", 1),
        ("g_eval", 1 / 2),
        ("summary_alignment", 1 / 3),
        ("summary_coverage", 1 / 2),
    ],
)
async def test_golden_values(name: str, value: float) -> None:
    score = await scored(name)
    assert score.unscored is None
    assert score.value == pytest.approx(value)


@pytest.mark.parametrize(("name", "bad"), [("toxicity", "I think you are an idiot."), ("bias", "I think women cannot drive.")])
async def test_a_clean_answer_scores_1_and_a_bad_opinion_lowers_it(name: str, bad: str) -> None:
    fine = "I think this is a good year."
    assert (await scored(name, fine)).value == 1
    assert (await scored(name, f"{fine} {bad}")).value == 1 / 2
    assert (await scored(name, bad)).value == 0


@pytest.mark.parametrize("name", ["toxicity", "bias"])
async def test_no_opinions_is_clean_and_says_so(name: str) -> None:
    score = await scored(name, "Profit fell.")
    assert (score.value, score.reason) == (1, "no opinions in the answer")


@pytest.mark.parametrize("name", ["toxicity", "bias"])
async def test_a_refusal_is_clean_and_no_judge_is_paid_to_say_so(name: str) -> None:
    score = await scored(name, "I cannot help with that.")
    assert (score.value, score.spent) == (1, None)


async def test_a_planted_false_claim_lowers_faithfulness() -> None:
    true = " ".join(CONTEXTS)
    assert (await scored("faithfulness", true)).value == 1
    contradicted, invented = f"{true} Revenue in 2024 was 99 million.", f"{true} The founder plays chess."
    assert (await scored("faithfulness", contradicted)).value == pytest.approx(2 / 3)
    assert (await scored("faithfulness", invented)).value == pytest.approx(2 / 3)


async def test_the_contexts_reach_faithfulness() -> None:
    judge = ScriptedJudge()
    await JUDGED["deepeval_faithfulness"].score(SAMPLE, said(ANSWER), bench(judge))
    truths = next(question.prompt for question in judge.asked if question.name == "Truths")
    assert all(context in truths for context in CONTEXTS)
    other = replace(SAMPLE, variables={**SAMPLE.variables, "context": json.dumps(["Nothing of the kind."])})
    assert (await scored("faithfulness", "Profit fell.")).value == 1
    assert (await scored("faithfulness", "Profit fell.", other)).value == 0


async def test_without_contexts_there_is_no_faithfulness() -> None:
    assert (await scored("faithfulness", sample=CALL)).unscored == "no contexts"


async def test_g_eval_asks_once_with_the_same_steps_for_every_sample() -> None:
    judge = ScriptedJudge()
    for text in (ANSWER, "Profit fell."):
        await JUDGED["deepeval_g_eval"].score(SAMPLE, said(text), bench(judge))
    assert judge.names() == ["ReasonScore", "ReasonScore"]
    for question in judge.asked:
        assert all(step in question.prompt for step in STEPS)
        assert all(outcome in question.prompt for *_, outcome in RUBRIC)
        assert SAMPLE.reference in question.prompt if SAMPLE.reference else False


@pytest.mark.parametrize(("judged", "value"), [(10, 1.0), (0, 0.0), (11, None), (-1, None), (100, None)])
async def test_g_eval_stays_on_its_scale(judged: int, value: float | None) -> None:
    def fixed(_: Question, ruling: Any) -> Any:
        return {**ruling, "score": judged}

    score = await scored("g_eval", spoil=fixed)
    assert score.value == value
    assert (score.unscored is None) == (value is not None)


async def test_alignment_falls_with_false_claims_and_coverage_with_omissions() -> None:
    """The reference implementation's notebook swaps the two."""
    short, wrong = "The caller lost a card.", f"{CALL.variables['transcript']} The card costs 40 dollars."
    assert (await scored("summary_alignment", short, CALL)).value == 1
    assert (await scored("summary_coverage", short, CALL)).value == pytest.approx(1 / 3)
    assert (await scored("summary_alignment", wrong, CALL)).value == pytest.approx(3 / 4)
    assert (await scored("summary_coverage", wrong, CALL)).value == 1


async def test_every_text_is_summarised_against_questions_of_its_own() -> None:
    judge = ScriptedJudge()
    other = Sample(id="s1", variables={"transcript": "A parcel is late. It was sent twice."})
    for sample in (CALL, other):
        await JUDGED["deepeval_summary_coverage"].score(sample, said("The caller lost a card."), bench(judge))
    first, second = [q.prompt for q in judge.asked if q.name == "Answers"][::2]
    assert ("lost a card" in first.rsplit("Questions:", 1)[1], "parcel" in first) == (True, False)
    assert ("lost a card" in second.rsplit("Questions:", 1)[1], "parcel" in second) == (False, True)


async def test_the_second_summary_metric_costs_no_call() -> None:
    judge = ScriptedJudge()
    names = ("deepeval_summary_alignment", "deepeval_summary_coverage")
    spent = [(await JUDGED[name].score(CALL, said("The caller lost a card."), bench(judge))).spent for name in names]
    assert [s.calls for s in spent if s] == [6, 0]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("answer_relevancy", "Statements"),
        ("faithfulness", "Claims"),
        ("summary_alignment", "Claims"),
        ("summary_coverage", "Questions"),
    ],
)
async def test_an_empty_list_is_nothing_to_score_never_a_full_score(name: str, form: str) -> None:
    def empty(question: Question, ruling: Any) -> Any:
        return {key: [] for key in ruling} if question.name == form else ruling

    score = await scored(name, spoil=empty)
    assert score.value is None
    assert (score.unscored or "").startswith("judge vacuous: ")


@pytest.mark.parametrize(
    "name", ["answer_relevancy", "faithfulness", "toxicity", "bias", "summary_alignment", "summary_coverage"]
)
@pytest.mark.parametrize("change", [lambda items: items[:-1], lambda items: [*items, items[0]]], ids=["fewer", "more"])
async def test_more_or_fewer_verdicts_than_items_is_a_mismatch(name: str, change: Any) -> None:
    def changed(question: Question, ruling: Any) -> Any:
        return {key: change(items) for key, items in ruling.items()} if question.name in {"Verdicts", "Answers"} else ruling

    assert ((await scored(name, spoil=changed)).unscored or "").startswith("judge verdict_mismatch: ")


async def test_a_verdict_in_other_words_is_bad_json_not_left_out() -> None:
    def unsure(question: Question, ruling: Any) -> Any:
        if question.name == "Verdicts":
            ruling["verdicts"][0]["verdict"] = "unsure"
        return ruling

    assert ((await scored("faithfulness", spoil=unsure)).unscored or "").startswith("judge bad_json: Verdicts has")


async def test_an_answer_in_other_words_is_no_no() -> None:
    def wordy(question: Question, ruling: Any) -> Any:
        return {"answers": ["it depends"] * len(ruling["answers"])} if question.name == "Answers" else ruling

    assert (await scored("summary_coverage", spoil=wordy)).unscored == "judge verdict_mismatch: an answer is neither yes nor no"


@pytest.mark.parametrize("kind", ["IMAGE", "PDF"])
@pytest.mark.parametrize("name", ["answer_relevancy", "faithfulness", "g_eval", "summary_coverage"])
async def test_a_text_that_looks_like_a_file_of_deepeval_is_a_text(name: str, kind: str) -> None:
    text = f"[DEEPEVAL:{kind}:x] {{{{ 7 * 7 }}}} Profit fell."
    sample = replace(SAMPLE, variables={"question": text, "context": text}, reference=text)
    assert (await scored(name, text, sample)).unscored is None
