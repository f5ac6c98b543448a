"""`ferry compare`: target runs against the source's run on the same samples, with verdicts and their reasons."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pipeline.commands.brought import Brought, ScoreFiles, check_used, read_brought
from pipeline.commands.criteria import CriteriaFile, Metrics, criteria_for
from pipeline.commands.files import read_dataset, read_run
from pipeline.commands.score import run_samples, scored
from pipeline.decide.compare import compare_all
from pipeline.errors import InputError
from pipeline.metrics import METRICS, code_metrics
from pipeline.records import Comparison, Criteria, Dataset, RunKey, RunResult, Sample, Score, UseCase

LISTED = 10
NOTHING = Brought()


def compare(
    dataset: Annotated[Path, typer.Argument(help="The dataset all runs were made with.")],
    source: Annotated[Path, typer.Option(help="Outputs of the source's run.")],
    target: Annotated[list[Path], typer.Option(help="Outputs of a target's run. Repeatable: verdicts are corrected together.")],
    metric: Metrics = None,
    margin: Annotated[float | None, typer.Option(help="The largest acceptable loss in a deciding metric, such as 0.05.")] = None,
    use_case: Annotated[UseCase, typer.Option(help="Chooses metrics and margins when none is named.")] = UseCase.CHAT,
    criteria_file: CriteriaFile = None,
    scores: ScoreFiles = None,
) -> None:
    """Compare target runs with the source's run; metrics named here all decide. Those that need a judge come with --scores."""
    frozen, before, brought = read_dataset(dataset), read_run(source), read_brought(scores or ())
    samples = run_samples(frozen, before, source)
    criteria = criteria_for(metric, margin, use_case, samples, criteria_file, brought=brought)
    after = [target_run(path, frozen, before, criteria, brought) for path in target]
    check_used(brought, [before, *after])
    runs = [with_scores(before, samples, criteria, brought), *after]
    compared = compare_all(samples, runs[0], runs[1:], criteria)
    for path, comparisons in zip(target, compared, strict=True):
        _show(path.name, comparisons)


def target_run(path: Path, dataset: Dataset, source: RunResult, criteria: Criteria, brought: Brought = NOTHING) -> RunResult:
    run = read_run(path)
    one_split(path, run.key, source.key)
    return with_scores(run, run_samples(dataset, run, path), criteria, brought)


def one_split(path: Path, run: RunKey, source: RunKey) -> None:
    """InputError unless the run in `path` is over the source's split."""
    if run.split != source.split:
        raise InputError(
            f"{path} is over the {run.split} split and the source's run over {source.split}. Compare runs of one split."
        )


def with_scores(run: RunResult, samples: Sequence[Sample], criteria: Criteria, brought: Brought = NOTHING) -> RunResult:
    """The run scored by code; scores of other metrics are those that files bring."""
    return replace(run, scores=tuple(run_scores(run, samples, criteria, brought)))


def run_scores(run: RunResult, samples: Sequence[Sample], criteria: Criteria, brought: Brought) -> Iterator[Score]:
    """The scores of a run as they are made, by code and then from files."""
    code = [metric.name for metric in code_metrics(criteria)]
    given = (score for score in brought.scores(run) if score.metric not in code and score.metric not in METRICS)
    yield from scored(samples, run, code, criteria)
    yield from given


def _show(name: str, comparisons: Sequence[Comparison]) -> None:
    out = Console()
    table = Table(
        Column("metric", no_wrap=True), "source", "target", "difference", "interval", "pairs", "verdict", title=Text(name)
    )
    for found in comparisons:
        table.add_row(*_row(found), style=None if found.primary else "dim")
    out.print(table)
    for found in comparisons:
        out.print(Text(f"{found.metric}: {found.verdict.value}. {found.reason}"))
        if found.primary and found.regressed:
            out.print(Text(f"Got worse ({len(found.regressed)}): {_listed(found.regressed)}"))


def _row(found: Comparison) -> tuple[str | Text, ...]:
    return (
        Text(f"{found.metric} (margin {found.margin:g})" if found.primary else found.metric),
        _figure(found.source_mean, ".3f"),
        _figure(found.target_mean, ".3f"),
        _figure(found.difference, "+.3f"),
        f"{found.interval.low:+.3f} to {found.interval.high:+.3f}" if found.interval else "none",
        f"{found.pairs} of {found.samples}",
        found.verdict.value,
    )


def _figure(value: float | None, shape: str) -> str:
    return "none" if value is None else format(value, shape)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
