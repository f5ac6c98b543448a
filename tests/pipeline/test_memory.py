"""Memory of processes that work for long."""

import subprocess
import sys

LOOK = """
import gc
from pipeline.memory import settle
before = gc.get_freeze_count()
settle()
print(before, gc.get_freeze_count())
"""


def test_what_is_loaded_is_not_looked_through_again() -> None:
    """In a process of its own: the tests' own collector stays as it is."""
    before, after = map(int, subprocess.run([sys.executable, "-c", LOOK], capture_output=True, check=True).stdout.split())
    assert before == 0
    assert after > 1_000
