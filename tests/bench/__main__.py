"""`python -m tests.bench [part ...]`: prints the figures of every part, or of the parts named."""

import asyncio
import os
import platform
import sys
from collections.abc import AsyncIterator, Callable

from tests.bench import ack, hosts, judge, limits, report, results, runner, storm

PARTS: dict[str, Callable[[], AsyncIterator[str]]] = {
    "runner": runner.lines,
    "ack": ack.lines,
    "judge": judge.lines,
    "report": report.lines,
    "results": results.lines,
    "hosts": hosts.lines,
    "storm": storm.lines,
    "limits": limits.lines,
}


async def main(names: list[str]) -> None:
    """Runs the parts one after another."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name in names or PARTS:
        print(f"\n== {name}")
        async for line in PARTS[name]():
            print(line, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
