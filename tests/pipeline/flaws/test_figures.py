"""Faults of the reference implementation's figures that must not happen here. docs/evidence.md has the whole list."""

import random
from dataclasses import replace

import pytest

from pipeline.decide.compare import compare
from pipeline.decide.latency import latency
from pipeline.errors import InputError
from pipeline.metrics.code.matching import NORMALISED_MATCH
from pipeline.metrics.code.numbers import NUMBER_MATCH
from pipeline.records import Output, Sample, Verdict
from tests.pipeline.decide.runs import CRITERIA, GRADED, run, samples

GPT = [1.0, 0.67, 0.0, 0.5, 0.0, 0.33, 0.8, 0.0, 0.35, 0.0]  # ten answers of either model: means .365 and .187, as it printed
CLAUDE = [0.0, 0.5, 0.0, 0.33, 0.0, 0.0, 1.0, 0.04, 0.0, 0.0]


def test_ten_samples_without_an_interval_are_no_finding() -> None:
    of = samples(10)
    found = compare(of, run(of, GPT, metric="rouge_l", label="source"), run(of, CLAUDE, metric="rouge_l"), GRADED)[0]
    assert (found.source_mean, found.target_mean) == (0.365, 0.187)
    assert found.verdict is Verdict.CANNOT_TELL
    assert found.interval is not None
    assert found.interval.low < 0 < found.interval.high
    assert (found.needed or 0) > 10


def test_five_samples_are_no_finding_even_when_all_agree() -> None:
    of = samples(5)
    found = compare(of, run(of, [0.0] * 5, label="source"), run(of, [1.0] * 5), CRITERIA)[0]
    assert found.verdict is not Verdict.BETTER  # five of five discordant pairs: exact p = 0.0625


def test_a_failed_cell_is_never_averaged_away() -> None:
    of = samples(100)
    after: list[float | None] = [None] * 2 + [1.0] * 98
    found = compare(of, run(of, [1.0] * 100, label="source"), run(of, after), CRITERIA)[0]
    assert "target 98 / 100 (call failed (throttled): 2)" in found.reason
    assert (found.difference, found.worst_case) == (0.0, -0.02)


def test_a_score_that_is_no_number_stops_the_comparison() -> None:
    of = samples(3)
    target = run(of, [1.0] * 3)
    broken = replace(target, scores=(*target.scores[:2], replace(target.scores[2], value=float("nan"))))
    with pytest.raises(InputError, match="neither a number nor a reason"):
        compare(of, run(of, [1.0] * 3, label="source"), broken, CRITERIA)


def test_a_row_with_an_empty_answer_stays_and_counts_as_wrong() -> None:
    of = samples(40)
    outputs = [Output(sample_id=s.id, text="" if i < 10 else "yes") for i, s in enumerate(of)]
    scores = tuple(NORMALISED_MATCH.score(s, o) for s, o in zip(of, outputs, strict=True))
    target = replace(run(of, [1.0] * 40), outputs=tuple(outputs), scores=scores)
    found = compare(of, run(of, [1.0] * 40, label="source"), target, CRITERIA)[0]
    assert (found.pairs, found.target_mean) == (40, 0.75)


def test_one_sample_never_turns_a_figure_over() -> None:
    """Of scores that are 0 or 1 a median jumps from 0 to 1 with one sample; the figures here move by 1 / n."""
    of = samples(41)
    before = run(of, [1.0] * 20 + [0.0] * 21, label="source")
    few, more = ([1.0] * k + [0.0] * (41 - k) for k in (20, 21))
    one, other = (compare(of, before, run(of, values), CRITERIA)[0] for values in (few, more))
    assert one.target_mean is not None
    assert other.target_mean is not None
    assert other.target_mean - one.target_mean == pytest.approx(1 / 41, abs=1e-5)


def test_scores_are_joined_by_id_and_not_by_the_order_of_rows() -> None:
    of = samples(60)
    values = [float(i % 3 == 0) for i in range(60)]
    source, target = run(of, values, label="source"), run(of, values[::-1])
    rng = random.Random(5)
    mixed = replace(
        target,
        outputs=tuple(rng.sample(target.outputs, len(target.outputs))),
        scores=tuple(rng.sample(target.scores, len(target.scores))),
    )
    assert compare(of, source, mixed, CRITERIA) == compare(of, source, target, CRITERIA)


def test_a_latency_is_an_interval_over_answers_not_one_shot() -> None:
    single = latency([Output(sample_id="s", text="x", latency_s=7.4)])
    assert (single.p50.value, single.p50.low, single.p50.high) == (7.4, None, None)
    assert single.p50.note.startswith("n too small")
    assert single.ttft_p50.note == "no figures"


@pytest.mark.parametrize("reference", ["$1577.00", "['$1577.00']", "[\"['$1577.00']\"]"])
def test_a_reference_wrapped_in_lists_is_still_its_number(reference: str) -> None:
    sample = Sample(id="s", variables={}, reference=reference)
    assert NUMBER_MATCH.score(sample, Output(sample_id="s", text="It was $1,577.")).value == 1.0


def test_a_right_answer_in_another_unit_is_told_with_what_is_missing() -> None:
    """The reference lacks its unit, which no metric can know: the score says what it looked for, so that an SME sees it."""
    sample = Sample(id="s", variables={}, reference="$1577.00")
    found = NUMBER_MATCH.score(sample, Output(sample_id="s", text="$1,577 million"))
    assert (found.value, found.reason) == (0.0, "1 of the reference's 1 numbers missing: 1577")


@pytest.mark.parametrize(("answer", "eaten"), [("Assistance", "istance"), ("n/a", "/a"), ("nowhere", "owhere")])
def test_no_letters_are_stripped_from_answers(answer: str, eaten: str) -> None:
    sample = Sample(id="s", variables={}, reference=answer)
    assert NORMALISED_MATCH.score(sample, Output(sample_id="s", text=answer)).value == 1.0
    assert NORMALISED_MATCH.score(sample, Output(sample_id="s", text=eaten)).value == 0.0
