"""ministack, somebody else's AWS on 127.0.0.1: what it implements runs against it too, so that our peers are not alone.

It brings an older botocore than Ferry pins, so it lives in an environment of its own: `make ministack` makes one under build/,
FERRY_MINISTACK names another one's program.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.models.settings import ModelSettings

PROGRAM = Path(os.environ.get("FERRY_MINISTACK", Path(__file__).parents[3] / "build" / "ministack" / "bin" / "ministack"))
START_S = 60.0

needs_ministack = pytest.mark.skipif(not PROGRAM.is_file(), reason=f"no ministack at {PROGRAM}: run make ministack")


@contextmanager
def ministack(folder: Path) -> Iterator[ModelSettings]:
    """How to reach a new one, without anything in it; it ends with the test."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    given = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "HOME": str(folder), "PATH": os.environ["PATH"]}
    with (folder / "ministack.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM], cwd=folder, env=given, stdout=log, stderr=log)
    try:
        _wait(process, port)
        yield ModelSettings(endpoint_url=f"http://127.0.0.1:{port}", region="us-east-1", timeout_s=20.0)
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"ministack did not start, exit code {process.poll()}")
