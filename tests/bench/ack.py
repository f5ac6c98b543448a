"""How fast Slack is answered while every transaction takes 300 ms longer, and what it takes until the bot is ready.

Fifty requests at once, three times, in this process together with the local workspace: on a real machine they are apart.
"""

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from bot.settings import Mode
from bot.workspace.server import Workspace
from tests.bot.office import open_office
from tests.bot.test_ack import AT_ONCE, SLOWED_S, TURNS, _at_once, _commands, _post, bodies, settled, slow_store
from tests.bot.test_clicks import asked

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
STARTS = 3


async def lines() -> AsyncIterator[str]:
    """A line for each way Slack reaches the bot, and one for the start."""
    for name in PROXIES:  # slack_sdk would send even 127.0.0.1 through one
        os.environ.pop(name, None)
    yield f"acknowledgement, {AT_ONCE} requests at once, {TURNS} times, database slower by {SLOWED_S * 1000:.0f} ms"
    for name, measured in (("HTTP", _over_http), ("Socket Mode", _over_sockets)):
        with tempfile.TemporaryDirectory() as home:
            async with await Workspace.start() as workspace:
                yield _told(name, await measured(workspace, Path(home)))
    yield f"{'start':<12}  ready s  CPU s  peak RSS MB"
    for turn in range(STARTS):
        yield await _start(turn + 1)


def _told(name: str, turns: list[list[float]]) -> str:
    """Over all turns, and the p99 of the middle one, which the tests hold: the worst turn may be the machine's doing."""
    whole = [seconds for turn in turns for seconds in turn]
    middle = statistics.median(_percentile(turn, 99) for turn in turns)
    figures = {
        "p50": _percentile(whole, 50),
        "p99": _percentile(whole, 99),
        "worst": max(whole),
        "p99 of the middle turn": middle,
    }
    return f"{name:<12}  " + "  ".join(f"{what} {seconds * 1000:.0f} ms" for what, seconds in figures.items())


def _percentile(seconds: list[float], rank: int) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[rank - 1]


async def _over_http(workspace: Workspace, home: Path) -> list[list[float]]:
    http: dict[str, Any] = {"mode": Mode.HTTP, "http_host": "127.0.0.1", "http_port": 0}
    async with open_office(workspace, home, opened=slow_store, **http) as office, aiohttp.ClientSession() as session:
        migration = await asked(office)
        await _post(session, office, bodies(migration.id, 9)[1])
        answers = [await _at_once([_post(session, office, body) for body in bodies(migration.id, turn)]) for turn in range(TURNS)]
        await settled(office)
    return [[seconds for _, seconds in turn] for turn in answers]


async def _over_sockets(workspace: Workspace, home: Path) -> list[list[float]]:
    async with open_office(workspace, home, opened=slow_store) as office:
        await office.requester.command("help")
        turns = [await _commands(office) for _ in range(TURNS)]
        await settled(office)
    return turns


async def _start(turn: int) -> str:
    """One start of `ferry bot` in an empty folder: seconds until it says it is ready, then what it took until it ended."""
    with tempfile.TemporaryDirectory() as home:
        async with await Workspace.start() as workspace:
            environment = {
                **os.environ,
                "FERRY_HOME": home,
                "SLACK_API_URL": workspace.base_url,
                "SLACK_BOT_TOKEN": workspace.bot_token,
                "SLACK_APP_TOKEN": workspace.app_token,
            }
            ready, used = await asyncio.to_thread(_until_ready, environment)
    name = f"{turn}. start"
    return f"{name:<12}  {ready:>7.2f}  {used.ru_utime + used.ru_stime:>5.2f}  {used.ru_maxrss / 1024:>11.0f}"


def _until_ready(environment: dict[str, str]) -> tuple[float, resource.struct_rusage]:
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "bot", "bot"], env=environment, stderr=subprocess.PIPE, text=True) as process:
        said = next((line for line in process.stderr or () if "bot_ready" in line), "")
        ready = time.perf_counter() - started
        process.terminate()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if not said:
        raise RuntimeError(f"the bot ended with {process.returncode} before it was ready")
    return ready, used
