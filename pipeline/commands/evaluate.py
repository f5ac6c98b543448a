"""`ferry evaluate`: a run's outputs scored by Bedrock Evaluations, a second opinion beside `ferry score`."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.aws.jobs import State
from pipeline.commands.access import EndpointUrl, Profile, Region
from pipeline.commands.files import Made, answers_hash, read_dataset, read_prompt, read_run, write_scores
from pipeline.commands.score import INTERRUPTED, in_order, run_samples, summary
from pipeline.errors import InputError, TemporaryError
from pipeline.metrics.evaluations import (
    DEFAULT_JUDGE,
    EVALUATED,
    Asked,
    Bedrock,
    EvaluatedMetric,
    Line,
    Place,
    Standing,
    job_name,
    lines,
    parts,
    read_results,
    unscored,
)
from pipeline.models.settings import ModelSettings
from pipeline.records import Criteria, Parameters, RunKey, Score

USUAL = ("bedrock_correctness", "bedrock_completeness", "bedrock_helpfulness")
"""What is asked when nothing is named: every further metric has the judge read every answer once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A bedrock to ask, how often, and what is told meanwhile."""

    bedrock: Bedrock
    every_s: float
    console: Console

    async def result(self, asked: Asked) -> tuple[Score, ...]:
        """The scores of one job, however long it takes."""
        arn = await self._patiently(asked)
        while (standing := await self._look(arn)) is None or standing.state is State.UNDER_WAY:
            self.console.print(f"{asked.name}: under way, {len(asked.lines)} answers. Next look in {self.every_s:g} s.")
            await asyncio.sleep(self.every_s)
        if standing.state is State.FAILED:
            return tuple(_blank(asked, standing.problem or "the job failed"))
        return read_results(await self.bedrock.fetch(standing), asked.lines, asked.metrics)

    async def _patiently(self, asked: Asked) -> str:
        while True:
            try:
                return await self.bedrock.create(asked)
            except TemporaryError as error:
                self.console.print(error.message)
            await asyncio.sleep(self.every_s)

    async def _look(self, arn: str) -> Standing | None:
        try:
            return await self.bedrock.look(arn)
        except TemporaryError as error:
            self.console.print(error.message)
            return None


def evaluate(
    dataset: Annotated[Path, typer.Argument(help="The dataset the run was made with.")],
    outputs: Annotated[Path, typer.Argument(help="Outputs as `ferry run` wrote them.")],
    role: Annotated[str, typer.Option(help="ARN of the role that Bedrock works as.")],
    bucket: Annotated[str, typer.Option(help="Where answers and results are put: s3://bucket/prefix.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="File of scores.")],
    judge: Annotated[str, typer.Option(help="The evaluator model's id or ARN.")] = DEFAULT_JUDGE,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", "-m", help=f"One of: {', '.join(EVALUATED)}. Repeatable.")
    ] = None,
    prompt: Annotated[Path | None, typer.Option(help="The prompt of the run; default: the one the dataset records.")] = None,
    system: Annotated[Path | None, typer.Option(help="Its system prompt.")] = None,
    attempt: Annotated[int, typer.Option(min=1, help="A higher number asks anew where jobs failed.")] = 1,
    every: Annotated[float, typer.Option(min=0.01, help="Seconds between two looks.")] = 30.0,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Ask Bedrock Evaluations about the outputs of one run. The same command again goes on with the same jobs."""
    metrics, place = _metrics(metric or USUAL), Place(role=role, bucket=bucket, judge=judge)
    frozen, run = read_dataset(dataset), read_run(outputs)
    samples = run_samples(frozen, run, outputs)
    asked_with = read_prompt(prompt, dataset, system=system, parameters=Parameters())
    sent, unsent = lines(samples, run.outputs, asked_with, metrics)
    jobs = tuple(_jobs(run.key, sent, metrics, judge, attempt))
    settings = ModelSettings(region=region, profile=profile, endpoint_url=endpoint_url)
    waiting = _Waiting(bedrock=Bedrock(place, settings), every_s=every, console=Console(stderr=True))
    try:
        scores = (*unsent, *asyncio.run(_all(waiting, jobs)))
    except KeyboardInterrupt:
        typer.echo("Interrupted. What was begun goes on at AWS; the same command continues with it.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    made = Made(answers=answers_hash(run.outputs), criteria=Criteria(metrics=()))
    write_scores(out, run.key, in_order(scores, samples, [each.name for each in metrics]), made)
    Console().print(summary(scores, len(samples)))
    if any((score.unscored or "").startswith("second opinion failed") for score in scores):
        typer.echo(f"Some jobs failed, see {out}. Once that is repaired, ask anew with --attempt {attempt + 1}.", err=True)


async def _all(waiting: _Waiting, jobs: Sequence[Asked]) -> tuple[Score, ...]:
    """One after the other: an account may have few jobs at once."""
    return tuple([score for asked in jobs for score in await waiting.result(asked)])


def _jobs(key: RunKey, sent: Sequence[Line], metrics: Sequence[EvaluatedMetric], judge: str, attempt: int) -> Iterator[Asked]:
    """Named after all that is in them, so that a changed answer is another job."""
    names = [metric.name for metric in metrics]
    for number, piece in enumerate(parts(sent)):
        name = job_name([key, piece, names, judge, attempt], number)
        yield Asked(name=name, lines=piece, metrics=tuple(metrics), model=key.model)


def _blank(asked: Asked, problem: str) -> Iterator[Score]:
    return (unscored(line.sample_id, metric.name, "failed", problem) for line in asked.lines for metric in asked.metrics)


def _metrics(names: Sequence[str]) -> tuple[EvaluatedMetric, ...]:
    unknown = [name for name in names if name not in EVALUATED]
    if unknown:
        raise InputError(f"Bedrock Evaluations has no metric called {unknown[0]}. Choose from: {', '.join(EVALUATED)}.")
    return tuple(EVALUATED[name] for name in dict.fromkeys(names))
