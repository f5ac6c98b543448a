"""`ferry convert` on files: what is written, what is told, and how it refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.dataset.storage import dump
from pipeline.prompts.template import parse_prompt
from pipeline.records import Dataset, Split, Syntax
from tests.pipeline.prompts.asks import BASE, LLAMA, dev


def ferry(*args: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def prompt(folder: Path, text: str = "Sort it.\n\nMessage: {question}\nIntent:") -> Path:
    path = folder / "prompt.txt"
    path.write_text(text)
    return path


def dataset(folder: Path) -> Path:
    path = folder / "data.jsonl"
    dump(Dataset(samples=dev(), splits={s.id: Split.DEV for s in dev()}), path)
    return path


def scripted(folder: Path) -> Path:
    path = folder / "model.json"
    path.write_text(json.dumps({"matches": [["", "delivery"]]}))
    return path


def test_each_candidate_is_a_file_that_can_be_run(tmp_path: Path) -> None:
    out = tmp_path / "out"
    use = ("--use-case", "classification", "--dataset", dataset(tmp_path))
    code, said = ferry("convert", prompt(tmp_path), "--target", BASE, *use, "-o", out)
    assert code == 0
    found = json.loads((out / "candidates.json").read_text())
    assert [c["file"] for c in found] == ["1-as-is.txt", "2-format-fixed.txt", "3-few-shot.txt"]
    assert found[2]["shots"] == ["s6", "s5", "s8", "s3"]
    assert found[1]["parameters"]["stop"] == ["\n"]
    shown = (out / "3-few-shot.txt").read_text()
    assert "Message: late parcel\nIntent: delivery" in shown
    assert parse_prompt(shown).user == shown
    assert "examples: 4 dev samples shown" in " ".join(said.split())


def test_a_refusal_is_told_and_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said = ferry("convert", prompt(tmp_path, "<freeze>Sort {question}"), "--target", "recorded:x", "-o", out)
    assert code == 0
    assert "refused: A <freeze> mark has no matching </freeze>" in " ".join(said.split())
    assert "matching" in json.loads((out / "candidates.json").read_text())[0]["refusal"]


def test_optimize_prompt_that_cannot_be_reached_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    out, text = tmp_path / "out", "# Task\nSort this message of a customer: {question}"
    nowhere = ("--endpoint-url", "http://127.0.0.1:9", "--region", "us-east-1")
    code, said = ferry("convert", prompt(tmp_path, text), "--target", LLAMA, *nowhere, "-o", out)
    assert code == 0
    refused = [c for c in json.loads((out / "candidates.json").read_text()) if c["refusal"]]
    assert [(c["method"], c["file"]) for c in refused] == [("OptimizePrompt", "")]
    assert not list(out.glob("*optimizeprompt*"))
    assert "OptimizePrompt: (not written) refused: " in " ".join(said.split())
    model = ("--dataset", dataset(tmp_path), "--model", f"scripted:{scripted(tmp_path)}", "-m", "exact_match", "--json")
    code, said = ferry("prompts", "measure", out, *model)
    assert (code, [one["n"] for one in json.loads(said) if one["method"] == "OptimizePrompt"]) == (0, [0])


def test_a_system_prompt_has_a_file_of_its_own(tmp_path: Path) -> None:
    system = tmp_path / "system.txt"
    system.write_text("Be kind.")
    out = tmp_path / "out"
    ferry("convert", prompt(tmp_path), "--target", "recorded:claude-sonnet-5", "--system", system, "-o", out)
    assert (out / "1-as-is.system.txt").read_text() == "Be kind."


def test_an_unclear_file_says_its_syntax(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ferry("convert", prompt(tmp_path, "syntax: {{x}}\n{a} {{question}}"), "--target", "recorded:x", "-o", out)
    assert parse_prompt((out / "1-as-is.txt").read_text()).syntax is Syntax.DOUBLE


def test_what_cannot_be_used_is_a_sentence_and_exit_code_2(tmp_path: Path) -> None:
    code, said = ferry("convert", prompt(tmp_path), "--target", "gpt-9", "-o", tmp_path / "out")
    assert code == 2
    assert "provider:name" in said
    code, said = ferry("convert", prompt(tmp_path, "Sort it."), "--target", BASE, "-o", tmp_path / "out")
    assert code == 2
    assert "marks no variable" in said
    assert not (tmp_path / "out").exists()
