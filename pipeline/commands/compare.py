"""`ferry compare`: target runs against the source's run on the same samples, with verdicts and their reasons."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.criteria import CriteriaFile, read_criteria
from pipeline.commands.files import read_dataset, read_run
from pipeline.commands.score import Metrics, run_samples, scored
from pipeline.decide.compare import compare_all
from pipeline.decide.guards import check_deciding
from pipeline.errors import InputError
from pipeline.metrics import code_metrics, named
from pipeline.metrics.guide import propose
from pipeline.records import Comparison, Criteria, Dataset, MetricChoice, RunResult, Sample, UseCase

LISTED = 10


def compare(
    dataset: Annotated[Path, typer.Argument(help="The dataset all runs were made with.")],
    source: Annotated[Path, typer.Option(help="Outputs of the source's run.")],
    target: Annotated[list[Path], typer.Option(help="Outputs of a target's run. Repeatable: verdicts are corrected together.")],
    metric: Metrics = None,
    margin: Annotated[float | None, typer.Option(help="The largest acceptable loss in a deciding metric, such as 0.05.")] = None,
    use_case: Annotated[UseCase, typer.Option(help="Chooses metrics and margins when none is named.")] = UseCase.CHAT,
    criteria_file: CriteriaFile = None,
) -> None:
    """Compare target runs with the source's run; metrics named here all decide."""
    frozen, before = read_dataset(dataset), read_run(source)
    samples = run_samples(frozen, before, source)
    criteria = criteria_for(metric, margin, use_case, samples, criteria_file)
    runs = [with_scores(before, samples, criteria), *(target_run(path, frozen, before, criteria) for path in target)]
    compared = compare_all(samples, runs[0], runs[1:], criteria)
    for path, comparisons in zip(target, compared, strict=True):
        _show(path.name, comparisons)


def criteria_for(
    metric: list[str] | None, margin: float | None, use_case: UseCase, samples: Sequence[Sample], path: Path | None = None
) -> Criteria:
    """The criteria in the file `path`, or else the metrics that are named, or else those the guide proposes.

    Raises InputError for metrics named beside a file: the file says them all.
    """
    if margin is not None and not 0 <= margin < 1:
        raise InputError(f"A margin of {margin:g} makes no sense for scores between 0 and 1. Give one such as 0.05.")
    if path is not None and metric:
        raise InputError(f"{path} says which metrics count. Leave --metric out, or change the file.")
    asked = tuple(MetricChoice(metric=m.name, primary=True, reason="asked for") for m in named(metric or ()))
    criteria = read_criteria(path) if path else Criteria(metrics=asked or propose(use_case, samples).metrics)
    if margin is not None:
        choices = tuple(replace(choice, margin=margin) if choice.primary else choice for choice in criteria.metrics)
        criteria = replace(criteria, metrics=choices)
    check_deciding(criteria)
    return criteria


def target_run(path: Path, dataset: Dataset, source: RunResult, criteria: Criteria) -> RunResult:
    run = read_run(path)
    if run.key.split != source.key.split:
        raise InputError(
            f"{path} is over the {run.key.split} split and the source's run over {source.key.split}. Compare runs of one split."
        )
    return with_scores(run, run_samples(dataset, run, path), criteria)


def with_scores(run: RunResult, samples: Sequence[Sample], criteria: Criteria) -> RunResult:
    """The run scored by code; what needs a judge has no score here."""
    return replace(run, scores=tuple(scored(samples, run, [metric.name for metric in code_metrics(criteria)], criteria)))


def _show(name: str, comparisons: Sequence[Comparison]) -> None:
    out = Console()
    table = Table("metric", "source", "target", "difference", "interval", "pairs", "verdict", title=Text(name))
    for found in comparisons:
        table.add_row(*_row(found), style=None if found.primary else "dim")
    out.print(table)
    for found in comparisons:
        out.print(Text(f"{found.metric}: {found.verdict.value}. {found.reason}"))
        if found.primary and found.regressed:
            out.print(Text(f"Got worse ({len(found.regressed)}): {_listed(found.regressed)}"))


def _row(found: Comparison) -> tuple[str, ...]:
    return (
        f"{found.metric} (margin {found.margin:g})" if found.primary else found.metric,
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
