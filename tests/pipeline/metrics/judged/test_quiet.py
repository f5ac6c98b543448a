"""Ragas and DeepEval say, send, read and write nothing, and no process that talks to Slack loads them."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from pipeline.metrics.judge.port import Tab
from pipeline.metrics.judged import deepeval, quiet, ragas

ROOT = Path(__file__).parents[4]
HEAVY = ("ragas", "deepeval", "langchain", "langchain_community", "openai", "instructor", "datasets")
pytestmark = pytest.mark.xdist_group("frameworks")


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """A Python process in `folder` that knows nothing of this one's environment but where the project is."""
    for name in ("home", "temporary"):
        (folder / name).mkdir()
    environment = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "temporary"), "PYTHONPATH": str(ROOT)}
    environment |= {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *args], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def clean_room(folder: Path, *hidden: str) -> dict[str, Any]:
    (folder / ".env").write_text("AWS_ACCESS_KEY_ID=planted\nAWS_SECRET_ACCESS_KEY=planted\nPLANTED_BY=env\n")
    (folder / ".env.local").write_text("PLANTED_BY=env.local\n")
    (folder / ".deepeval").write_text(json.dumps({"PLANTED_BY": "keyfile", "OPENAI_API_KEY": "planted"}))
    given = sorted(folder.iterdir())
    done = run(folder, "-m", "tests.pipeline.metrics.judged.clean_room", *hidden)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1, f"something was printed: {done.stdout[:500]}"
    assert [path for path in sorted(folder.rglob("*")) if path not in given] == [folder / "home", folder / "temporary"]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_every_metric_runs_without_a_packet_a_file_or_a_word(tmp_path: Path) -> None:
    report = clean_room(tmp_path)
    assert report["seen"] == []
    assert report["keys"] == []
    assert len(report["scores"]) == len(ragas.METRICS) + len(deepeval.METRICS)
    assert [name for name, score in report["scores"].items() if not isinstance(score, float)] == []


@pytest.mark.parametrize("missing", ["langchain_community", "langchain_community.chat_models.vertexai"])
def test_ragas_works_where_langchain_community_has_no_vertexai(tmp_path: Path, missing: str) -> None:
    hidden = [missing, "langchain_community.llms.vertexai"]
    assert clean_room(tmp_path, *hidden)["scores"]["ragas_answer_precision"] == 0.5


def test_no_module_of_the_project_loads_them(tmp_path: Path) -> None:
    """Every module there is, the bot's among them: whatever a process imports, the libraries come with the first judged cell."""
    script = (
        "import importlib, pkgutil, sys\n"
        "for package in ('pipeline', 'db', 'agent', 'bot'):\n"
        "    root = importlib.import_module(package)\n"
        "    for found in pkgutil.walk_packages(root.__path__, package + '.'):\n"
        "        if 'versions' not in found.name: importlib.import_module(found.name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = run(tmp_path, "-c", script)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_the_versions_a_score_names_are_those_that_are_pinned_and_installed() -> None:
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for library in (ragas.LIBRARY, deepeval.LIBRARY):
        name, number = library.split()
        assert f"{name}=={number}" in pins
        assert version(name) == number


def test_switches_are_set_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPEVAL_DISABLE_DOTENV", "0")
    monkeypatch.setenv("DEEPEVAL_FILE_SYSTEM", "READ_ONLY")
    for name in quiet.SWITCHES:
        monkeypatch.setenv(name, "as people like it")
    with quiet.silence():
        assert {name: os.environ[name] for name in quiet.SWITCHES} == dict(quiet.SWITCHES)
        assert "DEEPEVAL_FILE_SYSTEM" not in os.environ


async def test_a_library_is_loaded_once_while_the_loop_goes_on_and_no_deadline_runs() -> None:
    loads, told = list[bool](), threading.Event()

    def slow() -> str:
        loads.append(told.wait(10))  # for something only the loop does
        return "library"

    loaded = quiet.loader(slow)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(_within(0.1, loaded)) for _ in range(3)]
        await asyncio.sleep(0.15)
        told.set()
    assert ([task.result() for task in waiting], loads) == (["library"] * 3, [True])


async def _within(limit_s: float, loaded: Callable[[Tab], Awaitable[str]]) -> str:
    """Loaded within a cell whose deadline is shorter than the loading."""
    tab = Tab()
    async with asyncio.timeout(limit_s) as tab.limit:
        return await loaded(tab)
