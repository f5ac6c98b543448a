"""`ferry prompts round` and `effect` on files: from a scored dev run to a candidate, its run, and the measured effect."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.dataset.storage import dump
from pipeline.prompts.importers.ferry_version import dumps, loads
from pipeline.records import Dataset, PromptVersion, Split, Step, Syntax, Turn
from tests.pipeline.commands.test_convert_command import ferry, prompt
from tests.pipeline.prompts.asks import TEXTS, dev

MODEL = "scripted:{}"
USE = ("--use-case", "classification", "-m", "exact_match")


def script(folder: Path) -> str:
    """A model that talks around the answer unless it is asked for the text only, and then gets one message wrong."""
    rules = [[f"text only.*{text}", label] for label, texts in TEXTS.items() for text in texts if text != "late parcel"]
    rules += [["Be brief.*late parcel", "delivery"], ["text only.*late parcel", "refund"]]
    rules += [[text, f"The intent is {label}."] for label, texts in TEXTS.items() for text in texts]
    path = folder / "script.json"
    path.write_text(json.dumps({"matches": rules}))
    return f"scripted:{path}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    samples = dev()
    dump(Dataset(samples=samples, splits={s.id: Split.DEV for s in samples}), path)
    return path


def run(data: Path, model: str, with_prompt: Path, name: str) -> Path:
    out = data.with_name(name)
    code, said = ferry("run", data, "--model", model, "--split", "dev", "--prompt", with_prompt, "-o", out)
    assert code == 0, said
    return out


def rounds(data: Path, outputs: Path, model: str, *more: object) -> tuple[int, str]:
    given = ("--outputs", outputs, "--dataset", data, "--target", model, *USE)
    return ferry("prompts", "round", data.with_name("prompt.txt"), *given, *more)


def test_a_round_from_a_run_to_its_measured_effect(data: Path, tmp_path: Path) -> None:
    model, first = script(tmp_path), prompt(tmp_path)
    before = run(data, model, first, "before.jsonl")
    code, said = rounds(data, before, model, "--technique", "instruction", "--json")
    assert code == 0
    proposal = json.loads(said)["proposals"][0]
    assert proposal["words"] == "Answer with the text only: no explanation, no quotation marks."
    assert len(proposal["sample_ids"]) == 8
    candidate = tmp_path / "candidate.json"
    code, said = rounds(data, before, model, "--technique", "instruction", "--apply", candidate)
    assert code == 0
    assert loads(candidate.read_text(), "candidate").method == "instruction"
    after = run(data, model, candidate, "after.jsonl")
    code, said = ferry("prompts", "effect", before, after, "--dataset", data, *USE, "--json")
    assert code == 0
    found = json.loads(said)
    assert (found["keep"], found["sentence"]) == (
        True,
        "Keep: 7 samples got better, most in “the right answer with words around it” (7 of 8).",
    )
    code, said = ferry("prompts", "effect", after, before, "--dataset", data, *USE)
    assert code == 0
    assert "Revert: on all of dev the score fell by 0.875" in " ".join(said.split())


def test_a_step_goes_with_the_version_into_the_next_run(data: Path, tmp_path: Path) -> None:
    model, first = script(tmp_path), prompt(tmp_path)
    before, candidate = run(data, model, first, "before.jsonl"), tmp_path / "candidate.json"
    code, _ = rounds(data, before, model, "--technique", "post-processing", "--apply", candidate)
    assert code == 0
    assert loads(candidate.read_text(), "candidate").finish == (Step(name="one of", values=("delivery", "refund")),)
    after = run(data, model, candidate, "after.jsonl")
    texts = {json.loads(line)["output"]["text"] for line in after.read_text().splitlines()[1:]}
    assert texts == {"refund", "delivery"}


def test_what_a_person_reads(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    model, first = script(tmp_path), prompt(tmp_path)
    before = run(data, model, first, "before.jsonl")
    code, said = rounds(data, before, model, "--comment", "Be brief")
    assert code == 0
    assert "8 of 8 samples fail on dev" in said
    assert "8 failing answers stored on dev have the right form when the answer is the one allowed answer it names" in said
    assert "A reviewer says: “Be brief”" in said


def test_a_round_does_not_learn_from_test_and_refuses_what_it_cannot_do(data: Path, tmp_path: Path) -> None:
    model, first = script(tmp_path), prompt(tmp_path)
    before = run(data, model, first, "before.jsonl")
    code, said = rounds(data, before, model, "--technique", "pre-processing", "--apply", tmp_path / "x.json")
    assert (code, "There is no proposal to apply" in said) == (2, True)
    code, said = rounds(data, before, model, "--apply", tmp_path / "x.json", "--choose", "99")
    assert (code, "--choose 99 names none" in " ".join(said.split())) == (2, True)
    before.write_text(before.read_text().replace('"split":"dev"', '"split":"test"'))
    code, said = rounds(data, before, model)
    assert (code, "a round works on dev alone" in " ".join(said.split())) == (2, True)


def test_samples_that_a_text_shows_count_as_shown(data: Path, tmp_path: Path) -> None:
    shown = "Message: refund me\nIntent: refund\n\n"
    model, first = script(tmp_path), prompt(tmp_path, f"{shown}Message: {{question}}\nIntent:")
    before = run(data, model, first, "before.jsonl")
    prompt(tmp_path)
    code, said = rounds(data, before, model, "--json")
    assert code == 0
    assert "s5" not in {shot for each in json.loads(said)["proposals"] for shot in each["shots"]}
    assert {each["technique"] for each in json.loads(said)["proposals"]} >= {"instruction", "post-processing"}
    code, said = ferry("prompts", "effect", before, before, "--dataset", data, *USE)
    assert "Left out, since a prompt shows them: 1 of dev." in said


def test_a_version_survives_its_file_and_a_broken_one_is_a_sentence(tmp_path: Path) -> None:
    version = PromptVersion(
        system="a {x}",
        user="{{x}}\n",
        syntax=Syntax.DOUBLE,
        turns=(Turn(role="assistant", text="é"),),
        finish=(Step(name="fence"),),
    )
    assert loads(dumps(version), "f") == version
    path = tmp_path / "v.json"
    path.write_text(dumps(version).replace('"{{x}}"', '"{x}"'))
    code, said = ferry("prompts", "diff", path, path)
    assert (code, "equal" in said) == (0, True)
    path.write_text(dumps(version).replace('"max_tokens": 512', '"max_tokens": "many"'))
    code, said = ferry("prompts", "diff", path, path)
    assert (code, "cannot be read" in " ".join(said.split())) == (2, True)


def written_with(data: Path, tmp_path: Path, script_of: dict[str, object]) -> tuple[list[object], Path]:
    """The words of a round whose writer answers as told, on failures no words are fixed for; and the writer's log."""
    first = prompt(tmp_path, "Classify as delivery or refund.\n\nMessage: {question}\nIntent:")
    labels = {text: label for label, texts in TEXTS.items() for text in texts}
    wrong = [[text, "delivery"] for text in labels]
    path = tmp_path / "target.json"
    path.write_text(json.dumps({"matches": wrong}))
    outputs = run(data, f"scripted:{path}", first, "before.jsonl")
    writer, log = tmp_path / "writer.json", tmp_path / "writer.log"
    writer.write_text(json.dumps({**script_of, "log": str(log)}))
    told = ["prompts", "round", first, "--outputs", outputs, "--dataset", data, "--target", f"scripted:{path}", *USE]
    return [*told, "--writer", f"scripted:{writer}", "--technique", "instruction"], log


def test_a_leak_that_the_writer_insists_on_is_never_written(data: Path, tmp_path: Path) -> None:
    words, log = written_with(data, tmp_path, {"default": f"Take refund for {' '.join(TEXTS['refund'])}."})
    out = tmp_path / "candidate.json"
    code, said = ferry(*words, "--apply", out)
    assert (code, "The candidate was refused: It repeats text of" in " ".join(said.split())) == (2, True)
    assert len(log.read_text().splitlines()) == 3
    assert not list(tmp_path.glob("candidate*"))


def test_a_killed_round_goes_on_without_paying_its_writer_twice(data: Path, tmp_path: Path) -> None:
    leak, good = f"Take refund for {' '.join(TEXTS['refund'])}.", "A refund is money that shall come back."
    words, log = written_with(data, tmp_path, {"matches": [["refused so far", good]], "default": leak, "latency_s": 0.3})
    out = tmp_path / "candidate.json"
    command = [sys.executable, "-m", "pipeline", *map(str, words), "--apply", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while (not log.exists() or len(log.read_text().splitlines()) < 2) and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    code, said = ferry(*words, "--apply", out)
    assert code == 0, said
    assert good in loads(out.read_text(), "candidate").user
    assert log.read_text().splitlines() == ["round-0", "round-1", "round-1"]
    assert [path.name for path in tmp_path.glob("candidate*")] == ["candidate.json"]
