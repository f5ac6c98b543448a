"""`ferry prompts effect`: what a round did, per group of failures and on all of dev, and whether to keep it."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.brought import ScoreFiles, check_used, read_brought
from pipeline.commands.criteria import CriteriaFile, Metrics, criteria_for
from pipeline.commands.files import prompt_of_run, read_dataset
from pipeline.commands.prompts.files import AsJson
from pipeline.commands.prompts.scored import declared, dev_run, failing
from pipeline.decide.latency import Seconds
from pipeline.hashing import plain
from pipeline.models.prices import known
from pipeline.prompts.rounds import Outcome, outcome
from pipeline.records import Split, UseCase

LISTED = 10


def effect(
    before: Annotated[Path, typer.Argument(help="Outputs of the prompt before the round, over dev.")],
    after: Annotated[Path, typer.Argument(help="Outputs of the round's candidate, over dev.")],
    dataset: Annotated[Path, typer.Option(help="The dataset both were made with.")],
    metric: Metrics = None,
    use_case: Annotated[UseCase, typer.Option(help="Chooses the metrics when none is named.")] = UseCase.CHAT,
    criteria_file: CriteriaFile = None,
    scores: ScoreFiles = None,
    as_json: AsJson = False,
) -> None:
    """Show a round's effect on each group of failures, what got worse elsewhere, and the advice to keep or revert."""
    frozen, brought = read_dataset(dataset), read_brought(scores or ())
    samples = frozen.in_split(Split.DEV)
    criteria = criteria_for(metric, None, use_case, samples, criteria_file, brought=brought)
    old, new = (dev_run(path, frozen, criteria, brought) for path in (before, after))
    check_used(brought, [old, new])
    shown = {shot for path in (before, after) if (prompt := prompt_of_run(path)) for shot in declared(prompt, samples).shots}
    together = {sample.id: sample.cluster for sample in samples if sample.cluster is not None}
    price = known([new.key.model]).get(new.key.model)
    found = outcome(old, new, failing(samples, old, criteria), criteria, left_out=shown, clusters=together, price=price)
    if as_json:
        typer.echo(json.dumps(plain(found), ensure_ascii=False, indent=2))
    else:
        _show(found, len(shown))


def _show(found: Outcome, shown: int) -> None:
    out, table = Console(), Table("group", "n", "before", "after", "difference", "interval", "better", "worse")
    for each in found.effects:
        interval = f"{each.interval.low:+.3f} to {each.interval.high:+.3f}" if each.interval else "n too small"
        figures = (_figure(each.before, ".3f"), _figure(each.after, ".3f"), _figure(each.difference, "+.3f"), interval)
        table.add_row(Text(each.group), str(each.n), *figures, str(len(each.improved)), str(len(each.worse)))
    out.print(table)
    if shown:
        out.print(f"Left out, since a prompt shows them: {shown} of dev.")
    out.print(f"Output tokens per answer: {_figure(found.tokens_before, '.1f')} → {_figure(found.tokens_after, '.1f')}")
    out.print(f"Latency p50: {_seconds(found.latency_before.p50)} → {_seconds(found.latency_after.p50)}")
    out.print(f"USD per 1,000 calls: {_figure(found.usd_before, '.4f')} → {_figure(found.usd_after, '.4f')}")
    if found.regressions:
        more = f" and {len(found.regressions) - LISTED} more" if len(found.regressions) > LISTED else ""
        out.print(Text(f"Got worse ({len(found.regressions)}): {', '.join(found.regressions[:LISTED])}{more}"))
    out.print(Text(found.sentence, "bold"))


def _figure(value: float | None, form: str) -> str:
    return "unknown" if value is None else format(value, form)


def _seconds(given: Seconds) -> str:
    return "unknown" if given.value is None else f"{given.value:.2f} s"
