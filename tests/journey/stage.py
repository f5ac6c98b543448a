"""The stage of a journey: the local workspace in the test's own loop, bot and worker as processes that can be killed."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import aiohttp

from bot.workspace.server import Workspace
from db.places import Places
from tests.journey.nursery import ROOT

BOT, WORKER = "bot", "worker"
READY = {BOT: '"bot_ready"', WORKER: '"worker ready"'}
LOGS = ROOT / "build" / "journey"
PATIENCE_S = 150.0
"""For a start or an end: without any bytecode, beside other tests, importing takes a minute."""
QUIET = {"FERRY_POST_INTERVAL_S": "0", "FERRY_EDIT_INTERVAL_S": "0.3", "FERRY_POLL_S": "0.1", "FERRY_LOG_LEVEL": "info"}


class Starter(Protocol):
    """Starts `ferry WORDS` as a process and tells how it ended."""

    def start(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> int: ...

    def reap(self, pid: int) -> int: ...


class Fresh:
    """Starts processes as `ferry up` does: a Python of its own for each. `before` are words that start its command elsewhere."""

    def __init__(self, before: Sequence[str] = ()) -> None:
        self._before = before

    def start(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
        command = [*self._before, sys.executable, "-m", "bot", *words]
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        actions = [(os.POSIX_SPAWN_DUP2, output, number) for number in (1, 2)]
        here = {**os.environ, "PYTHONPATH": str(ROOT)}
        try:
            return os.posix_spawnp(command[0], command, {**here, **environment}, file_actions=actions)
        finally:
            os.close(output)

    def reap(self, pid: int) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@dataclass(slots=True, kw_only=True)
class Stage:
    """Bot and worker by name with their process ids; `began` is where in its log and when each start of a process was.

    `bot-2`, `worker-2`, ... are further ones, each with a data folder of its own, as on another host.
    """

    workspace: Workspace
    places: Places
    starter: Starter
    environment: Mapping[str, str]
    logs: Path
    http_port: int | None = None
    running: dict[str, int] = field(default_factory=dict)
    ended: list[tuple[str, int]] = field(default_factory=list)
    began: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: {BOT: [], WORKER: []})

    def environment_of(self, name: str) -> Mapping[str, str]:
        if name in READY:
            return self.environment
        return {**self.environment, "FERRY_HOME": f"{self.places.home}-{name}", "FERRY_WORKER_NAME": name}

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def start(self, *names: str) -> None:
        for name in names:
            log = self.log(name)
            if name not in self.began:
                log.unlink(missing_ok=True)
            self.began.setdefault(name, []).append((log.stat().st_size if log.exists() else 0, time.time()))
            self.running[name] = self.starter.start([kind_of(name)], self.environment_of(name), log)

    async def kill(self, *names: str) -> None:
        """SIGKILL, at the same moment for all of `names`."""
        gone = [(name, self.running.pop(name)) for name in names]
        for _, pid in gone:
            os.kill(pid, signal.SIGKILL)
        for name, pid in gone:
            self.ended.append((name, await asyncio.to_thread(self.starter.reap, pid)))

    async def restart(self, *names: str) -> None:
        await self.kill(*names)
        self.start(*names)

    async def stop(self) -> dict[str, int]:
        """SIGTERM to what runs; the exit codes. What does not end in time is killed."""
        gone, self.running = self.running, {}
        for pid in gone.values():
            os.kill(pid, signal.SIGTERM)
        return {name: await ended(self.starter, pid) for name, pid in gone.items()}

    async def ready(self, *names: str) -> None:
        """Wait until each says that it is ready since its last start, and in HTTP mode until Slack can reach it."""
        waiting, until = set(names), time.perf_counter() + PATIENCE_S
        while waiting:
            waiting = {name for name in waiting if not self._says_ready(name)}
            if time.perf_counter() > until:
                raise TimeoutError(f"not ready: {sorted(waiting)}; see {self.logs}")
            await asyncio.sleep(0.02)
        if self.http_port and BOT in names:
            await self.workspace.use_http(f"http://127.0.0.1:{self.http_port}/slack/events")

    def _says_ready(self, name: str) -> bool:
        offset, _ = self.began[name][-1]
        return self.log(name).exists() and READY[kind_of(name)] in self.log(name).read_bytes()[offset:].decode()

    def start_seconds(self, name: str) -> list[float]:
        """How long each start took that was not killed before it was ready."""
        found, content = [], self.log(name).read_bytes()
        ends = [offset for offset, _ in self.began[name][1:]] + [len(content)]
        for (offset, began), end in zip(self.began[name], ends, strict=True):
            ready = [line for line in content[offset:end].decode().splitlines() if READY[name] in line]
            found += [round(datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp() - began, 2) for line in ready[:1]]
        return found

    def complaints(self) -> list[str]:
        """Every line the processes logged as an error, and every stack trace."""
        lines = [line for name in self.began if self.log(name).exists() for line in self.log(name).read_text().splitlines()]
        return [line for line in lines if '"level": "error"' in line or line.startswith("Traceback")]


async def ended(starter: Starter, pid: int) -> int:
    """The exit code of a process that was asked to end. What does not end in time is killed."""
    reaping = asyncio.ensure_future(asyncio.to_thread(starter.reap, pid))
    done, _ = await asyncio.wait([reaping], timeout=PATIENCE_S)
    if not done:
        os.kill(pid, signal.SIGKILL)
    return await reaping


def kind_of(name: str) -> str:
    """The command that a process runs."""
    return name.partition("-")[0]


@asynccontextmanager
async def open_stage(
    home: Path, name: str, starter: Starter, *, http: bool = False, database_url: str | None = None, **more: str
) -> AsyncIterator[Stage]:
    """An empty workspace with nothing running yet. `more` are environment variables of the processes."""
    logs = LOGS / name
    logs.mkdir(parents=True, exist_ok=True)
    async with await Workspace.start() as workspace:
        port = free_port() if http else None
        environment = {**QUIET, **connection(workspace, home, port), **more}
        if database_url:
            environment["FERRY_DATABASE_URL"] = database_url
        stage = Stage(
            workspace=workspace,
            places=Places(home=home, database_url=database_url),
            starter=starter,
            environment=environment,
            logs=logs,
            http_port=port,
        )
        for process in READY:
            stage.log(process).unlink(missing_ok=True)
        try:
            yield stage
        finally:
            await stage.stop()


def connection(workspace: Workspace, home: Path, port: int | None) -> dict[str, str]:
    """What a bot needs to find the workspace, directly and not through a proxy."""
    found = {
        "SLACK_API_URL": workspace.base_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_SIGNING_SECRET": workspace.signing_secret,
        "FERRY_HOME": str(home),
        "FERRY_MODE": "http" if port else "socket",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), ""),
    }
    return {**found, "FERRY_HTTP_HOST": "127.0.0.1", "FERRY_HTTP_PORT": str(port)} if port else found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def fault(workspace: Workspace, **what: object) -> None:
    """Make something go wrong on Slack's side (bot/workspace/faults.py)."""
    await control(workspace, "faults", **what)


async def control(workspace: Workspace, what: str, **body: object) -> None:
    """Archive, delete, disconnect: see bot/workspace/control_api.py."""
    async with aiohttp.ClientSession() as session, session.post(f"{workspace.url}/workspace/{what}", json=body) as answer:
        found = await answer.json()
        assert found["ok"], found
