"""A few hundred calls through throttles, resets, hangs and broken streams; `python -m tests.bench storm` makes ten thousand."""

import pytest

from pipeline.records import Lane
from tests.pipeline.models.storm import check, weather


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.mark.parametrize(("lane", "number"), [(Lane.LATENCY, 160), (Lane.BULK, 80)])
async def test_no_call_is_lost_doubled_or_counted_twice_and_every_retry_is_seen(lane: Lane, number: int) -> None:
    found = await weather(number, lane=lane, in_flight=16)
    again = check(found, number)
    assert again["throttled"] > again["transient"] > 0
    assert (again["truncated_stream"] > 0) == (lane is Lane.LATENCY)
