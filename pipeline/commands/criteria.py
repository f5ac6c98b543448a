"""Criteria as a file: what `ferry guide` writes and what `ferry score`, `compare` and `report` take."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from pipeline.commands.brought import Brought
from pipeline.decide.guards import check_deciding
from pipeline.errors import InputError
from pipeline.hashing import plain
from pipeline.metrics import METRICS, catalog, named
from pipeline.metrics.code.checks import validate
from pipeline.metrics.guide import check_roles, propose
from pipeline.records import Criteria, MetricChoice, Sample, UseCase

FILE = TypeAdapter(Criteria)
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", "-m", help=f"One of: {', '.join(METRICS)}, or one that --scores brings. Repeatable."),
]
CriteriaFile = Annotated[Path | None, typer.Option("--criteria", help="Criteria as `ferry guide` wrote them.")]


def write_criteria(path: Path, criteria: Criteria) -> None:
    """Writes `criteria` so that a person can read and change them; replaces what is there."""
    path.write_text(json.dumps(plain(criteria), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_criteria(path: Path) -> Criteria:
    """The criteria in `path`. Raises InputError for a file that holds none, or such that could give no verdict."""
    try:
        criteria = FILE.validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"The criteria {path} cannot be read ({error.strerror}). Check the path.") from error
    except ValidationError as error:
        raise InputError(
            f"{path} holds no criteria that ferry can read. Write them again with `ferry guide ... -o FILE`."
        ) from error
    for check in criteria.checks:
        validate(check)
    check_roles(criteria)
    return criteria


def criteria_for(
    metric: list[str] | None,
    margin: float | None,
    use_case: UseCase,
    samples: Sequence[Sample],
    path: Path | None = None,
    *,
    brought: Brought | None = None,
    judge: str | None = None,
) -> Criteria:
    """The criteria in the file `path`, or else the metrics that are named, or else those the guide proposes.

    Metrics that only files of scores hold stand beside them unless they decide; `judge` is the one that scored where the files do
    not say. Raises InputError for metrics named beside a file (the file says them all) and for what must not decide.
    """
    brought = brought or Brought()
    if margin is not None and not 0 <= margin < 1:
        raise InputError(f"A margin of {margin:g} makes no sense for scores between 0 and 1. Give one such as 0.05.")
    if path is not None and metric:
        raise InputError(f"{path} says which metrics count. Leave --metric out, or change the file.")
    criteria = brought.with_judge(read_criteria(path) if path else Criteria(metrics=_asked(metric or (), brought)), judge)
    if path is None and not metric:
        available = {*METRICS, *brought.metrics}
        criteria = replace(criteria, metrics=propose(use_case, samples, judge=criteria.judge, available=available).metrics)
    if margin is not None:
        choices = tuple(replace(choice, margin=margin) if choice.primary else choice for choice in criteria.metrics)
        criteria = replace(criteria, metrics=choices)
    there = {choice.metric for choice in criteria.metrics}
    beside = (MetricChoice(metric=name, reason="scores given") for name in brought.metrics if name not in there)
    criteria = replace(criteria, metrics=(*criteria.metrics, *beside))
    check_deciding(criteria)
    return criteria


def _asked(names: Sequence[str], brought: Brought) -> tuple[MetricChoice, ...]:
    """The metrics that are named, all deciding."""
    known = catalog()
    for name in names:
        if name not in brought.metrics and name in known and name not in METRICS:
            raise InputError(
                f"{name} needs a judge. Score the runs with `ferry score --judge`, then give the files with --scores."
            )
        if name not in brought.metrics:
            named((name,))
    return tuple(MetricChoice(metric=name, primary=True, reason="asked for") for name in dict.fromkeys(names))
