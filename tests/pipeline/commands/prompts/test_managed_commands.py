"""`ferry prompts publish`, `fetch` and `rollback` on files against the peer."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.__main__ import app
from tests.pipeline.prompts.managed.peer import Peer, peer

CLI = CliRunner()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


async def ferry(at: Peer, *words: str) -> Result:
    reach = ["--endpoint-url", at.url, "--region", "us-east-1"]
    return await asyncio.to_thread(lambda: CLI.invoke(app, ["prompts", *words, *reach]))


def written(folder: Path, text: str) -> str:
    path = folder / f"{len(text)}.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


async def test_there_and_back_and_back_again(tmp_path: Path) -> None:
    first, second = written(tmp_path, "Sort {question}"), written(tmp_path, "Sort {question} with care")
    named = ["--name", "support", "--target", "bedrock:amazon.nova-lite-v1:0"]
    async with peer() as at:
        made = await ferry(at, "publish", first, *named, "--tag", "team=support")
        assert made.exit_code == 0, made.output
        assert "Published: support version 1, prompt " in made.stdout
        assert "Already there: support version 1" in (await ferry(at, "publish", first, *named)).stdout
        await ferry(at, "publish", second, *named)
        fetched = await ferry(at, "fetch", "support:1", "-o", str(tmp_path / "back.json"))
        assert "is in" in fetched.stdout
        same = CLI.invoke(app, ["prompts", "diff", first, str(tmp_path / "back.json")])
        assert "equal" in same.stdout or "parameters" in same.stdout
        back = await ferry(at, "rollback", "support")
        assert "The draft is support version 1" in back.stdout
        assert ":1\n" in back.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "a b"], "cannot be the name"),
        (["--name", "a", "--target", "openai:gpt-4o"], "Give bedrock:<model id>"),
        (["--name", "a", "--tag", "team"], '"team" is no tag'),
        (["--name", "a", "--tag", "=x"], '"=x" is no tag'),
    ],
)
async def test_errors_are_sentences(tmp_path: Path, words: list[str], said: str) -> None:
    async with peer() as at:
        refused = await ferry(at, "publish", written(tmp_path, "Sort {question}"), *words)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert not at.prompts
