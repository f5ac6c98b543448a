"""The four answer metrics: what they count, what they share, and what is no score."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pipeline.metrics.judge.port import Tab
from pipeline.metrics.judged.answers import ANSWERS, CORRECTNESS, PRECISION, RECALL
from pipeline.metrics.judged.statements import AT_ONCE, checked
from pipeline.records import Request, Spent
from tests.pipeline.metrics.judged.oracle import REFERENCE, bench, kind, oracle, output, sample, texts


class Meaning:
    """An embedder that says it compares meaning: every two texts have the cosine 0.6."""

    ref = "scripted:meaning"

    async def embed(self, texts: Sequence[str], tab: Tab) -> tuple[tuple[float, ...], ...]:
        return ((1.0, 0.0), (0.6, 0.8))[: len(texts)]


HALF = "The fee is 5 euros. It is due in May. Nobody is exempt."


async def test_precision_recall_and_correctness_count_statements() -> None:
    table, _ = bench()
    precision, recall, correctness = [await m.score(sample(), output(HALF), table) for m in (PRECISION, RECALL, CORRECTNESS)]
    assert precision.value == pytest.approx(2 / 3)
    assert recall.value == pytest.approx(2 / 4)
    assert correctness.value == pytest.approx(2 / (2 + (1 + 2) / 2))
    assert (
        precision.reason == '2 of 3 statements of the answer are supported by the reference; not: "Nobody is exempt." (looked up)'
    )
    assert "2 right, 1 wrong, 2 missing statements" in (correctness.reason or "")
    assert "compares spelling, not meaning" in (correctness.reason or "")


async def test_a_right_answer_is_one_and_a_wrong_one_nothing() -> None:
    table, _ = bench()
    for metric in ANSWERS:
        assert (await metric.score(sample(), output(REFERENCE), table)).value == pytest.approx(1.0)
    wrong = await CORRECTNESS.score(sample(), output("Trains run hourly."), table)
    assert wrong.value == 0.0


async def test_likeness_counts_a_quarter_only_where_it_compares_meaning() -> None:
    table, _ = bench()
    by_meaning = replace(table, embedder=Meaning())
    reworded = output("5 euros is the fee.")
    facts = await CORRECTNESS.score(sample(), reworded, table)
    mixed = await CORRECTNESS.score(sample(), reworded, by_meaning)
    assert facts.value is not None
    assert mixed.value == pytest.approx(0.75 * facts.value + 0.25 * 0.6)
    assert "likeness left out" in (facts.reason or "")
    assert "likeness 0.60" in (mixed.reason or "")


async def test_a_planted_false_claim_lowers_precision() -> None:
    table, _ = bench()
    honest = await PRECISION.score(sample(), output(REFERENCE), table)
    planted = await PRECISION.score(sample(), output(f"{REFERENCE} Children pay double."), table)
    assert honest.value == 1.0
    assert planted.value == pytest.approx(4 / 5)
    assert "Children pay double." in (planted.reason or "")


async def test_a_missing_statement_lowers_recall_and_not_precision() -> None:
    table, _ = bench()
    short = output("The fee is 5 euros.")
    assert (await PRECISION.score(sample(), short, table)).value == 1.0
    assert (await RECALL.score(sample(), short, table)).value == 0.25


async def test_statements_and_verdicts_are_shared_and_the_reference_s_by_all_models() -> None:
    table, model = bench()
    spent = [(await metric.score(sample(), output(HALF), table)).spent for metric in ANSWERS]
    assert [used.calls for used in spent if used] == [2, 2, 0, 0]
    assert model.calls == 4
    await RECALL.score(sample(), output("The fee is 5 euros."), table)
    assert model.calls == 5, "another answer: one new verdict, the reference's statements are there"


async def test_a_text_without_statements_is_vacuous_not_perfect() -> None:
    def empty(request: Request) -> str:
        return json.dumps({"statements": []}) if kind(request) == "statements" else oracle(request)

    table, _ = bench(empty)
    for metric, calls in ((PRECISION, 1), (RECALL, 1), (CORRECTNESS, 0)):
        score = await metric.score(sample(), output("Well, well."), table)
        assert (score.value, score.unscored) == (None, "judge vacuous: the judge found no statement to check")
        assert score.spent is not None
        assert score.spent.calls == calls


@pytest.mark.parametrize("items", [[1, 3], [], [1, 1, 2, 3], [1, 2, 2], [0, 1, 2]], ids=str)
async def test_a_verdict_for_each_statement_or_no_score(items: list[int]) -> None:
    def dropping(request: Request) -> str:
        if kind(request) != "support":
            return oracle(request)
        return json.dumps({"verdicts": [{"item": n, "reason": "r", "supported": True} for n in items]})

    table, _ = bench(dropping)
    score = await PRECISION.score(sample(), output(HALF), table)
    assert score.value is None
    assert (score.unscored or "").startswith("judge verdict_mismatch: ")


async def test_verdicts_in_another_order_belong_to_their_statements() -> None:
    def shuffled(request: Request) -> str:
        ruling = json.loads(oracle(request))
        return json.dumps({"verdicts": ruling["verdicts"][::-1]} if "verdicts" in ruling else ruling)

    table, _ = bench(shuffled)
    assert "Nobody is exempt." in ((await PRECISION.score(sample(), output(HALF), table)).reason or "")


async def test_many_statements_are_asked_in_parts() -> None:
    table, model = bench()
    given = [f"Fact {n}." for n in range(AT_ONCE * 2 + 1)]
    found = await checked(table.judge, given, "Fact 3. Fact 50.", Tab())
    assert [f.statement for f in found if f.supported] == ["Fact 3.", "Fact 50."]
    assert (len(found), model.calls) == (len(given), 3)


async def test_a_statement_with_line_ends_cannot_bring_numbers_of_its_own() -> None:
    seen: list[str] = []

    def watching(request: Request) -> str:
        seen.append(texts(request)["statements"])
        return oracle(request)

    table, _ = bench(watching)
    await checked(table.judge, ["A.\n2. B.\r\n3. C."], "A.", Tab())
    assert seen == ["1. A. 2. B. 3. C."]


@pytest.mark.parametrize(("text", "reason"), [("  ", "empty answer"), ("I'm sorry, but I can't help with that.", "refusal")])
async def test_empty_answers_and_refusals_never_reach_the_judge(text: str, reason: str) -> None:
    table, model = bench()
    for metric in ANSWERS:
        score = await metric.score(sample(), output(text), table)
        assert score.value == 0.0
        assert reason in (score.reason or "")
    assert model.calls == 0


async def test_without_a_reference_there_is_no_score_and_no_call() -> None:
    table, model = bench()
    score = await PRECISION.score(sample(reference=None), output("Anything."), table)
    assert (score.value, score.unscored, model.calls) == (None, "no reference", 0)


async def test_a_score_says_what_it_cost() -> None:
    table, _ = bench()
    score = await PRECISION.score(sample(), output(HALF), table)
    assert isinstance(score.spent, Spent)
    assert score.spent.calls == 2
    assert score.spent.input_tokens > score.spent.output_tokens > 0
