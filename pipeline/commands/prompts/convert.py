"""`ferry prompts convert`: every candidate for a target in one table, Ferry's own and other tools', with the guards' word."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.access import EndpointUrl, Profile, Region, reached
from pipeline.commands.convert import all_methods, entry, place, told, whys, write_all
from pipeline.commands.criteria import CriteriaFile, read_criteria
from pipeline.commands.files import read_dataset
from pipeline.commands.prompts.files import (
    AsJson,
    MostUsd,
    OwnPrices,
    Pick,
    PromptFile,
    SyntaxName,
    SystemFile,
    TurnsFile,
    capped,
    many,
    read_joined,
    read_prompts,
)
from pipeline.models import ModelSettings
from pipeline.models.registry import PROVIDERS, open_model
from pipeline.models.settings import DEFAULTS
from pipeline.prompts.importers import Imported
from pipeline.prompts.importers.candidate import candidate
from pipeline.prompts.lint import fixed
from pipeline.prompts.methods import Ask, candidates, untried
from pipeline.prompts.template import refuse_unmarked, variables
from pipeline.records import Candidate, Dataset, Split, UseCase


def convert(
    context: typer.Context,
    prompt: PromptFile,
    target: Annotated[str, typer.Option(help=f"The target model: {'; '.join(p.names for p in PROVIDERS.values())}.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A folder to write the candidates into.")] = None,
    dataset: Annotated[Path | None, typer.Option(help="Its dev split gives examples; its test split must not leak.")] = None,
    beside: Annotated[
        list[str] | None, typer.Option(help="Another tool's prompt: a file, or system.txt+turns.json+user.txt. Repeatable.")
    ] = None,
    use_case: Annotated[UseCase, typer.Option(help="What the prompt does.")] = UseCase.CHAT,
    writer: Annotated[
        str | None, typer.Option(help="A model that may write prompts (up to six calls), named as a target is. Default: none.")
    ] = None,
    source: Annotated[str, typer.Option(help="The model the prompt was written for; a writer is told.")] = "",
    feedback: Annotated[list[str] | None, typer.Option(help="What went wrong so far, for the writer. Repeatable.")] = None,
    criteria_file: CriteriaFile = None,
    most_usd: MostUsd = None,
    prices: OwnPrices = None,
    system: SystemFile = None,
    turns: TurnsFile = None,
    syntax: SyntaxName = None,
    pick: Pick = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """List every candidate for a target, with what changed and why; write them with -o."""
    open_model(target)
    first, *others = read_prompts(prompt, system=system, turns_file=turns, syntax=syntax, pick=pick)
    count, left_out = 1 + len(others), any(one.prompt.parent != first.prompt.hash for one in others)
    others = [one for one in others if one.prompt.parent == first.prompt.hash]
    others += [one for written in beside or () for one in read_joined(written)]
    ask = ask_of(first, target, use_case, read_dataset(dataset) if dataset else None)
    ask = capped(ask, read_criteria(criteria_file) if criteria_file else None, most_usd, prices)
    ask = replace(ask, source=source or first.model, feedback=tuple(feedback or ()))
    settings = replace(reached(context, region, profile, endpoint_url), timeout_s=60.0)
    own = asyncio.run(_own(ask, settings, writer))
    found = _unique([*own, *(candidate(one, ask) for one in others)])
    written = write_all(found, out) if out else [(one, "") for one in found]
    if as_json:
        listed = [{**entry(one, name), "refusals": whys(one, ask)} for one, name in written]
        typer.echo(json.dumps(listed, ensure_ascii=False, indent=2))
        return
    if left_out:
        typer.echo(many(prompt, first, count) + "\n")
    _tell_own(ask, prompt, dataset)
    _show(ask, first, written, out)
    if writer is None:
        typer.echo("\n".join(("", *untried(ask))))


async def _own(ask: Ask, settings: ModelSettings, writer: str | None) -> tuple[Candidate, ...]:
    """Ferry's own candidates; a writer may take as long as any model."""
    methods = all_methods(settings)
    if writer is None:
        return await candidates(ask, methods)
    model = open_model(writer, settings=replace(settings, timeout_s=DEFAULTS.timeout_s))
    try:
        return await candidates(replace(ask, writer=model), methods)
    finally:
        await model.close()


def ask_of(first: Imported, target: str, use_case: UseCase, frozen: Dataset | None) -> Ask:
    """What is fixed without loss is fixed in the prompt the methods start from, and so in every candidate.

    Without a dataset the samples that came in the prompt's own file are dev: what a prompt learned from must not stand in it.
    Raises InputError for a prompt that every sample would get alike.
    """
    ready = fixed(first, target).prompt
    refuse_unmarked(ready)
    dev = frozen.in_split(Split.DEV) if frozen else first.samples
    test = frozen.in_split(Split.TEST) if frozen else ()
    return Ask(prompt=ready, target=target, use_case=use_case, dev=dev, held_out=test)


def _tell_own(ask: Ask, file: Path, dataset: Path | None) -> None:
    if ask.dev and dataset is None:
        typer.echo(f"No dataset is given, so the samples in {file.name} ({len(ask.dev)}) are dev.\n")


def _unique(found: Iterable[Candidate]) -> list[Candidate]:
    """Equal versions once; the first names it."""
    kept: dict[str, Candidate] = {}
    for one in found:
        kept.setdefault(one.prompt.hash if one.prompt.user else f"failed {one.prompt.method}", one)
    return list(kept.values())


def _show(ask: Ask, first: Imported, written: Sequence[tuple[Candidate, str]], out: Path | None) -> None:
    console, table = (
        Console(),
        Table("candidate", "characters", "variables", "shots", "guards", title=Text(f"{first.name} for {ask.target}")),
    )
    for one, _ in written:
        length = f"{sum(map(len, one.prompt.texts)):,}"
        marked = ", ".join(variables(one.prompt))
        word = "\n".join(whys(one, ask)) or "passed"
        table.add_row(*map(Text, (one.prompt.method, length, marked, str(len(one.prompt.shots)), word)))
    console.print(table)
    for sentence in first.not_carried:
        console.print(Text(f"Not carried over: {sentence}"))
    for one, name in written:
        console.print(Text("\n" + told(ask, one, place(out, name))))
