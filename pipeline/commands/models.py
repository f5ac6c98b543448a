"""`ferry models`: which models fit what you need, the cheapest first, and why the others fell out."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pipeline.errors import InputError
from pipeline.models.catalog import (
    Catalog,
    Citation,
    Constraints,
    ModelFacts,
    Shortlist,
    checked,
    cites,
    read_benchmarks,
    read_catalog,
    reasons,
    shortlist,
    told,
)
from pipeline.models.catalog.live import read_live, read_model
from pipeline.models.catalog.snapshot import snapshot
from pipeline.models.catalog.words import read_mix, understood
from pipeline.models.settings import ModelSettings

TIMEOUT_S = 30.0
WIDE = 130  # columns a terminal needs for a column each


def models(
    wanted: Annotated[list[str] | None, typer.Argument(help="What you need: image 'context 100k' eu 'under 1 USD' ...")] = None,
    mix: Annotated[str, typer.Option(help="Parts of input and output tokens that a call has, for the ranking.")] = "3:1",
    why: Annotated[str | None, typer.Option(help="All that is known of one model, and why it falls out.")] = None,
    rank_by: Annotated[str, typer.Option(help="Rank by this external figure instead of the price.")] = "",
    benchmarks: Annotated[Path | None, typer.Option(help="External figures, JSON or CSV (docs/models.md).")] = None,
    prices: Annotated[Path | None, typer.Option(envvar="FERRY_PRICES", help="Your own prices and facts, a JSON file.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask AWS what it offers and what retires; needs credentials.")] = False,
    region: Annotated[str | None, typer.Option(help="The AWS region to ask, with --live.")] = None,
    today: Annotated[
        str | None, typer.Option(help="The day to judge retirement by; else that of AWS's answer or of the snapshot.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON, every reason of every model too.")] = False,
) -> None:
    """Shortlist models: constraints in plain words, the cheapest first, with the reason each other one fell out."""
    asked = understood(_text(wanted or ()), Constraints(mix=_mix(mix), today=_day(today)))
    if asked.left:
        raise InputError(f'Not understood: {", ".join(asked.left)}. Write for example: image, "context 100k", eu, "under 1 USD".')
    settings = ModelSettings(region=region, timeout_s=TIMEOUT_S)
    answered = read_live(settings) if live else None
    sources = read_catalog(prices, answered)
    day = asked.constraints.today or (answered.date if answered else "") or snapshot().date
    constraints = replace(asked.constraints, today=day)
    cited = read_benchmarks(benchmarks)
    if why:
        _explain(checked(_known(sources, why, settings)), constraints, cited, as_json=as_json)
        return
    found = shortlist(sources.all(), constraints, cited, rank_by)
    if as_json:
        typer.echo(json.dumps(_data(found), indent=1))
    else:
        _print(found)


def _text(words: Sequence[str]) -> str:
    """Words as they were typed; where some stand in quotes, each argument is a constraint of its own."""
    return (" , " if any(" " in word for word in words) else " ").join(words)


def _day(text: str | None) -> str | None:
    try:
        return date.fromisoformat(text).isoformat() if text else None
    except ValueError as error:
        raise InputError(f'"{text}" is no date. Write --today as 2026-11-25.') from error


def _mix(text: str) -> tuple[float, float]:
    try:
        return read_mix(text)
    except ValueError as error:
        raise InputError(f'"{text}" is no mix. Write parts of input and output tokens, such as --mix 3:1.') from error


def _known(sources: Catalog, why: str, settings: ModelSettings) -> ModelFacts:
    """The model, by reference or by name; with --live, AWS is asked about one that it does not list."""
    names = (why, f"bedrock:{why}")
    facts = next((found for name in names if (found := sources.of(name))), None)
    if facts is None:
        raise InputError(
            f'No layer knows "{why}". Write its reference, such as bedrock:eu.amazon.nova-lite-v1:0; --live asks AWS.'
        )
    if sources.live and facts.absent:
        said = replace(sources, live=read_model(settings, facts.name)).of(facts.ref)
        return replace(said, absent=facts.absent, profiles=facts.profiles) if said else facts
    return facts


def _explain(facts: ModelFacts, wanted: Constraints, cited: Sequence[Citation], *, as_json: bool) -> None:
    against = tuple(reasons(facts, wanted, [each for each in cited if cites(each, facts)]))
    if as_json:
        typer.echo(json.dumps({**_facts(facts), "reasons": [asdict(reason) for reason in against]}, indent=1))
        return
    table = Table("what", facts.ref, "source")
    for line in told.about(facts):
        table.add_row(*map(Text, line))
    console = Console()
    console.print(table)
    for reason in against:
        console.print(Text(f"- falls out: {reason.sentence}"))
    if not against:
        console.print(Text(f"- fits: {told.asked(wanted)}"))


def _print(found: Shortlist) -> None:
    console = Console()
    if found.ranked:
        console.print(_table(found, wide=console.width >= WIDE))
    said: Sequence[str] = (
        f"{told.fit(found)} ({told.asked(found.constraints)}); {told.order(found)}.",
        told.fell_out(found),
        *told.remarks(found),
        *(f"Source: {source}." for source in told.sources(found)),
    )
    for sentence in said:
        console.print(Text(f"- {sentence}"))


def _table(found: Shortlist, *, wide: bool) -> Table:
    """A column for each thing; where the terminal is narrow, everything about a model in one."""
    name, *others = told.HEAD
    table = Table(Column(name, no_wrap=True), *(others if wide else ["about it"]))
    for ranked in found.ranked:
        ref, *cells = told.cells(ranked)
        about = "; ".join(f"{head}: {cell}" for head, cell in zip(others, cells, strict=True))
        table.add_row(*map(Text, (ref, *cells) if wide else (ref, about)))
    return table


def _data(found: Shortlist) -> dict[str, Any]:
    return {
        "constraints": asdict(found.constraints),
        "order": told.order(found),
        "ranked": [
            {**_facts(each.facts), "usd": each.usd, "also": each.also, "citations": [asdict(cited) for cited in each.citations]}
            for each in found.ranked
        ],
        "fell_out": {each.ref: [reason.sentence for reason in each.reasons] for each in found.fallen},
        "counts": dict(found.counts),
    }


def _facts(facts: ModelFacts) -> dict[str, Any]:
    return asdict(replace(facts, takes=dict(facts.takes), told=dict(facts.told)))
