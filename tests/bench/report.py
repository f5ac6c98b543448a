"""How long a large report takes: five metrics, four arms and a source, with intervals, bootstrap and every format."""

import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

from pipeline import report as reports
from pipeline.report.build import build
from pipeline.report.recompute import recompute
from pipeline.report.storage import dumps, read
from tests.pipeline.report import large

SIZES = (1_000, 10_000)
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work gives, and the CPU seconds it took."""
    began = time.process_time()
    return work(), time.process_time() - began


async def lines() -> AsyncIterator[str]:
    """A line for each size."""
    build(large.inputs(50))
    yield "samples  build CPU s  files CPU s  recompute CPU s  report.json MB"
    for number in SIZES:
        inputs = large.inputs(number)
        report, built = timed(lambda inputs=inputs: build(inputs))  # type: ignore[misc]
        with tempfile.TemporaryDirectory() as folder:
            _, written = timed(lambda report=report, folder=folder: reports.write(report, Path(folder)))  # type: ignore[misc]
        text = dumps(report)
        again, redone = timed(lambda text=text: recompute(read(text)))  # type: ignore[misc]
        assert again.agrees
        yield f"{number:>7,}  {built:>11.1f}  {written:>11.1f}  {redone:>15.1f}  {len(text) / 1e6:>14.1f}"
