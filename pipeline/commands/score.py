"""`ferry score`: a run's outputs scored by code metrics and, with a judge, by judged ones; into a file and a table."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Column, Table
from rich.text import Text

from pipeline.commands.access import EndpointUrl, Profile, Region, reached
from pipeline.commands.criteria import CriteriaFile, read_criteria
from pipeline.commands.files import Made, answers_hash, read_dataset, read_run, write_scores
from pipeline.commands.judging import Judging, judge_all, notes, read_rubrics, rulings_beside
from pipeline.errors import InputError
from pipeline.metrics import JUDGED, METRICS, catalog, score_run
from pipeline.metrics.evaluations import EvaluatedMetric
from pipeline.metrics.guide import locked, propose
from pipeline.metrics.judge.port import RETRYABLE
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.metric import CodeMetric, Metric
from pipeline.models.settings import DEFAULTS
from pipeline.records import Criteria, Dataset, JudgeChoice, MetricChoice, Output, RunResult, Sample, Score, UseCase

INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Which metrics to score with, in the order they were asked for."""

    code: tuple[CodeMetric, ...]
    judged: tuple[JudgedMetric, ...]
    order: tuple[str, ...]


METRIC_HELP = f"One of: {', '.join((*METRICS, *JUDGED))}, rubric:<name>. Repeatable."


def score(
    context: typer.Context,
    dataset: Annotated[Path, typer.Argument(help="The dataset the run was made with.")],
    outputs: Annotated[Path, typer.Argument(help="Outputs as `ferry run` wrote them.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="File of scores.")],
    metric: Annotated[list[str] | None, typer.Option("--metric", "-m", help=METRIC_HELP)] = None,
    use_case: Annotated[UseCase, typer.Option(help="Chooses the metrics when none is named.")] = UseCase.CHAT,
    judge: Annotated[str | None, typer.Option(help="The model that judges, such as bedrock:<id> or openai:<id>.")] = None,
    embedder: Annotated[
        str, typer.Option(help="Finds likeness: hashing:<dimensions>, bedrock:<id>, openai:<id>.")
    ] = "hashing:512",
    panel: Annotated[list[str] | None, typer.Option(help="A further judge, asked where a cell is disputed. Repeatable.")] = None,
    rubric: Annotated[list[Path] | None, typer.Option(help="A rubric of your own, as text or JSON. Repeatable.")] = None,
    source: Annotated[Path | None, typer.Option(help="Outputs of the source's run, for judge_preference.")] = None,
    rulings: Annotated[
        Path | None, typer.Option(help="File of rulings, to share between runs one after another; default: beside the scores.")
    ] = None,
    in_flight: Annotated[int, typer.Option(min=1, help="Calls of a judge on Bedrock at once.")] = DEFAULTS.in_flight,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one call of the judge.")] = 120.0,
    deadline: Annotated[float, typer.Option(min=0.1, help="Seconds for one judged cell.")] = 300.0,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    criteria_file: CriteriaFile = None,
) -> None:
    """Score the outputs of one run. What a judge ruled is kept beside the scores and never paid for twice."""
    frozen, run = read_dataset(dataset), read_run(outputs)
    samples = run_samples(frozen, run, outputs)
    criteria = _given(criteria_file, JudgeChoice(model=judge, embedder=embedder, panel=tuple(panel or ())) if judge else None)
    criteria = _with_rubrics(criteria, rubric or ())
    wanted = _wanted(metric, use_case, samples, criteria, with_source=source is not None)
    scores = tuple(scored(samples, run, [m.name for m in wanted.code], criteria)) if wanted.code else ()
    if wanted.judged and criteria.judge:
        judging = Judging(
            choice=criteria.judge,
            settings=replace(
                reached(context, region, profile, endpoint_url), timeout_s=timeout, in_flight=in_flight, jitter=random.random
            ),
            rulings=rulings or rulings_beside(out),
            deadline_s=deadline,
        )
        scores += _judged(samples, run, wanted.judged, judging, _source(frozen, run, source))
    write_scores(out, run.key, in_order(scores, samples, wanted.order), _made(run, criteria, wanted))
    Console().print(summary(scores, len(samples)))


def _made(run: RunResult, criteria: Criteria, wanted: _Wanted) -> Made:
    """What a comparison must know of these scores: the answers, the judge with its prompts and libraries, the rubrics' words."""
    judged = tuple(MetricChoice(metric=metric.name) for metric in wanted.judged)
    used = locked(Criteria(metrics=judged, judge=criteria.judge if judged else None))
    there = {choice.metric for choice in judged}
    rubrics = tuple(rubric for rubric in criteria.rubrics if rubric.metric in there)
    return Made(answers=answers_hash(run.outputs), criteria=Criteria(metrics=(), judge=used.judge, rubrics=rubrics))


def _given(path: Path | None, judge: JudgeChoice | None) -> Criteria:
    """The criteria of a file, with the judge they were made for; or none but the judge that is named."""
    if path is None:
        return Criteria(metrics=(), judge=judge)
    criteria = read_criteria(path)
    if judge and criteria.judge and judge.model != criteria.judge.model:
        raise InputError(f"{path} was made for the judge {criteria.judge.model}. Leave --judge out, or write other criteria.")
    return criteria if criteria.judge else replace(criteria, judge=judge)


def _with_rubrics(criteria: Criteria, paths: Sequence[Path]) -> Criteria:
    own = read_rubrics(paths)
    if own and criteria.judge is None:
        raise InputError(f"{own[0].metric} needs a judge. Name one with --judge, such as --judge bedrock:<model id>.")
    return replace(criteria, rubrics=(*criteria.rubrics, *own))


def _source(dataset: Dataset, run: RunResult, path: Path | None) -> tuple[Output, ...]:
    """What the source answered to the same samples."""
    if path is None:
        return ()
    before = read_run(path)
    run_samples(dataset, before, path)
    if before.key.split != run.key.split:
        raise InputError(
            f"{path} is over the {before.key.split} split, these outputs over {run.key.split}. Give runs of one split."
        )
    return before.outputs


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


def scored(samples: Sequence[Sample], run: RunResult, names: Sequence[str], criteria: Criteria | None = None) -> Iterable[Score]:
    """The scores of `run` by code metrics and by checks of `criteria`, behind a progress bar on stderr."""
    scores = score_run(samples, run.outputs, names, criteria)
    total = len(run.outputs) * len(names)
    return track(scores, description=f"Scoring {run.label}", total=total, console=Console(stderr=True), transient=True)


def in_order(scores: Sequence[Score], samples: Sequence[Sample], metrics: Sequence[str]) -> list[Score]:
    """Scores by sample and metric, whatever order judges finished in: the same scores make the same file."""
    places = {sample.id: place for place, sample in enumerate(samples)}
    return sorted(scores, key=lambda score: (places[score.sample_id], metrics.index(score.metric)))


def _wanted(
    asked: Sequence[str] | None,
    use_case: UseCase,
    samples: Sequence[Sample],
    criteria: Criteria,
    *,
    with_source: bool,
) -> _Wanted:
    """What was named or stands in the criteria, or what is proposed; with a judge also Ferry's own judged metrics that serve."""
    known, judged = catalog(criteria), criteria.judge is not None
    if criteria.metrics and not asked:
        names: tuple[str, ...] = tuple(choice.metric for choice in criteria.metrics)
    elif asked:
        names = (*asked, *(rubric.metric for rubric in criteria.rubrics))
    else:
        own = (
            [m.name for m in known.values() if isinstance(m, JudgedMetric) and _serves(m, samples, with_source)] if judged else []
        )
        names = (*(c.metric for c in propose(use_case, samples).metrics), *own)
    order = tuple(dict.fromkeys(names))
    metrics = [_known(name, known, judged=judged, with_source=with_source) for name in order]
    return _Wanted(
        code=tuple(m for m in metrics if isinstance(m, CodeMetric)),
        judged=tuple(m for m in metrics if isinstance(m, JudgedMetric)),
        order=order,
    )


def _serves(metric: JudgedMetric, samples: Sequence[Sample], with_source: bool) -> bool:
    usable = any(metric.excludes(sample) is None for sample in samples)
    return metric.library == "ferry" and usable and (with_source or not metric.needs_source)


def _known(name: str, known: Mapping[str, Metric], *, judged: bool, with_source: bool) -> Metric:
    metric = known.get(name)
    if metric is None:
        raise InputError(f"There is no metric called {name}. Choose from: {', '.join(known)}.")
    if isinstance(metric, EvaluatedMetric):
        raise InputError(f"{name} is a second opinion: Bedrock Evaluations scores it. Ask for it with `ferry evaluate`.")
    if isinstance(metric, JudgedMetric) and not judged:
        raise InputError(f"{name} needs a judge. Name one with --judge, such as --judge bedrock:<model id>.")
    if isinstance(metric, JudgedMetric) and metric.needs_source and not with_source:
        raise InputError(f"{name} compares with the source's answers. Give its outputs with --source FILE.")
    return metric


def _judged(
    samples: Sequence[Sample], run: RunResult, metrics: Sequence[JudgedMetric], judging: Judging, source: Sequence[Output]
) -> tuple[Score, ...]:
    for note in notes(judging.choice):
        typer.echo(note, err=True)
    try:
        scores, known = judge_all(samples, run.outputs, metrics, judging, source)
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. {judging.rulings} holds what was ruled so far; the same command continues.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(_cost(scores, judging, known), err=True)
    if again := sum(_again(score) for score in scores):
        typer.echo(f"{again} cells have no score for a reason that may pass. The same command asks for those alone.", err=True)
    return scores


def _cost(scores: Sequence[Score], judging: Judging, known: int) -> str:
    spent = [score.spent for score in scores if score.spent is not None]
    return (
        f"Evaluation cost: {sum(s.calls for s in spent)} calls, {sum(s.input_tokens for s in spent)} input and "
        f"{sum(s.output_tokens for s in spent)} output tokens. {known} rulings had been paid for before, in {judging.rulings}."
    )


def _again(score: Score) -> bool:
    kind = (score.unscored or "").partition(":")[0].removeprefix("judge ")
    return kind in RETRYABLE


def summary(scores: Sequence[Score], samples: int) -> Table:
    """A line for each metric: mean, n scored, and why the others have no score."""
    table = Table(Column("metric", no_wrap=True), "mean", "scored", "unscored, because")
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
