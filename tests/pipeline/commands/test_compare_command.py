"""`ferry compare` on files: verdicts with reasons, regressions by name, and runs that cannot be compared refused."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.records import Split
from tests.pipeline.commands.files_of_runs import dataset, right, run

CLI = CliRunner(env={"COLUMNS": "200"})


def compare(frozen: Path, source: Path, *targets: Path, more: tuple[str, ...] = ()) -> tuple[int, str, str]:
    chosen = [argument for target in targets for argument in ("--target", str(target))]
    done = CLI.invoke(app, ["compare", str(frozen), "--source", str(source), *chosen, *more])
    return done.exit_code, " ".join(done.stdout.split()), " ".join(done.stderr.split())


def test_a_planted_regression_is_told_with_its_samples(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    source, target = run(frozen, "source", right), run(frozen, "target", lambda i, s: "unknown" if i < 24 else s.reference)
    code, out, _ = compare(frozen, source, target)
    assert code == 0
    assert "normalised_match: worse. 0.800 against 1.000 over 120 pairs" in out
    assert "Got worse (24): s004, s005" in out
    assert "and 14 more" in out


def test_several_targets_are_shown_by_file(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    source, same, worse = run(frozen, "source", right), run(frozen, "same", right), run(frozen, "worse", lambda i, s: "x")
    code, out, _ = compare(frozen, source, same, worse, more=("-m", "normalised_match", "--margin", "0.2"))
    assert code == 0
    assert out.index("same.jsonl") < out.index("not worse.") < out.index("worse.jsonl") < out.rindex("worse. 0.000 against 1.000")


def test_a_run_with_many_failures_gives_no_verdict(tmp_path: Path) -> None:
    frozen = dataset(tmp_path, test=60)
    target = run(frozen, "target", lambda i, s: None if i < 22 else s.reference)
    code, out, _ = compare(frozen, run(frozen, "source", right), target)
    assert code == 0
    assert "normalised_match: cannot tell. 22 of 60 samples have no normalised_match score for the target" in out
    assert "1.000" not in out


def test_runs_of_different_splits_are_refused(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    code, _, problem = compare(frozen, run(frozen, "source", right), run(frozen, "target", right, split=Split.DEV))
    assert code == 2
    assert "Compare runs of one split" in problem


def test_a_run_of_another_dataset_is_refused(tmp_path: Path) -> None:
    frozen, other = dataset(tmp_path), dataset(tmp_path, word="text")
    code, _, problem = compare(frozen, run(frozen, "source", right), run(other, "target", right))
    assert code == 2
    assert "made with another dataset" in problem


@pytest.mark.parametrize("margin", ["-0.1", "1", "5"])
def test_a_margin_outside_the_scale_is_refused(tmp_path: Path, margin: str) -> None:
    frozen = dataset(tmp_path)
    source = run(frozen, "source", right)
    code, _, problem = compare(frozen, source, source, more=("--margin", margin))
    assert code == 2
    assert "makes no sense" in problem
