"""`ferry demo`: the local workspace with the real bot and worker connected to it, in a browser or walked by its own personas."""

import asyncio
import shutil
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import typer

from bot.modals.new_migration import Prefill
from bot.story import DATA, DETAILS, StepError, Story
from bot.supervise import ferry_processes, interrupted, supervise
from bot.workspace.people import OWNER, REQUESTER, SME_1, SME_2
from bot.workspace.server import Workspace
from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.records import Parameters

MARK = ".ferry-demo"
FAILED_STEP, INTERRUPTED = 1, 130
STOPPED_S = 30.0


def write_defaults(home: Path) -> Path:
    """What the demo's form opens with, so that a newcomer only adds the dataset."""
    path = home / "form.json"
    start = Prefill(
        name=str(DETAILS["name"]),
        use_case=str(DETAILS["use_case"]),
        source=str(DETAILS["source"]),
        targets=str(DETAILS["targets"]),
        prompt=(DATA / "prompt.txt").read_text(encoding="utf-8"),
        parameters=Parameters(max_tokens=12, stop=("\n",)),
        smes=(SME_1, SME_2),
        owner=OWNER,
    )
    path.write_text(canonical_json(start), encoding="utf-8")
    return path


async def walk(home: Path, *, port: int, headless: bool, open_browser: bool) -> int:
    """Run the demo in a fresh `home`; the exit code. With `headless` the story is walked and ends, else it runs until Ctrl-C."""
    fresh(home)
    ended = interrupted()
    async with await Workspace.start(port) as workspace, _ferry(workspace, home):
        typer.echo(f"Ferry's demo is at {workspace.url} (everything stays on this machine).")
        _show_notice()
        if headless:
            return await _headless(workspace, ended)
        if open_browser:
            webbrowser.open(workspace.url)
        typer.echo(
            "In the page, as Requester, type /migrate in #general, add the dataset below and press Start. Ctrl-C ends the demo."
        )
        typer.echo(f"The dataset: {DATA / 'banking_intents.csv'}")
        await ended.wait()
    return 0


def fresh(home: Path) -> None:
    """An empty folder that only a demo ever writes to. Raises InputError for a folder that holds anything else."""
    if home.exists() and any(home.iterdir()) and not (home / MARK).exists():
        raise InputError(f"{home} holds something that is not a demo. Choose another folder with --home.")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / MARK).touch()


@asynccontextmanager
async def _ferry(workspace: Workspace, home: Path) -> AsyncIterator[None]:
    """Bot and worker as `ferry up` runs them, connected to the workspace; stopped when left."""
    stopping = asyncio.Event()
    running = asyncio.create_task(supervise(ferry_processes(environment(workspace, home)), stopping))
    try:
        yield
    finally:
        stopping.set()
        await asyncio.wait({running}, timeout=STOPPED_S)


def environment(workspace: Workspace, home: Path) -> dict[str, str]:
    """What connects a bot to the workspace. Nothing leaves the machine, so it posts faster than Slack would like."""
    return {
        "SLACK_API_URL": workspace.base_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_SIGNING_SECRET": workspace.signing_secret,
        "FERRY_HOME": str(home),
        "FERRY_MODEL_CACHE": str(home.parent / "models"),
        "FERRY_MODE": "socket",
        "FERRY_FORM_DEFAULTS": str(write_defaults(home)),
        "FERRY_POST_INTERVAL_S": "0",
        "FERRY_EDIT_INTERVAL_S": "1",
        "FERRY_POLL_S": "0.1",
        "FERRY_LOG_LEVEL": "warning",
        "HTTP_PROXY": "",
        "HTTPS_PROXY": "",
        "http_proxy": "",
        "https_proxy": "",
    }


def _show_notice() -> None:
    from pipeline.models import notice

    found = notice(str(DETAILS["targets"]))
    if found:
        typer.echo(found)


async def _headless(workspace: Workspace, ended: asyncio.Event) -> int:
    """Walk the story; 0 when every step came about, or as soon as it is asked to end the code that shells use for that."""
    walking = asyncio.create_task(Story(requester=workspace.person(REQUESTER), say=typer.echo).walk())
    ending = asyncio.create_task(ended.wait())
    await asyncio.wait({walking, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not walking.done():
        walking.cancel()
        return INTERRUPTED
    error = walking.exception()
    if isinstance(error, StepError):
        typer.echo(f"FAILED at: {error}")
        return FAILED_STEP
    if error:
        raise error
    return 0
