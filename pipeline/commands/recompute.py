"""`ferry recompute`: makes every figure of a report again from its stored cells and says which agree."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.report.recompute import Recomputed
from pipeline.report.recompute import recompute as recomputed
from pipeline.report.storage import read_file

LISTED = 40
DIFFERS = 1


def recompute(
    report: Annotated[Path, typer.Argument(help="The report.json that came with the report.")],
    signed: Annotated[str, typer.Option("--hash", help="The hash of the report that was signed, or its beginning.")] = "",
) -> None:
    """Recompute a report. Exit code 1 when a figure, a stored cell or a hash does not agree."""
    found = read_file(report)
    result = recomputed(found, signed_hash=signed)
    console = Console()
    console.print(_table(result))
    for line in _lines(result, found.stated_hash, found.found_hash, signed):
        console.print(Text(line))
    if not result.agrees:
        raise typer.Exit(DIFFERS)


def _table(result: Recomputed) -> Table:
    table = Table("part of the report", "figures that agree", "that do not")
    wrong = [difference.where.partition(".")[0].partition("[")[0] for difference in result.differing]
    for part in dict.fromkeys([*result.agreeing, *wrong]):
        table.add_row(part, str(result.agreeing.get(part, 0)), str(wrong.count(part)))
    return table


def _lines(result: Recomputed, stated: str, found: str, signed: str) -> list[str]:
    lines = [f"Changed after it was written: {cell}." for cell in result.changed_cells]
    lines += [f"{d.where} says {d.stored}; from the cells it is {d.recomputed}." for d in result.differing[:LISTED]]
    lines += [f"... and {len(result.differing) - LISTED} more."] if len(result.differing) > LISTED else []
    if not result.hash_agrees:
        lines.append(f"The report says its hash is {stated}, but its content has {found}: it was changed after it was written.")
    if not result.signed_agrees:
        lines.append(f"This is not the report that was signed: its hash is {found}, not {signed}.")
    total = sum(result.agreeing.values())
    lines.append(f"All {total:,} figures follow from the stored cells; hash {found}." if result.agrees else "Does not agree.")
    return lines
