"""Where bot and worker are born in these tests: a process that has imported everything forks one for each start.

Importing takes a process seconds of CPU, and fifty kills would pay for it a hundred times. A forked one runs the same command
(`ferry bot`, `ferry worker`) from its first line, in a process of its own that SIGKILL ends like any other.

Asked on stdin, answered on stdout, a line of JSON each: {"words", "env", "log"} -> pid; {"reap": pid} -> exit code, negative for
a signal.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

IMPORTED = (
    "agent.checkpoints",
    "agent.graph",
    "agent.worker.durable",
    "agent.worker.process",
    "alembic.command",
    "bot.__main__",
    "bot.process",
    "dbos",
    "langgraph.checkpoint.sqlite.aio",
    "matplotlib.figure",
    "openpyxl",
    "pipeline.commands.report",
    "pipeline.dataset.freeze",
    "pipeline.decide.selection",
    "pipeline.metrics",
    "pipeline.models.providers.scripted",
    "pipeline.monitor.digest",
    "pipeline.prompts.methods",
    "scipy.stats",
)
ROOT = Path(__file__).parents[2]


class Nursery:
    """The handle of such a process. Its calls block for the few milliseconds that a fork takes."""

    def __init__(self) -> None:
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journey.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=ROOT,
            env=environment,
        )

    def start(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
        """Run `ferry WORDS` with its output appended to `log`; the process id."""
        return self._ask({"words": list(words), "env": dict(environment), "log": str(log)})

    def reap(self, pid: int) -> int:
        """Wait for the end of a process that was started here; its exit code."""
        return self._ask({"reap": pid})

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def _ask(self, question: Mapping[str, Any]) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        return int(self._process.stdout.readline())


def main() -> None:
    for name in IMPORTED:
        __import__(name)
    if threading.active_count() > 1:
        raise SystemExit(f"a thread was started by an import, so forking is not safe: {threading.enumerate()}")
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        answer = _exit_code(asked["reap"]) if "reap" in asked else _fork(asked)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _exit_code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _fork(asked: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _become(asked)
    return pid


def _become(asked: Mapping[str, Any]) -> NoReturn:
    """The child: its own log, nothing to read, the environment it is given, then the command itself."""
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.environ.update(asked["env"])
    sys.argv = ["ferry", *asked["words"]]
    from bot.__main__ import main as ferry

    ferry()
    sys.exit(0)


if __name__ == "__main__":
    main()
