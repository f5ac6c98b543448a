"""`ferry evaluate` on files against the peer: scores, reasons, a rerun that goes on with the same jobs, sentences for errors."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.__main__ import app
from pipeline.commands.evaluate import USUAL
from pipeline.commands.files import read_scores
from tests.pipeline.aws.wire import BUCKET, Fault
from tests.pipeline.commands.files_of_runs import dataset, run
from tests.pipeline.metrics.evaluations.peer import ROLE, Peer, peer

CLI = CliRunner()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def files(folder: Path, test: int = 12) -> tuple[str, str, str]:
    frozen = dataset(folder, test=test)
    prompt = folder / "prompt.txt"
    prompt.write_text("Intent of: {question}", encoding="utf-8")
    return str(frozen), str(run(frozen, "some", lambda i, s: None if i == 0 else "" if i == 1 else s.reference)), str(prompt)


async def evaluate(at: Peer, given: tuple[str, str, str], out: Path, *more: str) -> Result:
    frozen, outputs, prompt = given
    words = ["evaluate", frozen, outputs, "--prompt", prompt, "--role", ROLE, "--bucket", f"s3://{BUCKET}/x", "--every", "0.01"]
    reach = ["--endpoint-url", at.url, "--region", "us-east-1", "-o", str(out)]
    return await asyncio.to_thread(lambda: CLI.invoke(app, [*words, *reach, *more]))


async def test_outputs_are_scored_and_what_was_not_sent_says_why(tmp_path: Path) -> None:
    given, out = files(tmp_path), tmp_path / "scores.jsonl"
    async with peer(judge=lambda record, metric: 0.5) as at:
        done = await evaluate(at, given, out)
    assert done.exit_code == 0, done.output
    scores = read_scores(out).scores
    assert [s.metric for s in scores[:3]] == list(USUAL)
    assert len(scores) == 36
    assert [s.unscored.partition(":")[0] for s in scores[:6:3] if s.unscored] == [
        "call failed (throttled)",
        "second opinion empty",
    ]
    assert {s.value for s in scores[6:]} == {0.5}
    assert "under way" in done.stderr
    assert "10 of 12" in done.stdout
    assert at.lines(next(iter(at.jobs)))[0]["prompt"] == "Intent of: message 6"


async def test_the_same_command_again_goes_on_with_the_same_jobs(tmp_path: Path) -> None:
    given, out = files(tmp_path), tmp_path / "scores.jsonl"
    async with peer(faults={"CreateEvaluationJob": [Fault("ThrottlingException", 429, lost=True)]}) as at:
        first = await evaluate(at, given, out, "-m", "bedrock_refusal")
        assert "busy" in first.stderr
        written = out.read_bytes()
        assert (await evaluate(at, given, out, "-m", "bedrock_refusal")).exit_code == 0
        assert len(at.jobs) == 1
        assert out.read_bytes() == written
        await evaluate(at, given, out, "-m", "bedrock_refusal", "--attempt", "2")
        assert len(at.jobs) == 2


async def test_more_than_a_thousand_answers_are_several_jobs(tmp_path: Path) -> None:
    given, out = files(tmp_path, test=1004), tmp_path / "scores.jsonl"
    async with peer() as at:
        assert (await evaluate(at, given, out, "-m", "bedrock_coherence")).exit_code == 0
        assert [len(at.lines(name)) for name in at.jobs] == [1000, 2]
    assert sum(s.value is not None for s in read_scores(out).scores) == 1002


@pytest.mark.parametrize(
    ("more", "faults", "words"),
    [
        (["-m", "bleurt"], {}, "no metric called bleurt"),
        (["--role", "me"], {}, "ARN of a role"),
        (["--bucket", "answers"], {}, "s3://bucket/prefix"),
        ([], {"CreateEvaluationJob": [Fault("AccessDeniedException", 403, "not authorized")]}, "PassRole"),
    ],
)
async def test_what_cannot_be_asked_is_one_sentence(tmp_path: Path, more: list[str], faults: Any, words: str) -> None:
    out = tmp_path / "scores.jsonl"
    async with peer(faults=faults) as at:
        done = await evaluate(at, files(tmp_path), out, *more)
    assert done.exit_code == 2
    assert words in done.stderr
    assert not out.exists()


async def test_a_failed_job_leaves_reasons_and_the_way_to_ask_anew(tmp_path: Path) -> None:
    out = tmp_path / "scores.jsonl"
    async with peer(life=["Failed"], failures=["The role cannot read."]) as at:
        done = await evaluate(at, files(tmp_path), out, "-m", "bedrock_refusal")
    assert "--attempt 2" in done.stderr
    assert "The role cannot read" in (read_scores(out).scores[-1].unscored or "")


def test_ferry_score_sends_people_here(tmp_path: Path) -> None:
    frozen, outputs, _ = files(tmp_path)
    done = CLI.invoke(app, ["score", frozen, outputs, "-m", "bedrock_refusal", "-o", str(tmp_path / "s.jsonl")])
    assert done.exit_code == 2
    assert "ferry evaluate" in done.stderr
