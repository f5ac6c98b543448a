"""`ferry run` and `ferry prompts lint` on samples with images: from an archive to answers, or to the sentence why not."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.files import read_run
from tests.pipeline.attachments.made import archive, image

COLORS = ("red", "green", "blue", "black", "white", "gray")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = [f"s{at},Colour?,{color}.png,{color}" for at, color in enumerate(COLORS)]
    table = "\n".join(["sample_id,question,photo,answer_ground_truth", *lines])
    archive(tmp_path / "data.zip", {"data.csv": table, **{f"{color}.png": image(color) for color in COLORS}})
    (tmp_path / "prompt.txt").write_text("{photo} {question}")
    (tmp_path / "script.json").write_text(json.dumps({"default": "red", "takes": ["image"]}))
    return tmp_path


def ferry(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(args), env={"COLUMNS": "300"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join((result.stdout + result.stderr).split())


def run(model: str, *more: str) -> tuple[int, str]:
    return ferry("run", "data.zip", "--model", model, "--prompt", "prompt.txt", "-o", "out.jsonl", *more)


def test_an_archive_is_answered_and_its_files_are_kept_once(place: Path) -> None:
    assert run("scripted:script.json")[0] == 0
    assert {output.text for output in read_run(place / "out.jsonl").outputs} == {"red"}
    kept = {path.name for path in (place / ".ferry" / "files").iterdir()}
    assert len(kept) == len(COLORS)
    assert "iVBOR" not in (place / "out.jsonl").read_text(), "bytes stay out of files of outputs"
    assert run("scripted:script.json", "--split", "dev")[0] == 2
    assert {path.name for path in (place / ".ferry" / "files").iterdir()} == kept


@pytest.mark.parametrize(
    ("model", "more", "said"),
    [
        ("bedrock:amazon.nova-micro-v1:0", (), "No call was made. The samples hold images"),
        ("bedrock:amazon.nova-lite-v1:0", ("--temperature", "1.7"), "The temperature 1.7 is outside 0 to 1"),
        ("bedrock:amazon.nova-lite-v1:0", ("--max-tokens", "20000"), "gives at most 10,000"),
        ("openai:gpt-5", ("--temperature", "0.3"), "takes neither temperature nor top_p; leave them out"),
    ],
)
def test_what_would_be_refused_stops_before_a_call(place: Path, model: str, more: tuple[str, ...], said: str) -> None:
    code, told = run(model, *more)
    assert (code, said in told) == (2, True), told
    assert not (place / "out.jsonl").exists()


def test_the_lint_says_what_samples_a_target_does_not_take(place: Path) -> None:
    facts = {"context": 20, "takes": ["image"], "source": "a test", "date": "2026-11-01"}
    (place / "facts.json").write_text(json.dumps({"bedrock:small": {"input": 1, "output": 1, "facts": facts}}))
    (place / "prompt.txt").write_text("{photo} {question} " + "and then " * 30)
    given = ("prompts", "lint", "prompt.txt", "--dataset", "data.zip", "--prices", "facts.json")
    code, told = ferry(*given, "--target", "bedrock:small")
    assert (code, "6 of 6 samples (s0, s1, s2, s3, s4 and 1 more) are surely too long for bedrock:small" in told) == (1, True), (
        told
    )
    code, told = ferry(*given, "--target", "bedrock:amazon.nova-micro-v1:0")
    assert (code, "input-kind" in told) == (1, True)
    assert ferry(*given, "--target", "bedrock:amazon.nova-lite-v1:0")[0] == 0
