"""`ferry errors`: what goes wrong in a target's run, in groups with a likely cause and a next step."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.brought import ScoreFiles, check_used, read_brought
from pipeline.commands.compare import target_run, with_scores
from pipeline.commands.criteria import CriteriaFile, Metrics, criteria_for
from pipeline.commands.files import read_dataset, read_run
from pipeline.commands.score import run_samples
from pipeline.decide.errors import Suspect, group_failures, suspects
from pipeline.decide.errors.summary import ArmErrors, summarise
from pipeline.records import UseCase

DOUBTS = 10


def errors(
    dataset: Annotated[Path, typer.Argument(help="The dataset all runs were made with.")],
    source: Annotated[Path, typer.Option(help="Outputs of the source's run.")],
    target: Annotated[list[Path], typer.Option(help="Outputs of a target's run. Repeatable: targets explain each other.")],
    metric: Metrics = None,
    use_case: Annotated[UseCase, typer.Option(help="Chooses the metrics when none is named.")] = UseCase.CHAT,
    criteria_file: CriteriaFile = None,
    scores: ScoreFiles = None,
) -> None:
    """Group the failures of target runs, and list references that look wrong."""
    frozen, before, brought = read_dataset(dataset), read_run(source), read_brought(scores or ())
    samples = run_samples(frozen, before, source)
    criteria = criteria_for(metric, None, use_case, samples, criteria_file, brought=brought)
    base = with_scores(before, samples, criteria, brought)
    runs = [target_run(path, frozen, before, criteria, brought) for path in target]
    check_used(brought, [base, *runs])
    for path, run in zip(target, runs, strict=True):
        groups = group_failures(samples, base, run, criteria, others=runs, name=path.name)
        _show(summarise(path.name, groups, samples, run))
    _show_doubts(suspects(samples, [base, *runs]))


def _show(found: ArmErrors) -> None:
    out, title = Console(), Text(f"{found.arm}: {found.failed} of {found.samples} samples fail")
    if not found.groups:
        out.print(title)
        return
    table = Table("failures", "cause", "what", "examples", "evidence", "next step", title=title)
    for group in found.groups:
        examples = ", ".join(example.sample_id for example in group.examples)
        table.add_row(str(group.count), group.cause.value, *map(Text, (group.label, examples, group.evidence, group.next_step)))
    out.print(table)


def _show_doubts(doubts: tuple[Suspect, ...]) -> None:
    out = Console()
    for doubt in doubts[:DOUBTS]:
        suggested = f" It may have to say: {doubt.suggestion}" if doubt.suggestion else ""
        out.print(Text(f"Reference of {doubt.sample_id} in doubt: {doubt.why}{suggested}"))
    if len(doubts) > DOUBTS:
        out.print(f"And {len(doubts) - DOUBTS} more references in doubt.")
