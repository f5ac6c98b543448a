"""The manifest's words are those of the code, and Slack takes them; test_processes looks at scopes and events."""

from bot import manifest
from bot.listeners.commands import COMMAND, HELP, SUB_COMMANDS


def test_the_command_is_described_as_it_works() -> None:
    (command,) = manifest.manifest()["features"]["slash_commands"]
    assert command["command"] == COMMAND
    assert command["usage_hint"] == f"[{'|'.join(SUB_COMMANDS)}] [name]"
    assert command["should_escape"] is False  # names of people and channels reach us as they are written
    assert [word for word in SUB_COMMANDS if word != "help" and f"{COMMAND} {word}" not in HELP] == []


def test_slack_takes_the_manifest() -> None:
    """Lengths of docs.slack.dev/reference/app-manifest."""
    found = manifest.manifest()
    shown = found["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert len(found["features"]["bot_user"]["display_name"]) <= 80
    (command,) = found["features"]["slash_commands"]
    assert len(command["command"]) <= 32
    assert len(command["description"]) <= 2_000
    assert len(command["usage_hint"]) <= 1_000


def test_what_is_asked_for_is_asked_for_once() -> None:
    scopes = manifest.manifest()["oauth_config"]["scopes"]["bot"]
    assert scopes == sorted(manifest.scopes())
    assert manifest.events() == {"app_home_opened", "app_mention", "message.channels", "message.groups"}
