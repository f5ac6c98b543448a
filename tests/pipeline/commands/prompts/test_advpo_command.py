"""`ferry prompts advpo` on files against the peer: a candidate, a rerun that goes on with the same job, sentences for errors."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.__main__ import app
from tests.pipeline.aws.wire import BUCKET
from tests.pipeline.commands.files_of_runs import dataset
from tests.pipeline.prompts.advpo.peer import Peer, peer

CLI = CliRunner()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("Intent of: {question}", encoding="utf-8")
    return [str(prompt), "--dataset", str(dataset(tmp_path, test=12)), "-o", str(tmp_path / "out")]


async def advpo(at: Peer, given: list[str], *more: str, bucket: str = f"s3://{BUCKET}/x") -> Result:
    words = ["prompts", "advpo", *given, "--target", "bedrock:amazon.nova-lite-v1:0", "--bucket", bucket, "--every", "0.01"]
    reach = ["--endpoint-url", at.url, "--region", "us-east-1"]
    return await asyncio.to_thread(lambda: CLI.invoke(app, [*words, *reach, *more]))


async def test_a_candidate_is_written_and_the_same_command_goes_on_with_the_same_job(given: list[str], tmp_path: Path) -> None:
    async with peer() as at:
        first = await advpo(at, given, "--once")
        assert "is under way" in first.stdout
        assert not (tmp_path / "out").exists()
        done = await advpo(at, given)
        assert done.exit_code == 0, done.output
        assert len(at.jobs) == 1
    (entry,) = json.loads((tmp_path / "out" / "candidates.json").read_text(encoding="utf-8"))
    assert (entry["method"], entry["refusal"]) == ("AdvPO", None)
    assert "{question}" in (tmp_path / "out" / entry["file"]).read_text(encoding="utf-8")
    assert "Measure it" in done.stdout


async def test_a_command_that_is_killed_before_it_knows_its_job_finds_it_again(given: list[str]) -> None:
    async with peer(made=asyncio.Event()) as at:
        words = ["prompts", "advpo", *given, "--target", "bedrock:amazon.nova-lite-v1:0", "--bucket", f"s3://{BUCKET}/x"]
        reach = ["--endpoint-url", at.url, "--region", "us-east-1"]
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "pipeline", *words, *reach)
        assert at.made
        await asyncio.wait_for(at.made.wait(), 60)
        process.kill()
        await process.wait()
        at.gone.set()
        done = await advpo(at, given)
        assert done.exit_code == 0, done.output
        assert (len(at.jobs), at.asked["Create"]) == (1, 1)


async def test_a_job_is_stopped_and_asked_anew(given: list[str]) -> None:
    async with peer(life=["InProgress"]) as at:
        assert "no such job" in (await advpo(at, given, "--stop")).stdout
        await advpo(at, given, "--once")
        assert "is being stopped" in (await advpo(at, given, "--stop")).stdout
        ended = await advpo(at, given)
        assert ended.exit_code == 2
        assert "ended as Stopped" in ended.stderr
        assert "under way" in (await advpo(at, given, "--once", "--attempt", "2")).stdout
        assert len(at.jobs) == 2


async def test_errors_are_sentences(given: list[str]) -> None:
    async with peer() as at:
        wrong = await advpo(at, given, bucket="answers")
        gone = await advpo(at, given, bucket="s3://nowhere")
    assert (wrong.exit_code, gone.exit_code) == (2, 2)
    assert "s3://bucket/prefix" in wrong.stderr
    assert "is not there" in gone.stderr
