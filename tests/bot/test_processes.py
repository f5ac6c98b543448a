"""The processes: what the bot does not load, what becomes of a crash, what the demo refuses, what the manifest says."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

import bot.__main__  # noqa: F401  adds the commands of the processes to the app
from bot import demo, manifest
from bot.doctor import examine
from bot.inbox import HEARD
from bot.supervise import Child, supervise
from bot.workspace.faults import Fault
from bot.workspace.people import REQUESTER
from bot.workspace.server import Workspace
from pipeline.__main__ import app
from pipeline.errors import InputError
from tests.bot.office import eventually, settings_for
from tests.pipeline.models.peer import answered, bedrock, error

BOT = Path(demo.__file__).parent
HEAVY = ("boto3", "botocore", "xllamacpp", "matplotlib", "scipy", "openpyxl", "sacrebleu", "agent.worker.process")
CALLED = r"client\.((?:apps|auth|chat|conversations|files|pins|reactions|users|views)_\w+)\("
SCOPES = {
    "chat_postMessage": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_info": {"channels:read", "groups:read", "im:read"},
    "conversations_open": {"im:write"},
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "files_info": {"files:read"},
    "files_getUploadURLExternal": {"files:write"},
    "files_completeUploadExternal": {"files:write"},
    "pins_add": {"pins:write"},
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
    "auth_test": set(),
    "apps_connections_open": set(),
}
"""What each method needs (docs.slack.dev/reference/methods)."""


def sources() -> list[str]:
    paths = [path for path in BOT.rglob("*.py") if "workspace" not in path.parts]
    return [path.read_text(encoding="utf-8") for path in paths]


def test_the_manifest_asks_for_the_scopes_the_code_uses_and_no_other() -> None:
    used = {method for text in sources() for method in re.findall(CALLED, text)}
    assert used <= SCOPES.keys()
    needed = set().union(*(SCOPES[method] for method in used), {"commands", "app_mentions:read"})
    assert manifest.scopes() == needed


def test_the_manifest_subscribes_to_the_events_that_are_listened_to() -> None:
    heard = {event for text in sources() for event in re.findall(r'app\.event\("(\w+)"\)', text)}
    assert {event.partition(".")[0] for event in manifest.events()} == heard == HEARD


def test_the_manifest_switches_on_what_the_code_expects() -> None:
    found = manifest.manifest()
    assert [command["command"] for command in found["features"]["slash_commands"]] == ["/migrate"]
    assert found["settings"]["interactivity"]["is_enabled"]
    assert found["settings"]["socket_mode_enabled"]
    assert found["features"]["app_home"]["home_tab_enabled"]


def test_the_bot_process_loads_nothing_heavy() -> None:
    code = f"import sys, json, bot.__main__, bot.process; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


async def test_a_crashed_process_comes_back_and_all_stop_together(tmp_path: Path) -> None:
    log = tmp_path / "log"
    crashing = f"open({str(log)!r}, 'a').write('x'); raise SystemExit(3)"
    staying = "import time; time.sleep(60)"
    stopping = asyncio.Event()
    children = (Child("crashing", ("-c", crashing), {}), Child("staying", ("-c", staying), {}))
    running = asyncio.create_task(supervise(children, stopping))

    async def came_back() -> bool:
        return log.exists() and len(log.read_text()) >= 2

    await eventually(came_back, 20)
    stopping.set()
    await asyncio.wait_for(running, 20)
    assert children[1].process
    assert children[1].process.returncode is not None


def test_a_missing_token_is_a_sentence_and_exit_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    done = subprocess.run([sys.executable, "-m", "bot", "bot"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "SLACK_BOT_TOKEN is missing" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_empties_only_a_folder_of_its_own(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    demo.fresh(home)
    (home / "app.db").write_text("x")
    demo.fresh(home)
    assert not (home / "app.db").exists()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="--home"):
        demo.fresh(mine)
    assert (mine / "thesis.txt").exists()


async def test_the_doctor_asks_whether_a_model_can_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    refused = error(404, "ResourceNotFoundException", "This model version has reached the end of its life.")
    async with bedrock({"a.alive": [answered("H")], "a.gone": [refused]}) as peer:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", peer.url)
        cli = CliRunner()
        ask = ["doctor", "--region", "eu-west-1", "--model"]
        yes = await asyncio.to_thread(cli.invoke, app, [*ask, "bedrock:a.alive"])
        no = await asyncio.to_thread(cli.invoke, app, [*ask, "bedrock:a.gone"])
    assert (yes.exit_code, yes.output) == (0, "bedrock:a.alive can be called in eu-west-1.\n")
    assert no.exit_code == 1
    assert "cannot be called in eu-west-1 (unknown_model): This model version has reached the end of its life" in no.output


async def test_the_doctor_finds_a_healthy_app_healthy_and_names_a_bad_token(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = {"openai_key": SecretStr("sk-hidden"), "openai_servers": SecretStr('{"https://api.mistral.ai/v1": "hidden"}')}
    assert await examine(settings_for(workspace, tmp_path)) == 0
    settings = settings_for(workspace, tmp_path).model_copy(update=keys)
    assert await examine(settings) == 0
    told = capsys.readouterr().out
    assert "OPENAI_API_KEY is not set: openai:<model> needs it" in told
    assert "OPENAI_API_KEY is set; it is for https://api.openai.com/v1." in told
    assert "FERRY_OPENAI_SERVERS names https://api.mistral.ai/v1." in told
    assert "hidden" not in told
    workspace.faults.add(Fault(kind="refuse", method="auth.test", error="invalid_auth"))
    assert await examine(settings) == 1
    assert "SLACK_BOT_TOKEN does not work: Slack answers invalid_auth" in capsys.readouterr().out
    assert workspace.person(REQUESTER)
