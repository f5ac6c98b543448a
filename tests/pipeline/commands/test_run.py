"""`ferry run` on files, in its own process where a signal matters."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.files import ScoresFile, prompt_of_run, read_run, read_scores, write_scores
from pipeline.dataset import storage
from pipeline.errors import InputError
from pipeline.records import Dataset, RecordedOutput, Sample, Score, Split

N = 30


@pytest.fixture
def place(tmp_path: Path) -> Path:
    samples = tuple(
        Sample(id=f"s{i:02}", variables={"question": f"number {i}"}, recorded=RecordedOutput(text=f"recorded {i}"))
        for i in range(N)
    )
    splits = {s.id: Split.TEST if i < N - 5 else Split.DEV for i, s in enumerate(samples)}
    storage.dump(Dataset(samples=samples, splits=splits), tmp_path / "data.jsonl")
    (tmp_path / "prompt.txt").write_text("Q: {question}\nA:")
    script(tmp_path)
    return tmp_path


def script(place: Path, **changes: Any) -> None:
    content = {"default": "yes", "log": str(place / "calls"), "concurrency": 2, **changes}
    (place / "script.json").write_text(json.dumps(content))


def arguments(place: Path, *more: str) -> list[str]:
    model, prompt = f"scripted:{place / 'script.json'}", str(place / "prompt.txt")
    return ["run", str(place / "data.jsonl"), "--model", model, "--prompt", prompt, "-o", str(place / "out.jsonl"), *more]


def ferry(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(args))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stderr


def calls(place: Path) -> list[str]:
    return (place / "calls").read_text().split()


def test_every_sample_of_the_split_gets_a_line_that_says_all(place: Path) -> None:
    assert ferry(*arguments(place))[0] == 0
    run = read_run(place / "out.jsonl")
    assert {o.sample_id for o in run.outputs} == {f"s{i:02}" for i in range(N - 5)}
    assert (run.key.split, run.key.model, {o.text for o in run.outputs}) == (
        Split.TEST,
        f"scripted:{place / 'script.json'}",
        {"yes"},
    )
    dataset = storage.load(place / "data.jsonl")
    assert run.input_hashes == {s.id: s.input_hash for s in dataset.in_split(Split.TEST)}


def test_a_second_run_asks_nothing_and_a_torn_line_is_asked_again(place: Path) -> None:
    ferry(*arguments(place))
    out = place / "out.jsonl"
    whole = out.read_bytes()
    assert ferry(*arguments(place))[0] == 0
    assert (out.read_bytes(), len(calls(place))) == (whole, N - 5)
    out.write_bytes(whole[:-20])
    assert ferry(*arguments(place))[0] == 0
    assert len(calls(place)) == N - 4
    assert len(read_run(out).outputs) == N - 5


def test_failures_are_counted_kept_and_asked_again_on_request(place: Path) -> None:
    answers = {f"s{i:02}": "yes" for i in range(20)}
    script(place, default=None, answers=answers)
    code, said = ferry(*arguments(place))
    assert code == 1
    assert "5 of 25 samples failed (5 not_recorded)" in said
    script(place)
    assert ferry(*arguments(place))[0] == 0
    assert len(calls(place)) == 25
    assert ferry(*arguments(place), "--retry-failed")[0] == 0
    assert len(calls(place)) == 30
    assert [o for o in read_run(place / "out.jsonl").outputs if o.failure] == []


@pytest.mark.parametrize("change", [["--split", "dev"], ["--max-tokens", "9"]])
def test_a_file_begun_with_something_else_is_not_mixed(place: Path, change: list[str]) -> None:
    ferry(*arguments(place))
    code, said = ferry(*arguments(place, *change))
    assert code == 2
    assert "was begun with another model, prompt or split" in said


def test_a_dataset_that_changed_is_not_mixed(place: Path) -> None:
    ferry(*arguments(place))
    data = place / "data.jsonl"
    data.write_text(data.read_text().replace("number 3", "another question"))
    code, said = ferry(*arguments(place))
    assert code == 2
    assert "has changed" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--model", "gpt-4o"], "does not name a model"),
        (["--prompt", "nowhere.txt"], "There is no prompt at nowhere.txt"),
        (["--system", "nowhere.txt"], "There is no system prompt at nowhere.txt"),
    ],
)
def test_what_a_person_got_wrong_is_a_sentence(place: Path, change: list[str], said: str) -> None:
    code, message = ferry(*arguments(place, *change))
    assert code == 2
    assert said in message


def test_a_prompt_asking_for_what_the_dataset_lacks_calls_nobody(place: Path) -> None:
    (place / "prompt.txt").write_text("Q: {frage}")
    code, message = ferry(*arguments(place))
    assert code == 2
    assert "frage" in message
    assert not (place / "calls").exists()


def test_without_a_prompt_the_recorded_one_is_used_or_asked_for(place: Path) -> None:
    out, table = str(place / "o.jsonl"), place / "data.csv"
    table.write_text(
        "question,prompt_source_llm,answer_ground_truth\n" + "".join(f"Is {i} even?,Say: {{question}},yes\n" for i in range(9))
    )
    model = f"scripted:{place / 'script.json'}"
    assert ferry("run", str(table), "--model", model, "-o", out)[0] == 0
    code, message = ferry("run", str(place / "data.jsonl"), "--model", model, "-o", str(place / "p.jsonl"))
    assert code == 2
    assert "--prompt FILE" in message


def test_recorded_outputs_need_no_prompt(place: Path) -> None:
    out = place / "recorded.jsonl"
    assert ferry("run", str(place / "data.jsonl"), "--model", "recorded:gpt-4o", "-o", str(out))[0] == 0
    assert {o.text for o in read_run(out).outputs} == {f"recorded {i}" for i in range(N - 5)}


def test_ctrl_c_leaves_a_file_that_the_same_command_continues(place: Path) -> None:
    script(place, latency_s=0.2)
    process = subprocess.Popen([sys.executable, "-m", "pipeline", *arguments(place)], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (place / "out.jsonl").exists() or (place / "out.jsonl").read_bytes().count(b"\n") < 2:  # the prompt, an output
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    there = len(read_run(place / "out.jsonl").outputs)
    assert (process.returncode, 0 < there < N - 5) == (130, True)
    assert "Interrupted" in said
    assert "Traceback" not in said
    asked = len(calls(place))
    script(place)
    assert ferry(*arguments(place))[0] == 0
    assert len(read_run(place / "out.jsonl").outputs) == N - 5
    assert (asked - there <= 4, len(calls(place)) - asked) == (True, N - 5 - there)


def test_files_of_something_else_are_refused_by_line(place: Path) -> None:
    (place / "out.jsonl").write_text('{"sample_id": "s1"}\n')
    code, message = ferry(*arguments(place))
    assert code == 2
    assert "Line 1" in message


def test_scores_are_written_and_read_back(place: Path) -> None:
    ferry(*arguments(place))
    run = read_run(place / "out.jsonl")
    scores = [
        Score(sample_id="s01", metric="exact_match", value=1.0),
        Score(sample_id="s02", metric="x", value=None, unscored="why"),
    ]
    write_scores(place / "scores.jsonl", run.key, scores)
    assert read_scores(place / "scores.jsonl") == ScoresFile(key=run.key, scores=tuple(scores))
    with pytest.raises(InputError, match="There is no file of scores"):
        read_scores(place / "nowhere.jsonl")


def test_turns_and_tools_of_a_prompts_file_are_sent(place: Path) -> None:
    tool = {"name": "look.up", "parameters": {"type": "dict", "properties": {}}}
    body = {
        "messages": [
            {"role": "user", "content": "Q: zero"},
            {"role": "assistant", "content": "none"},
            {"role": "user", "content": "Q: {question}"},
        ],
        "tools": [{"type": "function", "function": tool}],
        "max_tokens": 7,
    }
    (place / "prompt.txt").write_text(json.dumps(body))
    script(place, calls={"s00": [{"name": "look_up", "input": {"n": 0}}]})
    assert ferry(*arguments(place, "--temperature", "0.5"))[0] == 0
    prompt = prompt_of_run(place / "out.jsonl")
    assert prompt is not None
    assert [turn.text for turn in prompt.turns] == ["Q: zero", "none"]
    assert (prompt.parameters.max_tokens, prompt.parameters.temperature) == (7, 0.5)
    assert prompt.tools is not None
    assert [(t.name, t.schema) for t in prompt.tools.tools] == [("look_up", '{"properties":{},"type":"object"}')]
    outputs = {output.sample_id: output for output in read_run(place / "out.jsonl").outputs}
    assert (outputs["s00"].tool_calls, outputs["s01"].text) == (('{"input":{"n":0},"name":"look_up"}',), "yes")


def test_turns_and_tools_beside_a_plain_prompt(place: Path) -> None:
    (place / "turns.json").write_text(json.dumps([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]))
    (place / "tools.json").write_text(json.dumps([{"name": "look"}]))
    beside = ("--turns", str(place / "turns.json"), "--tools", str(place / "tools.json"), "--stop", "\\n")
    assert ferry(*arguments(place, *beside))[0] == 0
    prompt = prompt_of_run(place / "out.jsonl")
    assert prompt is not None
    assert [turn.text for turn in prompt.turns] == ["a", "b"]
    assert prompt.parameters.stop == ("\n",)
    assert prompt.tools is not None
    code, said = ferry(*arguments(place, "--tools-column", "tools"))
    assert (code, "begun with another model, prompt or split" in " ".join(said.split())) == (2, True)
