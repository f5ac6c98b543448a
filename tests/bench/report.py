"""What a large report takes: five metrics, four arms and a source, with intervals, bootstrap and every format.

`python -m tests.bench report` measures two sizes; `python -m tests.bench.report 100000` any number of samples. Each size runs in
its own processes, one that builds and writes and one that recomputes, so that memory is their own.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

from pipeline import report as reports
from pipeline.report.build import assemble, unquoted
from pipeline.report.recompute import recompute
from pipeline.report.storage import for_showing, read_file, shown
from tests.bench.results import peak_mb
from tests.pipeline.report import large

SIZES = (1_000, 10_000)
HEADER = " samples      cells  gather CPU s  build CPU s  files CPU s  brief MB  report.json MB  peak RSS MB"
AGAIN = " recompute CPU s  peak RSS MB"
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work gives, and the CPU seconds it took."""
    began = time.process_time()
    return work(), time.process_time() - began


def made(number: int, folder: Path) -> str:
    """Builds a report and writes its files, as the worker does; a line of the table."""
    given, gathered = timed(lambda: large.given(number))
    report, built = timed(lambda: large.quotes(assemble(given, unquoted)))
    _, written = timed(lambda: reports.write(report, folder))
    brief = for_showing(report)
    assert shown(brief).headline == report.headline
    size = (folder / "report.json").stat().st_size
    return (
        f"{number:>8,}  {report.evidence.filled:>9,}  {gathered:>12.1f}  {built:>11.1f}  {written:>11.1f}"
        f"  {len(brief) / 1e6:>8.1f}  {size / 1e6:>14.1f}  {peak_mb():>11.0f}"
    )


def again(folder: Path) -> str:
    """Recomputes the report that lies there."""
    result, took = timed(lambda: recompute(read_file(folder / "report.json")))
    assert result.agrees
    return f"  {took:>15.1f}  {peak_mb():>11.0f}"


async def lines(sizes: tuple[int, ...] = SIZES) -> AsyncIterator[str]:
    """A line for each size."""
    yield HEADER + AGAIN
    for number in sizes:
        with tempfile.TemporaryDirectory() as folder:
            parts = [await _apart(work, str(number), folder) for work in ("made", "again")]
        yield "".join(parts)


async def _apart(*asked: str) -> str:
    call = (sys.executable, "-m", "tests.bench.report", *asked)
    process = await asyncio.create_subprocess_exec(*call, stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode().rstrip("\n")


async def _print(sizes: tuple[int, ...]) -> None:
    async for line in lines(sizes):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["made", number, folder]:
            sys.stdout.write(made(int(number), Path(folder)))
        case ["again", _, folder]:
            sys.stdout.write(again(Path(folder)))
        case numbers:
            asyncio.run(_print(tuple(map(int, numbers)) or SIZES))
