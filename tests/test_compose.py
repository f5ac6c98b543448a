"""compose.yaml, which no engine starts here: its services start what exists, its settings are Ferry's, and nothing is secret."""

import re
from pathlib import Path
from typing import Any

import yaml

import bot.__main__  # noqa: F401  adds the commands of the processes to the app
from bot.settings import SlackSettings
from pipeline.__main__ import app

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if name != "database"}
OF_COMPOSE = {"FERRY_DATABASE_PASSWORD", "FERRY_DATABASE_ADDRESS", "FERRY_DATABASE_HOST", "FERRY_HOST_NAME"}


def test_there_are_a_bot_two_workers_and_a_database() -> None:
    commands = [service["command"] for service in OURS.values()]
    assert sorted(commands) == [["ferry", "bot"], ["ferry", "worker"], ["ferry", "worker"]]
    known = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert {command[1] for command in commands} <= known


def test_images_are_pinned_or_built_here() -> None:
    assert re.fullmatch(r"postgres:\d+\.\d+-\w+", SERVICES["database"]["image"])
    assert all((service["image"], service["build"]) == ("ferry:local", ".") for service in OURS.values())
    assert (ROOT / "Dockerfile").exists()


def test_every_service_is_looked_after() -> None:
    for service in SERVICES.values():
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"
    for service in OURS.values():
        assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
        assert service["stop_grace_period"] == "30s"


def test_names_and_data_folders_are_each_worker_s_own() -> None:
    names = [s["environment"]["FERRY_WORKER_NAME"] for s in OURS.values() if "FERRY_WORKER_NAME" in s["environment"]]
    assert names == ["${FERRY_HOST_NAME:-a}-1", "${FERRY_HOST_NAME:-a}-2"]
    folders = [volume for service in OURS.values() for volume in service["volumes"]]
    assert len(set(folders)) == len(folders) == len(OURS)
    assert all(folder.endswith(":/data") for folder in folders)


def test_the_settings_exist_and_are_documented() -> None:
    used = set(re.findall(r"\bFERRY_[A-Z_]+\b", TEXT))
    known = {f"FERRY_{name.upper()}" for name in SlackSettings.model_fields}
    assert used <= known | OF_COMPOSE
    documented = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in sorted(used) if name not in documented] == []


def test_secrets_come_from_a_file_that_no_repository_holds() -> None:
    assert all(service["env_file"] == "ferry.env" for service in OURS.values())
    assert "ferry.env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert SERVICES["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${FERRY_DATABASE_PASSWORD:?")
    assert SERVICES["database"]["ports"] == ["${FERRY_DATABASE_ADDRESS:-127.0.0.1}:5432:5432"]
