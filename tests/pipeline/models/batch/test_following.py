"""What follows what, for one span of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.batch.following import SENT, Next, following, planned
from pipeline.models.batch.records import MOST, NEEDED, BatchJob, Ending, spans

PLANNED, UNDER_WAY = BatchJob(low=0, high=500), BatchJob(low=0, high=500, arn="a")


def ended(*endings: Ending) -> list[BatchJob]:
    return [BatchJob(low=0, high=500, attempt=n, arn="a", ending=ending) for n, ending in enumerate(endings, 1)]


@pytest.mark.parametrize(
    ("missing", "jobs", "step"),
    [
        (500, [], Next.MAKE),
        (NEEDED, [], Next.MAKE),
        (NEEDED - 1, [], Next.ON_DEMAND),
        (0, [], Next.NOTHING),
        (500, [PLANNED], Next.MAKE),
        (500, [UNDER_WAY], Next.LOOK),
        (0, [UNDER_WAY], Next.LOOK),
        (0, ended(Ending.WHOLE), Next.NOTHING),
        (200, ended(Ending.WHOLE), Next.ON_DEMAND),
        (200, ended(Ending.PARTLY), Next.MAKE),
        (NEEDED - 1, ended(Ending.PARTLY), Next.ON_DEMAND),
        (200, ended(Ending.PARTLY, Ending.PARTLY), Next.ON_DEMAND),
        (500, ended(Ending.FAILED), Next.MAKE),
        (200, ended(Ending.FAILED, Ending.PARTLY, Ending.FAILED), Next.MAKE),
        (200, ended(Ending.PARTLY, Ending.FAILED, Ending.PARTLY), Next.ON_DEMAND),
    ],
)
def test_each_step(missing: int, jobs: list[BatchJob], step: Next) -> None:
    assert following(missing, jobs) is step


def test_a_job_that_was_planned_before_a_crash_is_the_one_to_make() -> None:
    assert planned(0, 500, [PLANNED]) is PLANNED
    assert planned(0, 500, ended(Ending.PARTLY)) == BatchJob(low=0, high=500, attempt=2)


@given(st.integers(0, 100_000), st.lists(st.sampled_from([Ending.WHOLE, Ending.PARTLY]), max_size=5))
def test_no_sample_is_sent_more_than_twice_and_no_job_is_smaller_than_the_service_takes(missing: int, past: list[Ending]) -> None:
    if following(missing, ended(*past)) is Next.MAKE:
        assert missing >= NEEDED
        assert len(past) < SENT


@given(st.integers(0, 1000), st.integers(0, 300_000))
def test_spans_cover_everything_once_and_hold_what_a_job_takes(low: int, count: int) -> None:
    found = list(spans(low, low + count))
    assert [edge for span in found for edge in span][1:-1:2] == [edge for span in found for edge in span][2::2]
    assert sum(high - low for low, high in found) == count
    assert all(0 < high - low <= MOST for low, high in found)
    if found:
        assert (found[0][0], found[-1][1]) == (low, low + count)
