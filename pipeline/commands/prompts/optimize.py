"""`ferry prompts optimize`: searches a target's best prompt on dev within a budget, and shows on test what it is worth."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.access import CacheFolder, EndpointUrl, InFlight, Profile, Region, given_access, given_limiter
from pipeline.commands.criteria import CriteriaFile, criteria_for
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
    read_beside,
    read_prompts,
)
from pipeline.commands.prompts.searching import INTERRUPTED, Most, Searching, planned, searched
from pipeline.commands.prompts.shown import show, show_plan
from pipeline.errors import InputError
from pipeline.hashing import content_hash, plain
from pipeline.models import ModelSettings
from pipeline.models.prices import Price, Prices, read_overrides
from pipeline.models.registry import PROVIDERS, open_model
from pipeline.models.settings import DEFAULTS
from pipeline.prompts.importers import Imported
from pipeline.prompts.lint import fixed
from pipeline.prompts.methods import Ask
from pipeline.prompts.search import page
from pipeline.prompts.search.looks import Looks
from pipeline.prompts.search.meter import SpentError, prices_for
from pipeline.prompts.search.words import headline
from pipeline.prompts.template import refuse_unmarked
from pipeline.records import Criteria, Dataset, PromptVersion, Split, UseCase
from pipeline.run import check

LOOKS = "ferry.looks.jsonl"
MODELS = "; ".join(provider.names for provider in PROVIDERS.values())


def optimize(
    context: typer.Context,
    prompt: PromptFile,
    target: Annotated[str, typer.Option(help=f"The target model: {MODELS}.")],
    dataset: Annotated[Path, typer.Option(help="Its dev split drives the search; its test split is looked at once, at the end.")],
    beside: Annotated[list[str] | None, typer.Option(help="Another tool's prompt, as `convert` takes it. Repeatable.")] = None,
    source: Annotated[str, typer.Option(help="The source model, or recorded:<name> for the answers in the dataset.")] = "",
    writer: Annotated[str, typer.Option(help="A model that writes prompts: conversion and GEPA need one.")] = "",
    calls: Annotated[int | None, typer.Option(min=1, help="Most calls on dev, the writer's too; default: the plan's.")] = None,
    usd: Annotated[float | None, typer.Option(min=0, help="Most USD, the look at test included.")] = None,
    most_usd: MostUsd = None,
    criteria_file: CriteriaFile = None,
    use_case: Annotated[UseCase, typer.Option(help="What the prompt does.")] = UseCase.CHAT,
    journal: Annotated[Path | None, typer.Option(help="What was paid for, to resume from; default: beside the prompt.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A folder for the candidates and search.json.")] = None,
    html: Annotated[bool, typer.Option("--html", help="Write search.html too, the prompts side by side; needs --out.")] = False,
    plan_only: Annotated[bool, typer.Option("--plan", help="Show the plan with its budget, and stop.")] = False,
    look_again: Annotated[str, typer.Option(help="Why test shall be looked at once more, with another winner.")] = "",
    seed: Annotated[int, typer.Option(help="Another seed draws other rows to learn from.")] = 0,
    prices: OwnPrices = None,
    system: SystemFile = None,
    turns: TurnsFile = None,
    syntax: SyntaxName = None,
    pick: Pick = None,
    in_flight: InFlight = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    cache: CacheFolder = DEFAULTS.cache,
    as_json: AsJson = False,
) -> None:
    """Search the best prompt for a target on dev, within a budget; then look at test once and say what was gained."""
    first, *more = read_prompts(prompt, system=system, turns_file=turns, syntax=syntax, pick=pick)
    frozen, others = read_dataset(dataset), _others(prompt, first, more, beside or ())
    criteria = _criteria(use_case, frozen, criteria_file, most_usd)
    ask = capped(_ask(fixed(first, target).prompt, frozen, (target, source, use_case, seed)), criteria, None, prices)
    key = _key(ask, frozen, criteria, writer, others)
    search = Searching(
        ask=ask,
        writer=writer,
        criteria=criteria,
        settings=_settings(context, region, profile, endpoint_url, cache),
        prices=_prices(ask, writer, criteria, prices, usd),
        journal=journal or (out or prompt.parent) / f"{prompt.stem}.{key[:8]}.search.jsonl",
        key=key,
        beside=others,
        most=Most(in_flight=in_flight, calls=calls, usd=usd),
        looks=_looks(dataset, frozen, target, look_again),
    )
    _run(search, out, html=html, plan_only=plan_only, as_json=as_json)


def _others(path: Path, first: Imported, more: Sequence[Imported], beside: Sequence[str]) -> tuple[Imported, ...]:
    """What the prompt's own file made of it, and the other tools' prompts; what else the file holds is told."""
    made = tuple(one for one in more if one.prompt.parent == first.prompt.hash)
    if len(made) < len(more):
        typer.echo(many(path, first, 1 + len(more)), err=True)
    return made + read_beside(beside)


def _criteria(use_case: UseCase, frozen: Dataset, path: Path | None, most_usd: float | None) -> Criteria:
    """With the cap that was given, which counts before the file's. Raises InputError where nothing decides."""
    criteria = criteria_for(None, None, use_case, frozen.in_split(Split.DEV), path)
    if not criteria.primary:
        raise InputError("No metric decides. Name the criteria with --criteria FILE, as `ferry guide` writes them.")
    return criteria if most_usd is None else replace(criteria, most_usd=most_usd)


def _settings(
    context: typer.Context, region: str | None, profile: str | None, endpoint_url: str | None, cache: Path
) -> ModelSettings:
    openai, limiter = given_access(context), given_limiter(context)
    return ModelSettings(
        region=region,
        profile=profile,
        endpoint_url=endpoint_url,
        cache=cache,
        jitter=random.random,
        openai=openai,
        limiter=limiter,
    )


def _ask(prompt: PromptVersion, frozen: Dataset, given: tuple[str, str, UseCase, int]) -> Ask:
    """Raises InputError where there is nothing to choose by, or nothing to prove the choice with."""
    target, source, use_case, seed = given
    open_model(target)
    dev, test = frozen.in_split(Split.DEV), frozen.in_split(Split.TEST)
    if not dev or not test:
        raise InputError("A search needs dev samples to choose by and test samples to prove it with. Add samples to the dataset.")
    refuse_unmarked(prompt)
    check(prompt, (*dev, *test))
    return Ask(
        prompt=prompt,
        target=target,
        use_case=use_case,
        dev=dev,
        held_out=test,
        source=source,
        seed=seed,
    )


def _key(ask: Ask, frozen: Dataset, criteria: Criteria, writer: str, others: tuple[Imported, ...]) -> str:
    """Which search it is: more calls or money go on with the same one."""
    asked = [ask.prompt.hash, ask.target, ask.source, ask.use_case, ask.seed, writer, [one.prompt.hash for one in others]]
    return content_hash([frozen.hash, criteria.hash, *asked])


def _looks(dataset: Path, frozen: Dataset, target: str, reason: str) -> Looks:
    """Beside the dataset, by what its test samples ask: another prompt, cap or journal looks at the same ones."""
    about = content_hash([sorted(sample.input_hash for sample in frozen.in_split(Split.TEST)), target])
    return Looks(dataset.resolve().parent / LOOKS, about, reason)


def _prices(ask: Ask, writer: str, criteria: Criteria, own: Path | None, most_usd: float | None) -> Mapping[str, Price]:
    judge = criteria.judge.model if criteria.judge else ""
    overrides = read_overrides(own) if own else {}
    return prices_for((ask.target, writer, ask.source, judge), Prices(overrides=overrides), most_usd=most_usd)


def _check_folder(out: Path | None, *, html: bool) -> None:
    if html and out is None:
        raise InputError("--html needs a folder to write into. Name one with --out.")
    if out is not None and out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file. Name a folder for the candidates with --out.")


def _run(search: Searching, out: Path | None, *, html: bool, plan_only: bool, as_json: bool) -> None:
    _check_folder(out, html=html)
    ahead = asyncio.run(planned(search))
    show_plan(ahead, search)
    if plan_only:
        return
    try:
        found = asyncio.run(searched(search, ahead, out))
    except KeyboardInterrupt:
        typer.echo(f"Stopped. The same command goes on from {search.journal}; nothing is paid twice.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if found.report is None:
        raise SpentError(f"There is no prompt measured on all of dev yet. {found.ended.why}")
    if out:
        told = {**plain(found.report), "headline": headline(found.report)}
        (out / "search.json").write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", "utf-8")
    if html and out:
        page.write(found.report, out / "search.html")
    if as_json:
        typer.echo(json.dumps({**plain(found.report), "headline": headline(found.report)}, ensure_ascii=False, indent=2))
    else:
        show(found.report, out)
