"""A 200 MB file takes little memory: measured in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.dataset.port import MIB

MEASURE = """
import re, sys
from pathlib import Path
from pipeline.dataset import read
from pipeline.dataset.port import Limits
limits = Limits(max_bytes=2**30, max_samples=10**6)
path = Path(sys.argv[1])
samples = read.scan(path, name="big", limits=limits).samples
# the peak of this program alone: getrusage would also count what the test's own process had in memory when it started this one
print(samples, int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.slow
def test_200_mb_are_streamed_in_less_than_256_mb(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    line = f'"{"a long question, " * 50}","{"an answer " * 20}"\n'
    lines = 200 * MIB // len(line)
    with path.open("w") as file:
        file.write("question,answer_ground_truth\n")
        for _ in range(lines):
            file.write(line)
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    count, peak_mb = map(int, done.stdout.split())
    assert count == lines
    assert peak_mb < 256
