"""Ten thousand calls through a storm of faults over real connections, stored and charged as a worker does both."""

import os
from collections.abc import AsyncIterator

from pipeline.models.failures import counted
from pipeline.records import Lane
from tests.pipeline.models.storm import check, weather

NUMBER, IN_FLIGHT, TIMEOUT_S = 10_000, 64, 20.0


async def lines() -> AsyncIterator[str]:
    """One line for streams and one for whole answers, each after everything was checked."""
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    for lane, number in ((Lane.LATENCY, NUMBER), (Lane.BULK, NUMBER)):
        found = await weather(number, lane=lane, in_flight=IN_FLIGHT, timeout_s=TIMEOUT_S)
        again = check(found, number)
        calls = sum(output.attempts for output in found.outputs)
        failed = sum(output.failure is not None for output in found.outputs)
        how = "streamed" if lane is Lane.LATENCY else "whole"
        yield (
            f"{how}: {number:,} samples, {calls:,} calls, made again: {counted(again)}; {failed} given up (hung); "
            f"{number / found.wall_s:,.0f} samples/s, {found.cpu_s / number * 1000:.1f} CPU ms a sample; "
            "none lost, doubled or counted twice"
        )
