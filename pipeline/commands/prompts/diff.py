"""`ferry prompts diff`: what changed from one prompt to another, by section."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pipeline.commands.prompts.files import AsJson, Pick, picked, read_joined
from pipeline.errors import InputError
from pipeline.hashing import plain
from pipeline.prompts.diff import Change, Line, changes
from pipeline.prompts.importers import Imported

_MARKS = {"same": " ", "added": "+", "removed": "-"}
_STYLES = {"+": "green", "-": "red", " ": "dim"}


def diff(
    before: Annotated[str, typer.Argument(help="A prompt's file, or its parts as system.txt+turns.json+user.txt.")],
    after: Annotated[str | None, typer.Argument(help="The other one; left out where the first file holds both.")] = None,
    pick: Pick = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed in system text, turns, user text and parameters.

    Of a file with several prompts the one named by --pick is the later one, else the first that was made from another in it;
    without a second file it is compared with the prompt it was made from.
    """
    there = read_joined(before)
    among = there if after is None else read_joined(after)
    other = _later(among, pick, Path(after or before).name, alone=after is None)
    made_from = (each for each in there if each.prompt.hash == other.prompt.parent)
    one = next(made_from, there[0]) if after is None else there[0]
    found = changes(one.prompt, other.prompt)
    if as_json:
        told = {"before": one.name, "after": other.name, "of": len(among), "changes": [plain(change) for change in found]}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    out = Console()
    if after is not None and len(there) > 1:
        out.print(Text(_which(there, one, before)))
    if len(among) > (2 if after is None else 1):
        out.print(Text(f"{_which(among, other, after or before)} Choose another one with --pick."))
    out.print(Text(f"{one.name} → {other.name}" + ("" if found else ": equal")))
    show_changes(out, found)


def _later(among: Sequence[Imported], pick: str | None, file: str, *, alone: bool) -> Imported:
    """The prompt that is compared with the first one of all; `alone` where both are in one file."""
    if alone and len(among) < 2:
        raise InputError(f"{file} holds one prompt. Give the other one as a second file.")
    if pick is not None:
        return picked(among, pick, file)[0]
    originals = {one.prompt.hash for one in among}
    return next((one for one in among if one.prompt.parent in originals), among[1 if alone else 0])


def _which(among: Sequence[Imported], one: Imported, file: str) -> str:
    return f"{Path(file).name} holds {len(among)} prompts; this is {one.name}, number {among.index(one) + 1}."


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
