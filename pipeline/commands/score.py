"""`ferry score`: a run's outputs scored by code metrics, into a file and a table."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from pipeline.commands.files import read_dataset, read_run, write_scores
from pipeline.errors import InputError
from pipeline.metrics import METRICS, named, score_run
from pipeline.metrics.guide import propose
from pipeline.records import Dataset, RunResult, Sample, Score, UseCase

Metrics = Annotated[list[str] | None, typer.Option("--metric", "-m", help=f"One of: {', '.join(METRICS)}. Repeatable.")]


def score(
    dataset: Annotated[Path, typer.Argument(help="The dataset the run was made with.")],
    outputs: Annotated[Path, typer.Argument(help="Outputs as `ferry run` wrote them.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="File of scores.")],
    metric: Metrics = None,
    use_case: Annotated[UseCase, typer.Option(help="Chooses the metrics when none is named.")] = UseCase.CHAT,
) -> None:
    """Score the outputs of one run."""
    frozen, run = read_dataset(dataset), read_run(outputs)
    samples = run_samples(frozen, run, outputs)
    names = tuple(m.name for m in named(metric)) if metric else tuple(c.metric for c in propose(use_case, samples).metrics)
    scores = tuple(scored(samples, run, names))
    write_scores(out, run.key, scores)
    Console().print(_summary(scores, len(samples)))


def run_samples(dataset: Dataset, run: RunResult, path: Path) -> tuple[Sample, ...]:
    """The samples of the run's split. InputError when the run saw other inputs than the dataset holds for them."""
    samples = dataset.in_split(run.key.split)
    inputs = {s.id: s.input_hash for s in samples}
    foreign = sorted(name for name, found in run.input_hashes.items() if inputs.get(name) != found)
    if foreign:
        raise InputError(
            f"{path} was made with another dataset: sample {foreign[0]} is not in the {run.key.split} split or has another input "
            f"({len(foreign)} such samples). Give the dataset that the run was made with."
        )
    return samples


def scored(samples: Sequence[Sample], run: RunResult, names: Sequence[str]) -> Iterable[Score]:
    """The scores of `run`, behind a progress bar on stderr."""
    scores = score_run(samples, run.outputs, names)
    total = len(run.outputs) * len(names)
    return track(scores, description=f"Scoring {run.label}", total=total, console=Console(stderr=True), transient=True)


def _summary(scores: Sequence[Score], samples: int) -> Table:
    table = Table("metric", "mean", "scored", "unscored, because")
    for name in dict.fromkeys(s.metric for s in scores):
        of_metric = [s for s in scores if s.metric == name]
        values = [s.value for s in of_metric if s.value is not None]
        mean = f"{sum(values) / len(values):.3f}" if values else "none"
        table.add_row(name, mean, f"{len(values)} of {samples}", Text(_causes(of_metric, samples)))
    return table


def _causes(scores: Sequence[Score], samples: int) -> str:
    causes = Counter(s.unscored.partition(":")[0] for s in scores if s.unscored is not None)
    if lacking := samples - len(scores):
        causes["no output in the file"] = lacking
    return ", ".join(f"{cause}: {count}" for cause, count in causes.most_common())
