"""Imported scores as a baseline: on the file's scale, with n, and never beyond the scale."""

from dataclasses import replace

import pytest

from pipeline.decide.prior import prior_figures
from pipeline.decide.scale import Scale, detect
from pipeline.decide.statistics import wilson
from pipeline.records import Interval, PriorScores, Sample
from tests.pipeline.decide.runs import samples


def scored(*human: float | None, clusters: list[str] | None = None) -> tuple[Sample, ...]:
    of = samples(len(human), clusters=clusters)
    return tuple(replace(s, prior=None if h is None else PriorScores(human=h)) for s, h in zip(of, human, strict=True))


def name(scale: Scale | None) -> str | None:
    return scale.name if scale else None


@pytest.mark.parametrize(
    ("values", "expected", "lowest_pass"),
    [
        ([0, 1, 1], "thumbs, 0 or 1", 1),
        ([-1, 1], "thumbs, -1 to 1", 1),
        ([0.2, 1.0], "0 to 1", 0.7),
        ([1, 5, 4], "1 to 5", 4),
        ([0, 5], "0 to 5", 4),
        ([2, 7], "1 to 10", 7),
        ([0, 9], "0 to 10", 7),
        ([35, 80], "0 to 100", 67),
    ],
)
def test_scales_are_read_from_the_values(values: list[float], expected: str, lowest_pass: float) -> None:
    scale = detect(values)
    assert scale is not None
    assert scale.name == expected
    step = 0.1 if expected == "0 to 1" else 1
    assert scale.passes(lowest_pass)
    assert not scale.passes(lowest_pass - step)


def test_values_on_no_scale_and_no_values() -> None:
    assert (name(detect([])), name(detect([-3, 4])), name(detect([3, 900]))) == (None, None, None)


def test_thumbs_have_wilsons_interval() -> None:
    (found,) = prior_figures(scored(*[1] * 30, *[0] * 10, None, None))
    expected = wilson(30, 40)
    assert (found.by, found.mean, found.n, found.samples, found.scale) == ("human", 0.75, 40, 42, "thumbs, 0 or 1")
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert "2 of 42 samples were never scored" in found.note


def test_a_five_point_mean_is_on_its_scale_with_students_interval() -> None:
    from scipy import stats

    values = [1.0, 5, 4, 4, 3, 5, 2, 5]
    (found,) = prior_figures(scored(*values))
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.mean, found.scale, found.note) == (3.625, "1 to 5", "")
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, min(5, expected.high)), abs=1e-6)


def test_all_alike_is_no_certainty_and_stays_on_the_scale() -> None:
    (found,) = prior_figures(scored(*[5.0] * 20))
    assert found.interval == Interval(low=round(1 + 4 * 0.025 ** (1 / 20), 6), high=5.0)


def test_clusters_widen_and_one_alone_has_no_interval() -> None:
    values = [1.0, 1.0, 0.0, 0.0] * 10
    apart, together = (
        prior_figures(scored(*values, clusters=clusters))[0].interval for clusters in (None, [f"c{i // 2}" for i in range(40)])
    )
    assert apart is not None
    assert together is not None
    assert together.high - together.low > 1.3 * (apart.high - apart.low)
    (alone,) = prior_figures(scored(2.0, 4.0, clusters=["c", "c"]))
    assert (alone.interval, alone.note) == (None, "too few independent samples for an interval")


def test_an_earlier_judge_stands_apart_and_an_unknown_scale_is_said() -> None:
    of = tuple(replace(s, prior=PriorScores(judge=value)) for s, value in zip(samples(2), (3.0, 900.0), strict=True))
    (found,) = prior_figures(of)
    assert (found.by, found.scale, found.interval) == ("judge", "unknown", None)
    assert "not Ferry's own" in found.note
    assert "no scale Ferry knows" in found.note
    assert prior_figures(samples(3)) == ()
