"""`ferry score` on files: scores written with their run, a table with reasons, and sentences for people's errors."""

from pathlib import Path

from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.files import read_scores
from pipeline.records import Split
from tests.pipeline.commands.files_of_runs import dataset, right, run

CLI = CliRunner()


def test_scores_are_written_and_summed_up(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    outputs = run(frozen, "half", lambda i, s: s.reference if i % 2 else "Sorry?")
    scores = tmp_path / "scores.jsonl"
    done = CLI.invoke(app, ["score", str(frozen), str(outputs), "-m", "exact_match", "-m", "chrf", "-o", str(scores)])
    assert done.exit_code == 0, done.output
    file = read_scores(scores)
    key, found = file.key, file.scores
    assert key is not None
    assert (key.model, key.split) == ("scripted:half", Split.TEST)
    assert [s.metric for s in found[:2]] == ["exact_match", "chrf"]
    assert sum(s.value or 0 for s in found if s.metric == "exact_match") == 60
    assert "0.500" in done.stdout
    assert "120 of 120" in done.stdout


def test_metrics_are_proposed_when_none_is_named(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    arguments = ["score", str(frozen), str(run(frozen, "right", right)), "-o", str(tmp_path / "scores.jsonl")]
    assert CLI.invoke(app, arguments).exit_code == 0
    assert {s.metric for s in read_scores(tmp_path / "scores.jsonl").scores} == {"normalised_match", "exact_match", "refusal"}


def test_failed_calls_are_counted_with_their_cause(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    outputs = run(frozen, "broken", lambda i, s: None if i < 20 else s.reference)
    done = CLI.invoke(app, ["score", str(frozen), str(outputs), "-m", "refusal", "-o", str(tmp_path / "scores.jsonl")])
    assert "100 of 120" in done.stdout
    assert "call failed (throttled): 20" in done.stdout


def test_outputs_of_another_dataset_are_refused(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    other = dataset(tmp_path, word="text")
    out = tmp_path / "scores.jsonl"
    done = CLI.invoke(app, ["score", str(frozen), str(run(other, "other", right)), "-m", "exact_match", "-o", str(out)])
    assert done.exit_code == 2
    assert "made with another dataset" in done.stderr
    assert not out.exists()


def test_an_unknown_metric_is_refused(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    out = tmp_path / "scores.jsonl"
    done = CLI.invoke(app, ["score", str(frozen), str(run(frozen, "r", right)), "-m", "bleurt", "-o", str(out)])
    assert done.exit_code == 2
    assert "no metric called bleurt" in done.stderr


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    done = CLI.invoke(app, ["score", str(tmp_path / "no.csv"), str(tmp_path / "no.jsonl"), "-o", str(tmp_path / "s.jsonl")])
    assert done.exit_code == 2
    assert "There is no" in done.stderr
