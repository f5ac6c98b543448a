"""`ferry score --judge` on files: judged metrics and rubrics, costs, and a kill in the middle that is never paid for twice."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.__main__ import app
from pipeline.commands.files import read_scores
from pipeline.commands.judging import read_rubrics, rulings_beside
from pipeline.errors import InputError
from pipeline.records import Rubric, RubricKind, Score
from tests.pipeline.commands.files_of_runs import dataset, run

CONCURRENCY = 4
RULINGS = [
    ["List the statements", {"statements": ["One.", "Two."]}],
    [
        "Decide for each numbered statement",
        {"verdicts": [{"item": n, "reason": "r", "supported": n == 1} for n in (1, 2)]},
    ],
    ["Judge the answer", {"reasoning": "fair", "score": 7}],
    ["Answer each numbered question", {"verdicts": [{"item": 1, "reason": "r", "verdict": "no"}]}],
    ["Two answers", {"reason": "r", "better": "tie"}],
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    frozen = dataset(tmp_path, test=30)
    run(frozen, "target", lambda i, _: f"answer {i}")
    run(frozen, "source", lambda i, _: f"before {i}")
    return tmp_path


def judge(place: Path, latency_s: float = 0.0, **changes: Any) -> str:
    script = {
        "matches": [[words, json.dumps(ruling)] for words, ruling in RULINGS],
        "latency_s": latency_s, "concurrency": CONCURRENCY, "log": str(place / "calls"), **changes,
    }  # fmt: skip
    (place / "judge.json").write_text(json.dumps(script))
    return f"scripted:{place / 'judge.json'}"


def arguments(place: Path, ref: str, *more: str) -> list[str]:
    files = [str(place / "question.jsonl"), str(place / "target.jsonl"), "-o", str(place / "scores.jsonl")]
    return ["score", *files, "--judge", ref, *more]


def ferry(*args: str) -> Result:
    done = CliRunner().invoke(app, list(args))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def table(place: Path) -> list[tuple[Any, ...]]:
    return [(s.sample_id, s.metric, s.value, s.reason, s.unscored) for s in read_scores(place / "scores.jsonl").scores]


def calls(place: Path) -> Counter[str]:
    path = place / "calls"
    return Counter(path.read_text().split()) if path.exists() else Counter()


def test_judged_metrics_are_scored_written_with_their_cost_and_summed_up(place: Path) -> None:
    metrics = ["-m", "exact_match", "-m", "answer_precision", "-m", "answer_recall"]
    done = ferry(*arguments(place, judge(place), *metrics))
    assert done.exit_code == 0, done.output
    scores = read_scores(place / "scores.jsonl").scores
    assert [s.metric for s in scores[:3]] == ["exact_match", "answer_precision", "answer_recall"]
    assert {s.value for s in scores if s.metric == "answer_precision"} == {0.5}
    assert all((s.spent is None) == (s.metric == "exact_match") for s in scores)
    spent = sum(s.spent.calls for s in scores if s.spent)
    assert spent == calls(place).total()
    assert f"Evaluation cost: {spent} calls," in done.stderr
    assert "0 rulings had been paid for before" in done.stderr
    assert "compares spelling, not meaning" in done.stderr


def test_the_same_command_again_costs_nothing_and_gives_the_same(place: Path) -> None:
    ref = judge(place)
    ferry(*arguments(place, ref, "-m", "answer_correctness"))
    first, paid = table(place), calls(place)
    done = ferry(*arguments(place, ref, "-m", "answer_correctness"))
    assert (table(place), calls(place)) == (first, paid)
    assert "Evaluation cost: 0 calls, 0 input and 0 output tokens." in done.stderr
    assert f"{len(paid)} rulings had been paid for before" in done.stderr


def test_runs_that_share_their_rulings_pay_for_a_reference_once(place: Path) -> None:
    ref, shared = judge(place), ["-m", "answer_recall", "--rulings", str(place / "shared.jsonl")]
    ferry(*arguments(place, ref, *shared))
    first = calls(place).total()
    files = [str(place / "question.jsonl"), str(place / "source.jsonl"), "-o", str(place / "source.scores.jsonl")]
    assert ferry("score", *files, "--judge", ref, *shared).exit_code == 0
    assert calls(place).total() - first == 30, "one verdict for each answer; the statements of the references are there"
    assert not rulings_beside(place / "scores.jsonl").exists()


def test_with_a_judge_and_no_metric_named_ferry_s_own_are_used(place: Path) -> None:
    (place / "tone.txt").write_text("A good answer is polite.")
    done = ferry(*arguments(place, judge(place), "--source", str(place / "source.jsonl"), "--rubric", str(place / "tone.txt")))
    assert done.exit_code == 0, done.output
    judged = {s.metric: s.value for s in read_scores(place / "scores.jsonl").scores if s.spent is not None}
    assert set(judged) == {
        "answer_precision", "answer_recall", "answer_correctness", "answer_similarity", "judge_preference", "rubric:tone"
    }  # fmt: skip
    assert judged["judge_preference"] == 0.5
    assert judged["rubric:tone"] == pytest.approx(6 / 9)


def test_what_has_no_score_is_counted_by_kind_and_asked_again(place: Path) -> None:
    ref = judge(place, matches=[], default="I rule: good.")
    done = ferry(*arguments(place, ref, "-m", "answer_precision"))
    assert "0 of 30" in done.stdout
    assert "judge bad_json: 30" in done.stdout.replace("\n", "")
    assert "30 cells have no score for a reason that may pass" in done.stderr
    done = ferry(*arguments(place, judge(place), "-m", "answer_precision"))
    assert "30 of 30" in done.stdout


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["-m", "bleurt"], "no metric called bleurt"),
        (["-m", "judge_preference"], "--source FILE"),
        (["-m", "answer_similarity", "--embedder", "words"], "names no embedder"),
        (["--rubric", "missing.txt"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_nothing_is_called(place: Path, more: list[str], words: str) -> None:
    done = ferry(*arguments(place, judge(place), *more))
    assert (done.exit_code, calls(place)) == (2, Counter())
    assert words in done.stderr


def test_a_judged_metric_without_a_judge_is_a_sentence(place: Path) -> None:
    done = ferry(*[word for word in arguments(place, "", "-m", "answer_recall") if word not in {"--judge", ""}])
    assert done.exit_code == 2
    assert "needs a judge" in done.stderr


def test_a_kill_in_the_middle_loses_no_ruling_and_gives_the_same_table(place: Path) -> None:
    metrics = ["-m", "answer_precision", "-m", "answer_recall"]
    ref = judge(place)
    assert ferry(*arguments(place, ref, *metrics)).exit_code == 0
    whole, asked = table(place), calls(place)
    for name in ("calls", "scores.jsonl", "scores.rulings.jsonl"):
        (place / name).unlink()

    killed = begun(place, len(asked) // 3, *metrics)
    killed.kill()
    killed.communicate()
    assert killed.returncode == -9
    kept = {json.loads(line)["key"] for line in _whole_lines(rulings_beside(place / "scores.jsonl"))}
    assert 0 < len(kept) < len(asked)
    assert not (place / "scores.jsonl").exists()

    assert ferry(*arguments(place, judge(place), *metrics)).exit_code == 0
    assert table(place) == whole
    again = calls(place)
    assert again.keys() == asked.keys()
    assert {again[key] for key in kept} == {1}, "what was ruled before the kill is not asked again"
    assert again.total() - len(asked) <= CONCURRENCY, "only what was open at the kill is"


def test_an_interrupt_says_how_to_go_on(place: Path) -> None:
    stopped = begun(place, 5, "-m", "answer_precision")
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    assert "the same command continues" in said


def begun(place: Path, asked: int, *more: str) -> subprocess.Popen[str]:
    """The command in its own process, once it has asked that often."""
    command = arguments(place, judge(place, latency_s=0.03), *more)
    process = subprocess.Popen([sys.executable, "-m", "pipeline", *command], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while calls(place).total() < asked and time.monotonic() < end:
        time.sleep(0.01)
    return process


def _whole_lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def test_rubrics_are_read_from_text_and_json(tmp_path: Path) -> None:
    def file(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    given = {"name": "Facts", "kind": "yes/no", "text": "Facts.", "questions": ["Is it true?"]}
    paths = [
        file("tone.txt", "Be\npolite.\n"),
        file("safe.md", "Is it safe?\n\nIs it legal?"),
        file("facts.json", json.dumps([given])),
    ]
    assert read_rubrics(paths) == (
        Rubric(name="tone", kind=RubricKind.SCALE, text="Be\npolite."),
        Rubric(name="safe", kind=RubricKind.YES_NO, text="safe", questions=("Is it safe?", "Is it legal?")),
        Rubric(name="Facts", kind=RubricKind.YES_NO, text="Facts.", questions=("Is it true?",)),
    )
    for name, text in (
        ("a.json", "{"),
        ("b.json", '{"name": "x"}'),
        ("c.json", '{"name":"x","text":"y","kind":"z"}'),
        ("d.txt", " "),
    ):
        with pytest.raises(InputError, match="rubric"):
            read_rubrics([file(name, text)])


def test_scores_keep_their_cost_in_the_file(place: Path) -> None:
    ferry(*arguments(place, judge(place), "-m", "answer_precision"))
    first: Score = read_scores(place / "scores.jsonl").scores[0]
    assert first.spent is not None
    assert first.spent.calls == 2
    assert first.spent.input_tokens > 0
