"""Roles, costs and limits: what a plan may not do, what judging it takes, and what it says of itself."""

from dataclasses import dataclass

import pytest

from pipeline.decide.size import Pilot
from pipeline.errors import InputError
from pipeline.metrics.code.checks import make_check
from pipeline.metrics.guide import check_roles, cost, judged_on, limits, offered, total
from pipeline.records import Criteria, JudgeChoice, MetricChoice, PriorScores, Rubric, RubricKind, Sample, Split, Usage
from tests.pipeline.metrics.guide.bench import JUDGE, register

TONE = Rubric(name="Tone", kind=RubricKind.SCALE, text="Polite, from 1 to 10.")
SHORT = make_check("max_words", "50")
REFERENCED = [Sample(id=f"s{n}", variables={"q": "?"}, reference="yes") for n in range(10)]


def criteria(*metrics: str, reported: tuple[str, ...] = (), judge: JudgeChoice | None = JUDGE) -> Criteria:
    choices = [MetricChoice(metric=m, primary=True) for m in metrics] + [MetricChoice(metric=m) for m in reported]
    return Criteria(metrics=tuple(choices), judge=judge, rubrics=(TONE,), checks=(SHORT,))


def test_what_decides_is_judged_on_both_splits_and_the_rest_on_test_only(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "answer_correctness", "answer_recall")
    plan = criteria("answer_correctness", "refusal", reported=("answer_recall", "rubric:tone", SHORT.metric))
    assert judged_on(plan, Split.DEV) == ("answer_correctness",)
    assert judged_on(plan, Split.TEST) == ("answer_correctness", "answer_recall", "rubric:tone")
    assert judged_on(criteria("refusal", reported=("rubric:tone",), judge=None), Split.TEST) == ()


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (criteria(reported=("refusal",)), "No metric decides"),
        (criteria("rouge_l"), "cannot decide"),
        (criteria("ragas_answer_similarity"), "cannot decide"),
        (criteria("ragas_answer_similarity", judge=None), "needs a judge"),
        (criteria("rubric:tone", judge=None), "needs a judge"),
        (criteria("refusal", "no_such_metric"), "There is no metric called no_such_metric. Choose from: exact_match"),
        (criteria("refusal", "rubric:gone"), "There is no metric called rubric:gone"),
    ],
)
def test_what_could_give_no_verdict_is_refused_with_the_way_out(
    plan: Criteria, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, "ragas_answer_similarity")
    with pytest.raises(InputError, match=words):
        check_roles(plan)


def test_what_can_decide_may(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "ragas_answer_similarity", "ragas_answer_correctness")
    check_roles(
        criteria("rubric:tone", SHORT.metric, "ragas_answer_correctness", reported=("ragas_answer_similarity", "rouge_l"))
    )
    check_roles(criteria("rouge_l", judge=None))


@dataclass(frozen=True)
class Price:
    """Dollars for a million tokens."""

    input: float
    output: float

    def of(self, usage: Usage) -> float:
        return (usage.input_tokens * self.input + usage.output_tokens * self.output) / 1e6


def test_costs_are_calls_and_tokens_times_cells_and_money_where_the_price_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "answer_correctness")
    plan = criteria("answer_correctness", "refusal", "rubric:tone")

    def price(ref: str) -> Price:
        assert ref == JUDGE.model
        return Price(1.0, 5.0)

    def unknown(ref: str) -> Price:
        raise InputError(f"No price of {ref}.")

    judged = cost("answer_correctness", 200, plan, price)
    assert judged
    assert (judged.calls, judged.input_tokens, judged.output_tokens) == (400, 200_000, 20_000)
    assert judged.usd == pytest.approx(0.2 + 0.1)
    tone = cost("rubric:tone", 200, plan, unknown)
    assert tone
    assert (tone.calls, tone.usd) == (200, None)
    assert cost("refusal", 200, plan, price) is None
    both = total([judged, tone])
    assert (both.calls, both.usd) == (600, None)


def test_a_plan_says_what_it_cannot_conclude() -> None:
    bare = [Sample(id="s1", variables={})]
    said = " ".join(limits(criteria("refusal", judge=None), bare, (), REFERENCED))
    assert "no sample has a reference" in said
    assert "1 of your criteria need a judge" in said
    assert "about 385 samples in the test split" in said
    assert "but there are only 10" in said
    known = {"refusal": Pilot(sd=0.1, pairs=40, design_effect=1.0)}
    assert "by the spread of 40 pairs at hand" in " ".join(limits(criteria("refusal", judge=None), bare, (), REFERENCED, known))
    mixed = [*REFERENCED, *bare, Sample(id="s2", variables={}, prior=PriorScores(human=4.0))]
    said = " ".join(limits(criteria("rouge_l", judge=None), mixed, (), REFERENCED))
    assert "2 of 12 samples have no reference" in said
    assert "likeness of wording decides" in said
    assert "1 scores of people" in said
    haiku = ("bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0",)
    said = " ".join(limits(criteria("rubric:tone"), REFERENCED, haiku, REFERENCED))
    assert "not validated until" in said
    assert "is a target itself" in said


def test_what_the_data_would_allow_besides_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "answer_correctness", "deepeval_faithfulness", "deepeval_bias")
    assert set(offered(criteria("refusal"), REFERENCED)) >= {"answer_correctness", "deepeval_bias", "exact_match"}
    assert "deepeval_faithfulness" not in offered(criteria("refusal"), REFERENCED)
    free = offered(criteria("refusal"), [Sample(id="s1", variables={"context": "text"})])
    assert set(free) >= {"json_valid", "deepeval_faithfulness", "deepeval_bias"}
    assert not {"answer_correctness", "exact_match", "refusal"} & set(free)


def test_a_second_opinion_is_offered_whatever_the_data_and_said_on_the_plan() -> None:
    free = [Sample(id="s1", variables={"q": "?"})]
    assert "bedrock_correctness" in offered(criteria("refusal"), free)
    plan = criteria("refusal", reported=("bedrock_correctness", "bedrock_refusal"))
    check_roles(plan)
    said = [sentence for sentence in limits(plan, free, (), free) if "second opinion" in sentence]
    assert len(said) == 1
    assert "2 metrics" in said[0]
    assert not any("second opinion" in sentence for sentence in limits(criteria("refusal"), free, (), free))
