"""Samples needed, before anything is spent: from a pilot where there is one, and with clusters."""

import numpy as np
import pytest

from pipeline.decide.size import Pilot, design_effect, pilot, pilots, size
from pipeline.decide.statistics import PLANNING_SD, required_n
from pipeline.errors import InputError
from tests.pipeline.decide.runs import GRADED, run, samples

CALM = Pilot(sd=0.1, pairs=50, design_effect=1.0)


def test_without_a_pilot_the_planning_figure_is_used_and_named() -> None:
    found = size(samples(100), 0.05)
    assert (found.needed, found.enough, found.sd) == (required_n(PLANNING_SD, 0.05), False, PLANNING_SD)
    assert "by a planning figure for the spread, 0.35" in found.message
    assert "only 100" in found.message
    assert size(samples(400), 0.05).message.endswith("and there are 400.")


def test_a_pilot_replaces_it_at_its_upper_limit() -> None:
    found = size(samples(100), 0.05, known=CALM)
    assert found.enough
    assert found.sd == pytest.approx(0.1 * 1.098, abs=5e-4)  # 49 / chi² (0.2; 49 degrees) = 49 / 40.53 = 1.209, its root
    assert "the spread of 50 pairs at hand" in found.message


def test_the_upper_limit_holds_the_true_spread_four_times_in_five() -> None:
    drawn = np.random.default_rng(3).normal(0, 0.3, (1_000, 30)).std(axis=1, ddof=1)
    held = np.mean([Pilot(sd=float(sd), pairs=30, design_effect=1.0).cautious >= 0.3 for sd in drawn])
    assert 0.76 <= held <= 0.84


def test_a_pilot_comes_from_the_differences_of_two_runs() -> None:
    of = samples(60)
    before, after = [0.5] * 60, [0.5 + (i % 3 - 1) / 10 for i in range(60)]
    runs = run(of, before, metric="rouge_l", label="source"), run(of, after, metric="rouge_l")
    found = pilot(of, *runs, "rouge_l", GRADED)
    assert found is not None
    assert (found.pairs, found.design_effect) == (60, 1.0)
    assert found.sd == pytest.approx(np.std([a - b for a, b in zip(after, before, strict=True)], ddof=1))


def test_of_several_targets_the_pilot_that_asks_for_most_counts_for_each_deciding_metric() -> None:
    of = samples(60)
    source = run(of, [0.5] * 60, metric="rouge_l", label="source")
    calm, wild = ([0.5 + (i % 3 - 1) / by for i in range(60)] for by in (20, 2))
    targets = [run(of, values, metric="rouge_l") for values in (calm, wild, [0.5] * 60)]
    assert pilots(of, source, targets, GRADED) == {"rouge_l": pilot(of, source, targets[1], "rouge_l", GRADED)}
    assert pilots(of, source, targets[2:], GRADED) == {}


def test_few_pairs_or_all_alike_are_no_pilot_and_other_inputs_are_refused() -> None:
    few, many = samples(19), samples(40)
    values = [i / 40 for i in range(40)]
    source = run(many, values, metric="rouge_l", label="source")
    assert pilot(few, run(few, [0.0] * 19, metric="rouge_l"), run(few, [0.5] * 19, metric="rouge_l"), "rouge_l", GRADED) is None
    assert pilot(many, source, source, "rouge_l", GRADED) is None
    with pytest.raises(InputError, match="not among the samples"):
        pilot(few, source, source, "rouge_l", GRADED)


def test_clusters_raise_what_is_needed() -> None:
    together = samples(100, clusters=[f"c{i // 5}" for i in range(100)])
    assert design_effect(samples(100)) == 1.0
    assert design_effect(together) == pytest.approx(1 + 4 * 0.3)
    uneven = samples(10, clusters=["big"] * 8 + ["a", "b"])
    assert design_effect(uneven) == pytest.approx(1 + (66 / 10 - 1) * 0.3)
    assert size(together, 0.05).needed == pytest.approx(2.2 * size(samples(100), 0.05).needed, abs=3)
    seen = Pilot(sd=0.35, pairs=80, design_effect=2.0)
    assert size(together, 0.05, known=seen).needed > 2 * required_n(0.35, 0.05)


def test_many_comparisons_need_more() -> None:
    assert size(samples(9), 0.05, family=6).needed > size(samples(9), 0.05).needed
