"""`ferry errors` on files: groups with causes and next steps, and references in doubt."""

from pathlib import Path

from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.records import Sample, Split
from tests.pipeline.commands.files_of_runs import dataset, right, run

CLI = CliRunner(env={"COLUMNS": "250"})


def errors(frozen: Path, source: Path, *targets: Path) -> tuple[int, str, str]:
    chosen = [argument for target in targets for argument in ("--target", str(target))]
    done = CLI.invoke(app, ["errors", str(frozen), "--source", str(source), *chosen, "-m", "normalised_match"])
    return done.exit_code, " ".join(done.stdout.split()), " ".join(done.stderr.split())


def wrong(number: int, sample: Sample) -> str | None:
    """A failed call, three answers in words, a confusion that repeats, all else right."""
    if number == 0:
        return None
    if number < 4:
        return f"It is {sample.reference}."
    return "top_up" if number < 20 and sample.reference == "card_lost" else sample.reference


def test_planted_failures_are_told_with_their_next_step(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    code, out, _ = errors(frozen, run(frozen, "source", right), run(frozen, "target", wrong))
    assert code == 0
    assert "target.jsonl: 9 of 120 samples fail" in out
    for words in (
        "failed call",
        "the right answer with words",
        "says 'top_up' where",
        "Edit the prompt: say what tells",
        "format",
    ):
        assert words in out


def test_references_that_all_models_contradict_are_listed(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    runs = [run(frozen, name, lambda i, s: "exchange_rate" if i == 5 else s.reference) for name in ("source", "one", "two")]
    code, out, _ = errors(frozen, *runs)
    assert code == 0
    assert "Reference of s009 in doubt: 3 models give the same answer" in out
    assert "It may have to say: exchange_rate" in out


def test_a_right_run_and_a_run_of_the_other_split(tmp_path: Path) -> None:
    frozen = dataset(tmp_path)
    source = run(frozen, "source", right)
    assert "same.jsonl: 0 of 120 samples fail" in errors(frozen, source, run(frozen, "same", right))[1]
    code, _, problem = errors(frozen, source, run(frozen, "dev", right, split=Split.DEV))
    assert code == 2
    assert "one split" in problem
