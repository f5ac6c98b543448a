"""A process whose work is over ends with its code and its words, whatever threads of libraries still wait for."""

import subprocess
import sys
import time

import pytest

SCRIPT = """
import asyncio, sys, threading
from bot import __main__ as ferry
from pipeline.errors import RefusedError

async def work():
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
    {how}

@ferry.app.command()
def waits():
    ferry._finish(lambda: asyncio.run(ferry._all_of(work())))

sys.argv = ["ferry", "waits"]
ferry.main()
"""


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("print('done')", 0, "done"),
        ("raise RefusedError('Do it otherwise.')", 2, "Do it otherwise."),
        ("raise ValueError('nobody foresaw it')", 1, "nobody foresaw it"),
    ],
)
def test_a_thread_that_waits_without_end_keeps_no_process(how: str, code: int, said: str) -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(how=how)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "threads_left" in done.stdout + done.stderr
    assert time.monotonic() - began < 30
