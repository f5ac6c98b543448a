"""`ferry prompts diff`: what changed from one prompt to another, by section."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pipeline.commands.prompts.files import AsJson, read_joined
from pipeline.errors import InputError
from pipeline.hashing import plain
from pipeline.prompts.diff import Change, Line, changes
from pipeline.prompts.importers import Imported

_MARKS = {"same": " ", "added": "+", "removed": "-"}
_STYLES = {"+": "green", "-": "red", " ": "dim"}


def diff(
    before: Annotated[str, typer.Argument(help="A prompt's file, or its parts as system.txt+turns.json+user.txt.")],
    after: Annotated[str | None, typer.Argument(help="The other one; left out where the first file holds both.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed in system text, turns, user text and parameters."""
    one, other = _two(before, after)
    found = changes(one.prompt, other.prompt)
    if as_json:
        told = {"before": one.name, "after": other.name, "changes": [plain(change) for change in found]}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    out = Console()
    out.print(Text(f"{one.name} → {other.name}" + ("" if found else ": equal")))
    show_changes(out, found)


def _two(before: str, after: str | None) -> tuple[Imported, Imported]:
    found = read_joined(before)
    if after is not None:
        return found[0], read_joined(after)[0]
    if len(found) < 2:
        raise InputError(f"{Path(before).name} holds one prompt. Give the other one as a second file.")
    return found[0], found[1]


def show_changes(out: Console, found: Sequence[Change]) -> None:
    """Each section that changed, its lines marked + and -."""
    for change in found:
        out.print(Text(f"\n{change.section}: {change.summary}", "bold"))
        for line in change.lines:
            for mark, text in _marked(line):
                out.print(Text(f"{mark} {text}", _STYLES[mark]))


def _marked(line: Line) -> list[tuple[str, str]]:
    if line.kind == "changed":
        return [("-", line.before or ""), ("+", line.after or "")]
    return [(_MARKS[line.kind], line.before if line.before is not None else line.after or "")]
