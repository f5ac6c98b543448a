"""`ferry guide`: which metrics to measure a use case by, why, and at what cost; people's own criteria among them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pipeline.commands.access import given_access, given_limiter
from pipeline.commands.brought import Brought, ScoreFiles, read_brought
from pipeline.commands.compare import target_run, with_scores
from pipeline.commands.criteria import write_criteria
from pipeline.commands.files import read_dataset, read_run
from pipeline.commands.score import run_samples
from pipeline.decide.size import Pilot, pilots
from pipeline.errors import InputError
from pipeline.metrics import metric_named
from pipeline.metrics.guide import Own, check_roles, cost, judged_on, limits, locked, propose, with_own
from pipeline.metrics.guide.style import Pasted, read_pasted
from pipeline.metrics.judge.embedders import open_embedder
from pipeline.metrics.judge.rulings import MemoryRulings
from pipeline.models import open_model
from pipeline.models.prices import price
from pipeline.models.settings import ModelSettings
from pipeline.records import Criteria, Dataset, JudgeChoice, MetricChoice, Sample, Split, UseCase

RUNS = PILOT_RUNS = 2


def guide(
    context: typer.Context,
    dataset: Annotated[Path, typer.Argument(help="The dataset to compare models on.")],
    use_case: Annotated[UseCase, typer.Option(help="What the prompt does.")],
    judge: Annotated[str | None, typer.Option(help="A model that judges, such as bedrock:<id>.")] = None,
    embedder: Annotated[
        str, typer.Option(help="Finds likeness: hashing:<dimensions>, bedrock:<id>, openai:<id>.")
    ] = "hashing:512",
    style_guide: Annotated[list[Path] | None, typer.Option(help="A style guide as text. Repeatable.")] = None,
    rubric: Annotated[list[Path] | None, typer.Option(help="A rubric from 1 to 10 or of questions, as text. Repeatable.")] = None,
    target: Annotated[list[str] | None, typer.Option(help="A target model, to flag a judge of its family. Repeatable.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs to judge, the source's among them.")] = RUNS,
    refine: Annotated[bool, typer.Option(help="Let the judge look over what became of a style guide; costs a call.")] = False,
    pilot: Annotated[
        list[Path] | None,
        typer.Option(help="Outputs of two runs over the same samples, the source's first: how far scores spread. Give it twice."),
    ] = None,
    scores: ScoreFiles = None,
    out: Annotated[Path | None, typer.Option("--output", "-o", help="File to write the criteria into.")] = None,
) -> None:
    """Propose metrics with reasons, roles and costs for a dataset."""
    frozen, choice = read_dataset(dataset), JudgeChoice(model=judge, embedder=embedder) if judge else None
    own = [_read(path, Pasted.STYLE_GUIDE) for path in style_guide or ()] + [_read(path, None) for path in rubric or ()]
    _check(choice, refine=refine)
    if refine and choice:
        settings = ModelSettings(openai=given_access(context), limiter=given_limiter(context))
        own = [asyncio.run(_refined(each, choice, settings)) for each in own]
    criteria = _criteria(use_case, frozen.samples, choice, own)
    test = frozen.in_split(Split.TEST)
    console = Console()
    console.print(_table(criteria, len(test), runs))
    known = _pilots(pilot or (), read_brought(scores or ()), frozen, criteria)
    for note in limits(criteria, frozen.samples, tuple(target or ()), test, known):
        console.print(Text(f"- {note}"))
    for text in (text for each in own for text in each.left_out):
        console.print(Text(f'- Tests nothing, so it was left out: "{text}"'))
    if out:
        write_criteria(out, criteria)
        console.print(Text(f"criteria {criteria.hash} in {out}"))


def _pilots(paths: Sequence[Path], brought: Brought, dataset: Dataset, criteria: Criteria) -> Mapping[str, Pilot]:
    """What two runs say of the spread of each metric that decides."""
    if not paths:
        return {}
    if len(paths) != PILOT_RUNS:
        raise InputError(f"--pilot needs outputs of two runs, the source's first, and there are {len(paths)}. Give it twice.")
    source = read_run(paths[0])
    samples = run_samples(dataset, source, paths[0])
    other = target_run(paths[1], dataset, source, criteria, brought)
    return pilots(samples, with_scores(source, samples, criteria, brought), (other,), criteria)


def _check(choice: JudgeChoice | None, *, refine: bool) -> None:
    """InputError for a judge or an embedder there is not, and where a judge is wanted and none is named. Nobody is called."""
    if choice is None:
        if refine:
            raise InputError("--refine asks a judge to look over a style guide. Name one with --judge, or leave --refine out.")
        return
    open_model(choice.model)
    open_embedder(choice.embedder, MemoryRulings())


def _read(path: Path, kind: Pasted | None) -> Own:
    """What a file holds, under its name. A rubric says itself how it is answered; one that does not is a scale."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as UTF-8 text. Check the path and the file.") from error
    return read_pasted(text, path.stem, kind or _rubric_kind(text))


def _rubric_kind(text: str) -> Pasted:
    from pipeline.metrics.guide.style import kind_of

    return Pasted.QUESTIONS if kind_of(text) is Pasted.QUESTIONS else Pasted.SCALE


async def _refined(own: Own, choice: JudgeChoice, settings: ModelSettings) -> Own:
    from pipeline.metrics.guide.refine import refined
    from pipeline.metrics.judge.bench import open_bench
    from pipeline.metrics.judge.port import Tab

    async with open_bench(choice, MemoryRulings(), settings=settings) as bench:
        return await refined(own, bench.judge, Tab())


def _criteria(use_case: UseCase, samples: Sequence[Sample], judge: JudgeChoice | None, own: Sequence[Own]) -> Criteria:
    criteria = propose(use_case, samples, judge=judge)
    for each in own:
        criteria = with_own(criteria, each.rubrics, each.checks)
        there = {choice.metric for choice in criteria.metrics}
        added = tuple(
            MetricChoice(metric=name, reason="the style guide asks for it") for name in each.metrics if name not in there
        )
        criteria = replace(criteria, metrics=(*criteria.metrics, *added))
    check_roles(criteria)
    return locked(criteria)


def _table(criteria: Criteria, samples: int, runs: int) -> Table:
    table = Table(Column("metric", no_wrap=True), "role", "reason", "judge calls", "tokens", "USD")
    judged = judged_on(criteria, Split.TEST)
    for choice in criteria.metrics:
        judged_runs = runs - metric_named(choice.metric, criteria).needs_source  # the source is not held against itself
        found = cost(choice.metric, samples * judged_runs, criteria, price) if choice.metric in judged else None
        role = f"decides, margin {choice.margin:g}" if choice.primary else "reported"
        spent = _spent(found.calls, found.input_tokens + found.output_tokens, found.usd) if found else ("", "", "")
        table.add_row(choice.metric, role, Text(choice.reason), *spent)
    return table


def _spent(calls: int, tokens: int, usd: float | None) -> tuple[str, str, str]:
    return f"{calls:,}", f"{tokens:,}", "unknown" if usd is None else f"{usd:,.2f}"
