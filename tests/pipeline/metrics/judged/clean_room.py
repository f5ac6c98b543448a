"""Runs every library metric in a process of its own under an audit hook; the last line of stdout is what was seen, as JSON.

`python -m tests.pipeline.metrics.judged.clean_room [without ...]` hides the named modules first, as if they were not installed.
"""

import asyncio
import atexit
import importlib.abc
import json
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

TURNS = 8  # 56 measurements of DeepEval: after 50 it would send its telemetry
QUIET_SOCKET = {"socket.gethostname", "socket.__new__"}  # no packet leaves for either
IPV6_PROBE = "('::1', 0"  # urllib3 binds to it once, to see whether the machine has IPv6
TOUCHES = {"os.mkdir", "os.rename", "os.remove", "os.symlink", "subprocess.Popen", "os.system", "os.posix_spawn"}
SEEN: list[str] = []


def watch(event: str, args: tuple[Any, ...]) -> None:
    """Keeps what would leave this process: sockets, files written outside TMPDIR, other processes, any .env."""
    if event.startswith("socket."):
        if event not in QUIET_SOCKET and not (event == "socket.bind" and str(args[1]).startswith(IPV6_PROBE)):
            SEEN.append(f"{event} {args[1:]}")
    elif event == "open":
        if _writes(*args) or os.path.basename(str(args[0])).startswith((".env", ".deepeval")):
            SEEN.append(f"open {args}")
    elif event in TOUCHES and not str(args[0]).startswith(os.environ["TMPDIR"]):
        SEEN.append(f"{event} {args}")


def _writes(path: object, mode: str | None, flags: int) -> bool:
    if str(path) == os.devnull or str(path).startswith(os.environ["TMPDIR"]) or isinstance(path, int):
        return False
    return bool(set(mode or "") & set("wax+") or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


class Hidden(importlib.abc.MetaPathFinder):
    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if any(fullname == name or fullname.startswith(f"{name}.") for name in self.names):
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


async def scores() -> dict[str, float | str | None]:
    """What every metric of a library gives a small sample; each is measured several times."""
    from pipeline.metrics.registry import JUDGED
    from tests.pipeline.metrics.judged.scripted import SAMPLE, bench, said

    bench_ = bench()
    found: dict[str, float | str | None] = {}
    for metric in (m for m in JUDGED.values() if m.library.startswith(("ragas ", "deepeval "))):
        for _ in range(TURNS):
            score = await metric.score(SAMPLE, said("Revenue in 2024 was 12 million. I think this is a good year."), bench_)
            found[metric.name] = score.value if score.unscored is None else score.unscored
    return found


def main(hidden: Sequence[str]) -> None:
    report: dict[str, Any] = {}
    atexit.register(
        lambda: sys.stdout.write(json.dumps(report) + "\n")
    )  # first in, last out: after what the libraries do at exit
    sys.meta_path.insert(0, Hidden(hidden))
    sys.addaudithook(watch)
    report["seen"] = SEEN
    report["scores"] = asyncio.run(scores())
    report["keys"] = sorted(name for name in os.environ if name.startswith(("AWS_", "PLANTED_")))


if __name__ == "__main__":
    main(sys.argv[1:])
