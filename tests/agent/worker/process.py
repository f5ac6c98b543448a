"""A worker as the operator runs it: a process of its own, started, killed and stopped by the test that owns it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

PROGRAM = """
import asyncio, sys
from pathlib import Path
from agent.worker import WorkerSettings, main
from db.places import Places
from pipeline.aws.s3 import Bucket
from pipeline.models.settings import ModelSettings
home, url, writer, bucket, endpoint = sys.argv[1:]
models = ModelSettings(endpoint_url=endpoint or None, region="us-east-1" if endpoint else None)
advpo = Bucket(bucket) if bucket else None
settings = WorkerSettings(sweep_s=0.5, stop_s=3.0, writer=writer, advpo=advpo, models=models)
asyncio.run(main(Places(home=Path(home), database_url=url or None), settings))
"""


class WorkerProcess:
    def __init__(
        self, home: Path, database_url: str | None = None, writer: str = "", bucket: str = "", endpoint: str = ""
    ) -> None:
        self._command = [sys.executable, "-c", PROGRAM, str(home), database_url or "", writer, bucket, endpoint]
        self._log = home / "worker.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and how it ended."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self.process
        os.kill(self.process.pid, number)
        code, self.process = self.process.wait(timeout=30), None
        return code

    @property
    def told(self) -> str:
        return self._log.read_text(encoding="utf-8")


@asynccontextmanager
async def worker_process(
    home: Path, database_url: str | None = None, writer: str = "", bucket: str = "", endpoint: str = ""
) -> AsyncIterator[WorkerProcess]:
    """Started, and ended with the test. `writer` is the model that writes its prompts; AWS is at `endpoint`, with a `bucket`."""
    worker = WorkerProcess(home, database_url, writer, bucket, endpoint)
    worker.start()
    try:
        yield worker
    finally:
        if worker.process:
            worker.kill()


async def until(happened: Callable[[], Awaitable[object]], *, seconds: float = 90.0) -> None:
    """Wait for something that another process brings about."""
    async with asyncio.timeout(seconds):
        while not await happened():  # noqa: ASYNC110  another process is waited for
            await asyncio.sleep(0.02)
