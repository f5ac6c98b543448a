"""`ferry prompts round`: what the next round may change about a prompt, from its scored dev outputs; and the candidate of one."""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.access import EndpointUrl, Profile, Region, reached
from pipeline.commands.brought import ScoreFiles, check_used, read_brought
from pipeline.commands.criteria import CriteriaFile, Metrics, criteria_for
from pipeline.commands.files import prompt_of_run, read_dataset
from pipeline.commands.prompts.applying import applied
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
    read_prompts,
)
from pipeline.commands.prompts.scored import declared, dev_run, failing
from pipeline.errors import InputError
from pipeline.hashing import plain
from pipeline.models import ModelSettings, open_model
from pipeline.models.registry import PROVIDERS
from pipeline.prompts.diff import changes
from pipeline.prompts.port import Ask
from pipeline.prompts.rounds import Advice, Proposal, Technique, latency_advice, nothing_fits, proposals, refusals
from pipeline.records import Dataset, ErrorGroup, PromptVersion, RunResult, Split, UseCase


def propose_round(
    context: typer.Context,
    prompt: PromptFile,
    outputs: Annotated[Path, typer.Option(help="Outputs of the prompt to improve, from `ferry run --split dev`.")],
    dataset: Annotated[Path, typer.Option(help="The dataset they were made with.")],
    target: Annotated[str, typer.Option(help=f"The target model: {'; '.join(p.names for p in PROVIDERS.values())}.")],
    writer: Annotated[str | None, typer.Option(help="A model that writes the words where none are fixed.")] = None,
    technique: Annotated[Technique | None, typer.Option(help="Only this technique.")] = None,
    comment: Annotated[list[str] | None, typer.Option(help="What a reviewer said of the answers. Repeatable.")] = None,
    apply: Annotated[Path | None, typer.Option(help="Write the candidate here, for `ferry run --prompt`.")] = None,
    choose: Annotated[int, typer.Option(min=1, help="Which proposal of the list --apply takes.")] = 1,
    metric: Metrics = None,
    use_case: Annotated[UseCase, typer.Option(help="What the prompt does.")] = UseCase.CHAT,
    criteria_file: CriteriaFile = None,
    most_usd: MostUsd = None,
    prices: OwnPrices = None,
    scores: ScoreFiles = None,
    system: SystemFile = None,
    turns: TurnsFile = None,
    syntax: SyntaxName = None,
    pick: Pick = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """List what a round may change, by the failures it could repair; write the candidate of one proposal with --apply.

    PROMPT is the original that guards hold every candidate to. What is improved is the prompt the outputs were made with.
    """
    open_model(target)
    original = read_prompts(prompt, system=system, turns_file=turns, syntax=syntax, pick=pick)[0].prompt
    frozen, brought = read_dataset(dataset), read_brought(scores or ())
    samples = frozen.in_split(Split.DEV)
    criteria = criteria_for(metric, None, use_case, samples, criteria_file, brought=brought)
    run = dev_run(outputs, frozen, criteria, brought)
    check_used(brought, [run])
    settings = replace(reached(context, region, profile, endpoint_url), jitter=random.random)
    ask = capped(_ask(original, target, use_case, frozen, writer, settings), criteria, most_usd, prices)
    now, groups = declared(prompt_of_run(outputs) or original, samples), failing(samples, run, criteria)
    found = [p for p in proposals(now, groups, comment or (), ask, run.outputs) if technique is None or p.technique is technique]
    advice = latency_advice(target, run.outputs, ask.price)
    if as_json:
        typer.echo(json.dumps({"proposals": _entries(found), "advice": plain(advice)}, ensure_ascii=False, indent=2))
    else:
        _show(found, groups, run, advice)
        if not found:
            typer.echo(nothing_fits(groups, refusals(now, groups, comment or (), ask, run.outputs)))
    if apply is not None:
        _apply(_chosen(found, choose), now, ask, apply)


def _ask(
    original: PromptVersion, target: str, use_case: UseCase, frozen: Dataset, writer: str | None, settings: ModelSettings
) -> Ask:
    return Ask(
        prompt=original,
        target=target,
        use_case=use_case,
        dev=frozen.in_split(Split.DEV),
        held_out=frozen.in_split(Split.TEST),
        writer=open_model(writer, settings=settings) if writer else None,
    )


def _entries(found: Sequence[Proposal]) -> list[dict[str, object]]:
    return [{"number": number, "hash": each.hash, **plain(each)} for number, each in enumerate(found, 1)]


def _show(found: Sequence[Proposal], groups: Sequence[ErrorGroup], run: RunResult, advice: Sequence[Advice]) -> None:
    out = Console()
    failed = sum(len(group.sample_ids) for group in groups)
    if found:
        table = Table("", "technique", "repairs up to", "USD per 1,000 calls", "what and why")
        table.title = Text(f"{failed} of {len(run.outputs)} samples fail on dev")
        for number, each in enumerate(found, 1):
            usd = "unknown" if each.usd_per_1000 is None else f"{each.usd_per_1000:+.4f}"
            table.add_row(str(number), each.technique.value, str(len(each.sample_ids)), usd, Text(each.sentence))
        out.print(table)
    for one in advice:
        out.print(Text(f"Faster: {one.sentence} [{one.source}, {one.date}]", "dim"))


def _chosen(found: Sequence[Proposal], number: int) -> Proposal:
    if not found:
        raise InputError("There is no proposal to apply. Leave --technique out, or name a --writer.")
    if number > len(found):
        raise InputError(f"There are {len(found)} proposals, so --choose {number} names none.")
    return found[number - 1]


def _apply(proposal: Proposal, now: PromptVersion, ask: Ask, path: Path) -> None:
    """Writes the candidate. Raises InputError, with nothing written, when a guard refuses it."""
    made = asyncio.run(applied(proposal, now, ask, path))
    told = "\n".join(f"{change.section}: {change.summary}" for change in changes(now, made))
    typer.echo(f"{path}\n{told}\nRun it: ferry run DATASET --split dev --prompt {path} --model {ask.target} -o FILE", err=True)
