"""Which pairs SMEs get, and which target goes live."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.handover import signed_arm
from agent.review import Judged, assignments
from pipeline.decide.latency import latency
from pipeline.records import Criteria, MetricChoice, Output, PromptVersion, RunKey, RunResult, Score, Split, UseCase, Verdict
from pipeline.report.records import ArmReport, Evidence, Provenance, Report

CRITERIA = Criteria(metrics=(MetricChoice(metric="exact_match", primary=True), MetricChoice(metric="chrf")))


def judged(run: str, texts: Mapping[str, str | None], scores: Mapping[str, float]) -> Judged:
    result = RunResult(
        key=RunKey(model=run, prompt_hash="h", split=Split.TEST),
        label=run,
        outputs=tuple(Output(sample_id=sample_id, text=text) for sample_id, text in texts.items()),
        scores=tuple(Score(sample_id=sample_id, metric="exact_match", value=value) for sample_id, value in scores.items()),
    )
    return Judged(id=run, result=result)


SOURCE = judged("source", {"a": "1", "b": "2", "c": "3", "d": "4", "e": "5"}, {"a": 1, "b": 0, "c": 1, "d": 1, "e": 0})
WINNER = judged("winner", {"a": "x", "b": "2!", "c": "3", "d": None, "e": "6"}, {"a": 0, "b": 1, "c": 1, "d": 0, "e": 0})


def test_regressions_come_first_then_gains_then_other_differences() -> None:
    given_out = assignments("m", 1, ("U1",), 9, CRITERIA, SOURCE, [WINNER])
    assert [each.sample_id for each in given_out] == ["a", "b", "e"]
    assert {frozenset((each.run_a, each.run_b)) for each in given_out} == {frozenset(("source", "winner"))}


def test_every_sme_gets_the_same_pairs_in_an_order_of_their_own() -> None:
    found = assignments("m", 1, tuple(f"U{n}" for n in range(40)), 2, CRITERIA, SOURCE, [WINNER])
    assert {each.sample_id for each in found} == {"a", "b"}
    assert len({each.id for each in found}) == len(found) == 80
    first = sum(each.run_a == "source" for each in found)
    assert 20 < first < 60
    assert found == assignments("m", 1, tuple(f"U{n}" for n in range(40)), 2, CRITERIA, SOURCE, [WINNER])
    assert {each.id for each in found}.isdisjoint(
        {each.id for each in assignments("m", 2, ("U1",), 2, CRITERIA, SOURCE, [WINNER])}
    )


def test_targets_take_turns() -> None:
    other = judged("other", {"c": "9", "e": "8"}, {"c": 0, "e": 0})
    found = assignments("m", 1, ("U1",), 4, CRITERIA, SOURCE, [WINNER, other])
    runs = [{each.run_a, each.run_b} - {"source"} for each in found]
    assert runs == [{"winner"}, {"other"}, {"winner"}, {"other"}]


@given(
    texts=st.dictionaries(st.sampled_from("abcdefgh"), st.one_of(st.none(), st.sampled_from(["1", "2"])), max_size=8),
    pairs=st.integers(0, 5),
)
def test_only_answers_that_differ_are_judged(texts: dict[str, str | None], pairs: int) -> None:
    source = judged("source", dict.fromkeys("abcdefgh", "1"), {})
    found = assignments("m", 1, ("U1",), pairs, CRITERIA, source, [judged("winner", texts, {})])
    assert len(found) == min(pairs, sum(text == "2" for text in texts.values()))
    assert all(texts[each.sample_id] == "2" for each in found)


def arm(model: str, bar: str, verdict: Verdict | None) -> ArmReport:
    return ArmReport(
        label=f"{model} · {bar}", model=model, bar=bar, method="as is", prompt_hash="h", answered=1, samples=1, figures=(),
        comparisons=(), verdict=verdict, timing=latency(()),
    )  # fmt: skip


EMPTY = Report(
    title="t", use_case=UseCase.CHAT, headline="h", criteria=CRITERIA, source=arm("source", "source", None), arms=(),
    prompts={"source": PromptVersion(user="{x}")}, regressions=(), same_inputs=True,
    evidence=Evidence(samples=(), clusters=(), metrics=(), runs=()),
    provenance=Provenance(dataset_name="d", dataset_hash="h", dev=1, test=1, criteria_hash="c", plan="Plan 1"),
)  # fmt: skip


def test_the_winner_with_the_best_verdict_goes_live() -> None:
    arms = (
        arm("one", "as is", Verdict.BETTER),
        arm("one", "winner", Verdict.CANNOT_TELL),
        arm("two", "format-fixed, winner", Verdict.NOT_WORSE),
        arm("three", "winner", Verdict.WORSE),
    )
    assert signed_arm(replace(EMPTY, arms=arms)) is arms[2]
    assert signed_arm(EMPTY) is None
