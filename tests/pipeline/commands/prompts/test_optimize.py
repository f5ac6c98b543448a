"""`ferry prompts optimize` in a world whose best prompt is known: plan, report, budget, and a real kill that is resumed."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline.models.prices import Price
from pipeline.prompts.port import Ask
from tests.pipeline.commands.test_convert_command import ferry
from tests.pipeline.prompts.search.world import LESSONS, samples

PROMPT = "Answer from {context}.\nQ: {question}  "
IN_FLIGHT = 4


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "400")
    return made(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world whose search was never interrupted."""
    folder = made(tmp_path_factory.mktemp("whole"))
    assert ferry(*arguments(folder, "-o", folder / "out"))[0] == 0
    return folder


def made(folder: Path) -> Path:
    """A folder with the dataset, the prompt and two scripts: the target knows what it is taught, the writer teaches all of it."""
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "question", "context", "answer_ground_truth", "model_output"])
        for sample in samples(120, "row"):
            recorded = sample.recorded.text if sample.recorded else ""
            lines.writerow([sample.id, *sample.variables.values(), sample.reference, recorded])
    matches = [pair for name, lesson in LESSONS.items() for pair in knows(name, lesson)]
    script(folder, "task", {"matches": matches, "default": "BAD", "latency_s": 0.01, "concurrency": IN_FLIGHT})
    script(folder, "writer", {"default": written("Names what was needed.", *LESSONS.values())})
    (folder / "prompt.txt").write_text(PROMPT)
    return folder


def knows(name: str, lesson: str) -> list[list[str]]:
    """The target answers well where it is taught, and by itself where the number of the sample ends with 0 or 4."""
    return [[f"Q: {name} row .*{lesson}", f"GOOD {name}"], [f"Q: {name} row \\d*[04]\\b", f"GOOD {name}"]]


def written(why: str, *rules: str) -> str:
    added = "\n".join(f"- {rule}" for rule in rules)
    return f"<why>{why}</why>\n<prompt>\nAnswer from {{context}}.\nQ: {{question}}\n{added}\n</prompt>"


def script(folder: Path, name: str, told: dict[str, object]) -> None:
    (folder / f"{name}.json").write_text(json.dumps({**told, "log": str(folder / f"{name}.log")}))


def arguments(folder: Path, *more: object) -> list[str]:
    models = ("--target", f"scripted:{folder / 'task.json'}", "--writer", f"scripted:{folder / 'writer.json'}")
    given = (folder / "prompt.txt", *models, "--dataset", folder / "data.csv", "--source", "recorded:old", "--calls", 250)
    return [str(word) for word in ("prompts", "optimize", *given, *more)]


def calls(folder: Path) -> int:
    logs = (folder / f"{name}.log" for name in ("task", "writer"))
    return sum(len(log.read_bytes().splitlines()) for log in logs if log.exists())


def report_of(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "out" / "search.json").read_text())
    return told


def test_it_shows_plan_bars_gain_and_every_edit(world: Path) -> None:
    code, said = ferry(*arguments(world, "-o", world / "out", "--html"))
    assert code == 0
    for part in (
        "Budget on dev: 250 calls",
        "Credited gain on 60 test samples, winner minus format-fixed: +",
        "choosing flatters dev, so it is not what is credited",
        "gepa: Names what was needed. [GEPA, Agrawal et al. 2025",
        "+ - name the fiscal year",
    ):
        assert part in said
    told = report_of(world)
    assert [bar["role"] for bar in told["bars"]] == ["as is", "format-fixed", "winner"]
    assert told["against"] == "source"
    credited = told["credited"][0]["difference"]
    assert credited == pytest.approx(told["bars"][2]["test"]["normalised_match"] - told["bars"][1]["test"]["normalised_match"])
    assert credited != pytest.approx(told["dev_gain"])
    page = (world / "out" / "search.html").read_text()
    assert 'class="added"' in page
    assert "Names what was needed." in page
    assert not {"http://", "https://", "<script"} & {part for part in ("http://", "https://", "<script") if part in page}
    assert (world / "out" / "candidates.json").exists()


def test_the_plan_alone_calls_nobody(world: Path) -> None:
    code, said = ferry(*arguments(world, "--plan"))
    assert (code, calls(world)) == (0, 0)
    assert "one look at test" in said
    assert "the same command resumes" in said


def test_the_same_command_again_pays_nothing_and_says_the_same(world: Path) -> None:
    ferry(*arguments(world, "-o", world / "out"))
    paid, before = calls(world), report_of(world)
    code, _ = ferry(*arguments(world, "-o", world / "out"))
    assert (code, calls(world)) == (0, paid)
    assert report_of(world) == before


@pytest.mark.parametrize(("at", "how"), [(130, signal.SIGINT), (190, signal.SIGKILL)])
def test_it_goes_on_after_a_kill_without_paying_twice(world: Path, whole: Path, at: int, how: signal.Signals) -> None:
    """Stopped by Ctrl-C in GEPA, killed during the look at test: what was open is lost, nothing else is asked again."""
    command = [sys.executable, "-m", "pipeline", *arguments(world, "-o", world / "out")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while calls(world) < at and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(how)
    _, said = process.communicate()
    assert process.returncode == (130 if how is signal.SIGINT else -how)
    assert ("Stopped. The same command goes on from" in said) == (how is signal.SIGINT)
    assert at <= calls(world) < calls(whole)
    assert not (world / "out" / "search.json").exists()
    code, _ = ferry(*arguments(world, "-o", world / "out"))
    assert code == 0
    assert calls(world) <= calls(whole) + IN_FLIGHT
    found, wanted = report_of(world), report_of(whole)
    assert found["winner"] == wanted["winner"]
    assert found["credited"] == wanted["credited"]
    assert found["tried"] == wanted["tried"]


def test_more_calls_go_on_from_the_same_journal_and_a_second_look_is_told(world: Path) -> None:
    script(world, "writer", {"default": written("One lesson.", LESSONS["json"])})
    ferry(*arguments(world, "--calls", 130, "-o", world / "out"))
    first = calls(world)
    code, said = ferry(*arguments(world, "--calls", 250, "-o", world / "out"))
    assert (code, "Test was looked at before with another winner (1 so far)" in " ".join(said.split())) == (2, True)
    code, said = ferry(*arguments(world, "--calls", 250, "-o", world / "out", "--look-again", "More calls were allowed."))
    assert code == 0
    assert calls(world) - first < first
    assert "Test was looked at 2 times" in " ".join(said.split())
    assert "Why again: More calls were allowed." in " ".join(said.split())
    assert report_of(world)["looks"] == 2
    code, said = ferry(*arguments(world, "--calls", 250, "-o", world / "out"))
    assert (code, report_of(world)["reasons"]) == (0, ["More calls were allowed."])


def test_another_seed_or_writer_is_no_way_around_the_one_look(world: Path) -> None:
    """Each search has a journal of its own; the looks are about the samples."""
    script(world, "writer", {"default": written("One lesson.", LESSONS["json"])})
    assert ferry(*arguments(world, "--calls", 130, "-o", world / "out"))[0] == 0
    other = world / "other.txt"
    other.write_text("\n".join(["Answer from {context}.", "Q: {question}", *LESSONS.values()]))
    copied = world / "copied.txt"
    copied.write_bytes((world / "prompt.txt").read_bytes())
    for more in (("--seed", 5), ("--most-usd", 900, "--prices", own_prices(world)), (copied,)):
        asked = arguments(world, *(more if len(more) > 1 else ()), "--beside", other, "-o", world / "again")
        code, said = ferry(*[str(copied) if len(more) == 1 and word == str(world / "prompt.txt") else word for word in asked])
        assert (code, "Give the reason with --look-again" in " ".join(said.split())) == (2, True)
    assert (world / "again" / "candidates.json").exists(), "what was paid for on dev is there all the same"


def test_a_writer_and_a_service_add_no_bars_to_the_plan(world: Path) -> None:
    """60 samples on either side: as is and format-fixed on dev, and the winner with them on test."""
    code, said = ferry(*arguments(world, "--plan"))
    rows = {cells[0]: cells[1] for line in said.splitlines() if len(cells := [c.strip() for c in line.split("│")[1:-1]]) == 2}
    assert (code, rows["as is and format-fixed on dev"], rows["one look at test"]) == (0, "120", "180")


def test_where_a_guard_refuses_every_candidate_nobody_is_asked(world: Path) -> None:
    code, said = ferry(*arguments(world, "--most-usd", 0.001, "--prices", own_prices(world), "-o", world / "out"))
    said = " ".join(said.split())
    assert (code, "No candidate passes the guards, so nobody was asked. The first one: 1,000 calls would cost" in said) == (
        2,
        True,
    )
    assert calls(world) <= 6, "the writer is asked for conversions, the target nothing"


def test_a_bar_that_a_guard_refuses_is_not_taken_for_another(world: Path) -> None:
    (world / "prompt.txt").write_text("Please mind: " + "you answer well. " * 300 + PROMPT)
    other = world / "short.txt"
    other.write_text("\n".join(["Answer from {context}.", "Q: {question}", *LESSONS.values()]))
    cap = ("--most-usd", 400, "--prices", own_prices(world))
    code, said = ferry(*arguments(world, *cap, "--beside", other, "-o", world / "out"))
    told = report_of(world)
    assert (code, [bar["role"] for bar in told["bars"]]) == (0, ["winner"])
    assert (told["credited"], told["over_as_is"], told["against"]) == ([], [], "source")
    assert "What was gained cannot be told, because a guard refuses as is, so it was not asked: 1,000 calls would cost" in said
    assert told["changes"]


def own_prices(world: Path) -> Path:
    """A dollar for a thousand tokens of the scripted models."""
    path, refs = world / "prices.json", [f"scripted:{world / name}.json" for name in ("task", "writer")]
    dear = {"input": 1000.0, "output": 1000.0, "source": "a test", "date": "2026-11-01"}
    path.write_text(json.dumps(dict.fromkeys(refs, dear)))
    return path


def test_another_tools_prompt_is_measured_beside_ours(world: Path) -> None:
    other = world / "other.txt"
    other.write_text("\n".join(["Answer from {context}.", "Q: {question}", *LESSONS.values()]))
    lost = world / "lost.txt"
    lost.write_text("Answer from {context}.")
    code, said = ferry(*arguments(world, "--beside", other, "--beside", lost, "-o", world / "out"))
    assert code == 0
    tried = report_of(world)["tried"]
    became = {one["method"]: one["became"] for one in tried if not one["method"].startswith("conversion")}
    assert became == {"as is": "measured", "format-fixed": "measured", "other.txt": "chosen", "lost.txt": "refused"}
    assert "other.txt is not worse than the source" in said
    assert calls(world) == 3 * 60 + 3 * 60 + 3 * 2  # and each conversion twice: this writer answers none of them


def test_a_leak_that_the_writer_plants_never_becomes_the_winner(world: Path) -> None:
    leak = samples(120, "row")[0].variables["context"]
    script(world, "writer", {"default": written("Shows a sample.", *LESSONS.values(), leak)})
    code, said = ferry(*arguments(world, "-o", world / "out"))
    assert code == 0
    assert "No other prompt beat as is and format-fixed on dev, so nothing is credited to the search." in said
    assert "repeats text of" in said
    assert leak not in json.dumps(report_of(world)["winner"])


@pytest.mark.parametrize(
    ("text", "said"), [("Answer {qestion}.", "qestion"), ("Answer it.", "The prompt marks no variable"), (PROMPT, "is a file")]
)
def test_what_costs_nothing_to_see_is_seen_before_the_first_call(world: Path, text: str, said: str) -> None:
    (world / "prompt.txt").write_text(text)
    code, out = ferry(*arguments(world, "-o", world / "data.csv" if text == PROMPT else world / "out"))
    assert (code, said in " ".join(out.split()), calls(world)) == (2, True, 0)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--usd", 1), "A cap in money cannot be held"),
        (("--html",), "--html needs a folder"),
        (("--target", "gpt-9"), "provider:name"),
        (("--calls", 5), "There is no prompt measured on all of dev yet. The budget of 5 calls is used up"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_exit_code_2(world: Path, more: tuple[object, ...], said: str) -> None:
    if "--usd" in more:
        more = (*more, "--writer", "bedrock:none.such")
    code, out = ferry(*arguments(world, *more))
    assert (code, said in " ".join(out.split())) == (2, True)


def test_the_money_is_for_dev_and_test_together(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def charged(ask: Ask, writer: str, *_rest: object) -> dict[str, Price]:
        return {ref: Price(ref=ref, model=ref, input=10.0, output=10.0) for ref in (ask.target, writer)}

    monkeypatch.setattr(sys.modules["pipeline.commands.prompts.optimize"], "_prices", charged)
    code, said = ferry(*arguments(world, "--usd", 0.01, "-o", world / "out"))
    assert (code, calls(world)) == (2, 0)
    assert "leaves nothing for dev: the look at test" in " ".join(said.split())
    code, said = ferry(*arguments(world, "--usd", 2, "-o", world / "out"))
    assert code == 0
    assert "$2.00 are for dev and the one look at test together." in said
    assert 0 < report_of(world)["used"]["usd"] <= 2


def test_further_prompts_of_a_file_are_told(world: Path) -> None:
    two = [{"raw": f"{start} From {{{{context}}}}: {{{{question}}}}", "label": start} for start in ("well", "so")]
    (world / "two.yaml").write_text(json.dumps({"prompts": two, "providers": [], "tests": []}))
    asked = [str(world / "two.yaml") if word == str(world / "prompt.txt") else word for word in arguments(world, "--plan")]
    code, said = ferry(*asked)
    assert (code, "two.yaml holds 2 prompts; this is for" in said) == (0, True)
