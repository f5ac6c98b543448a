"""Judges against people: the gate, its reasons, and what is left out and said."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pipeline.decide.agreement import (
    Opinion,
    Said,
    agree_among_people,
    agree_on_pairs,
    agree_on_source,
    spearman,
)
from pipeline.records import Output, PriorScores, RecordedOutput, RunResult, Sample, Score
from tests.pipeline.decide.runs import run, samples

B, S, W = Opinion.BETTER, Opinion.SAME, Opinion.WORSE
VALUE = {B: 1.0, S: 0.5, W: 0.0}


def said(*votes: Opinion | tuple[Opinion, ...]) -> list[Said]:
    """One pair for each item; several opinions are of several people."""
    each = [vote if isinstance(vote, tuple) else (vote,) for vote in votes]
    return [Said(sample_id=f"s{i:04}", by=f"U{k}", opinion=o) for i, pair in enumerate(each) for k, o in enumerate(pair)]


def judged(*values: Opinion, reason: str | None = None) -> list[Score]:
    return [Score(sample_id=f"s{i:04}", metric="judge_preference", value=VALUE[v], reason=reason) for i, v in enumerate(values)]


def test_a_judge_that_mostly_agrees_is_validated_with_its_interval() -> None:
    people = [B, S, W] * 40
    ours = [*people[:102], *[B] * 18]
    found = agree_on_pairs("judge_preference", judged(*ours), said(*people))
    assert (found.n, found.validated, found.kappa) == (120, True, 0.85)
    assert found.interval is not None
    assert found.interval.low > 0.6
    assert found.rate == pytest.approx(86 / 120, abs=1e-6)  # better or same
    assert found.corrected == pytest.approx(80 / 120, abs=1e-6)
    assert (found.sensitivity, found.specificity) == (1.0, 0.85)


def test_a_judge_below_the_gate_is_not_validated() -> None:
    people = [B, S, W] * 40
    ours = [*people[:60], *people[61:], people[60]]  # the second half is off by one
    found = agree_on_pairs("judge_preference", judged(*ours), said(*people))
    assert found.kappa is not None
    assert found.kappa < 0.6
    assert not found.validated
    assert "below 0.6, so not validated" in found.reason


def test_too_few_labels_validate_nothing_and_say_how_many_would() -> None:
    people = [B, S, W] * 5
    found = agree_on_pairs("judge_preference", judged(*people), said(*people))
    assert (found.kappa, found.validated) == (1.0, False)
    assert "15 labels are too few to validate anything: at least 30 are needed, 100 to 200 are usual" in found.reason


def test_an_interval_across_the_gate_says_how_many_labels_would_tell() -> None:
    people = [B, W] * 20
    ours = [*people[:34], *[W if p is B else B for p in people[34:]]]
    found = agree_on_pairs("judge_preference", judged(*ours), said(*people))
    assert (found.kappa, found.validated) == (0.7, True)
    assert "holds the gate of 0.6; about 196 labels would tell" in found.reason


def test_unknown_kappa_is_not_validated() -> None:
    found = agree_on_pairs("judge_preference", judged(*[B] * 40), said(*[B] * 40))
    assert (found.kappa, found.interval, found.validated) == (None, None, False)
    assert "label items of the other kind" in found.reason
    assert "people never said no" in found.reason
    none = agree_on_pairs("judge_preference", [], said(B))
    assert (none.n, none.kappa, none.rate, none.validated) == (0, None, None, False)
    assert "1 pairs that SMEs judged have no score of the judge" in none.reason


def test_several_smes_count_by_majority_and_a_tie_as_same() -> None:
    people = said((B, B, W), (B, W), (W, W, W), (S, B))
    found = agree_on_pairs("judge_preference", judged(B, S, W, S), people)
    assert found.kappa == 1.0
    assert "2 pairs on which SMEs had no majority count as same" in found.reason


def test_a_changed_mind_counts_once() -> None:
    again = [*said(B), Said(sample_id="s0000", by="U0", opinion=W)]
    assert agree_on_pairs("judge_preference", judged(W), again).n == 1
    assert agree_on_pairs("judge_preference", judged(W), again).kappa is None
    assert agree_among_people(again).n == 0


def test_smes_among_themselves() -> None:
    found = agree_among_people(said(*[(B, B), (S, S), (W, W)] * 12, B))
    assert (found.n, found.kappa, found.validated) == (36, 1.0, True)
    apart = agree_among_people(said(*[(B, W), (W, B), (S, S)] * 12))
    assert apart.kappa is not None
    assert apart.kappa < 0.6
    assert not apart.validated
    assert agree_among_people(said(B, W)).reason == "No pair was judged by two SMEs: give some pairs to several."


def source(of: tuple[Sample, ...], values: Sequence[float | None]) -> RunResult:
    found = run(of, values, metric="answer_correctness", label="source")
    return replace(found, outputs=tuple(Output(sample_id=o.sample_id, text=f"answer {o.sample_id}") for o in found.outputs))


def rated(n: int, human: list[float]) -> tuple[Sample, ...]:
    return tuple(
        replace(s, recorded=RecordedOutput(text=f"answer {s.id}"), prior=PriorScores(human=h))
        for s, h in zip(samples(n), human, strict=True)
    )


@pytest.mark.parametrize(
    ("good", "bad", "name"), [(1, 0, "thumbs, 0 or 1"), (4, 2, "1 to 5"), (8, 3, "1 to 10"), (90, 20, "0 to 100")]
)
def test_human_scores_on_any_scale_are_binarised_at_a_stated_threshold(good: float, bad: float, name: str) -> None:
    of = rated(60, [good, bad] * 30)
    values = [0.9, 0.3] * 27 + [0.9, 0.9] * 3
    found = agree_on_source("answer_correctness", of, source(of, values))
    assert (found.n, found.kappa, found.validated) == (60, 0.9, True)
    assert (found.sensitivity, found.specificity, found.rate) == (1.0, 0.9, 0.55)
    assert found.corrected == pytest.approx(0.5)
    assert found.correlation == pytest.approx(0.904534)
    assert f"eople's scale {name}, pass from" in found.reason


def test_answers_that_people_did_not_see_are_left_out() -> None:
    of = rated(60, [5, 1] * 30)
    before = source(of, [1.0, 0.0] * 30)
    outputs = (replace(before.outputs[0], text="another answer"), *before.outputs[1:])
    found = agree_on_source("answer_correctness", of, replace(before, outputs=outputs))
    assert found.n == 59
    assert "1 scored answers have no answer_correctness score or are not the answer this run gave" in found.reason


def test_without_human_scores_or_on_an_unknown_scale_nothing_is_validated() -> None:
    of = samples(3)
    found = agree_on_source("answer_correctness", of, source(of, [1.0] * 3))
    assert (found.n, found.validated) == (0, False)
    assert "no human scores" in found.reason
    odd = rated(3, [-40, 3, 900])
    assert "no known scale" in agree_on_source("answer_correctness", odd, source(odd, [1.0] * 3)).reason


def test_rank_correlation_agrees_with_scipy_and_knows_when_it_is_none() -> None:
    from scipy.stats import spearmanr

    first, second = [1.0, 2.0, 2.0, 4.0, 5.0, 3.0], [0.2, 0.1, 0.4, 0.4, 0.9, 0.3]
    assert spearman(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert (spearman([1, 2], [1, 2]), spearman([1, 1, 1], [1, 2, 3])) == (None, None)
