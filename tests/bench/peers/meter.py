"""What every runner is measured with: standard library only, because it runs in environments that are not Ferry's."""

import json
import resource
import sys
import time
from types import TracebackType

LATENCY_S, IN_FLIGHT, ANSWER = 0.05, 100, "the answer is 42"
QUESTION = "question {number} " + "x" * 200


class Meter:
    """Wall and CPU seconds of the block, and the peak memory of the process, printed as one line of JSON."""

    def __enter__(self) -> "Meter":
        self.wall, self.cpu = time.perf_counter(), _cpu()
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        if kind is None:
            say(time.perf_counter() - self.wall, _cpu() - self.cpu, _peak_mb())


def say(wall: float, cpu: float, peak: float) -> None:
    """The last line of a runner's output."""
    sys.stdout.write("\n" + json.dumps({"wall_s": wall, "cpu_s": cpu, "peak_mb": peak}) + "\n")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))
