"""Prompt files of any format, as the commands read them, and the options they share."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.files import read_text
from pipeline.errors import InputError
from pipeline.models.prices import Prices, known, read_overrides
from pipeline.prompts.importers import IMPORTERS, Imported, Source, imported
from pipeline.prompts.importers.openai_chat import turns
from pipeline.prompts.importers.variables import SYNTAXES
from pipeline.prompts.port import Ask
from pipeline.records import Criteria

_FORMATS = ", ".join(importer.name for importer in IMPORTERS)
PromptFile = Annotated[Path, typer.Argument(help=f"A prompt in a format Ferry knows by its content: {_FORMATS}.")]
SystemFile = Annotated[Path | None, typer.Option("--system", help="The system text, where the prompt's file has none.")]
TurnsFile = Annotated[Path | None, typer.Option("--turns", help="Earlier messages: a JSON list that ends with the assistant's.")]
SyntaxName = Annotated[str | None, typer.Option("--syntax", help=f"How variables are marked: {', '.join(SYNTAXES)}.")]
Pick = Annotated[str | None, typer.Option("--pick", help="The name of one prompt, where the file holds several.")]
MostUsd = Annotated[
    float | None,
    typer.Option(
        "--most-usd", min=0, help="The most that 1,000 calls may cost, in USD; default: what --criteria says, else no cap."
    ),
]
OwnPrices = Annotated[Path | None, typer.Option("--prices", envvar="FERRY_PRICES", help="Your own prices, a JSON file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def read_prompts(
    path: Path, *, system: Path | None = None, turns_file: Path | None = None, syntax: str | None = None, pick: str | None = None
) -> tuple[Imported, ...]:
    """Every prompt in `path`, or the one named `pick`. Raises InputError."""
    source = Source(
        text=read_text(path, "prompt"),
        name=path.name,
        system=read_text(system, "system prompt") if system else "",
        turns=turns(read_text(turns_file, "file of turns"), turns_file.name) if turns_file else (),
        syntax=syntax,
    )
    found = imported(source)
    return found if pick is None else picked(found, pick, path.name)


def picked(found: Iterable[Imported], pick: str, file: str) -> tuple[Imported, ...]:
    """Those of `found` named `pick`. Raises InputError that says what there is in `file`."""
    found = tuple(found)
    named = tuple(one for one in found if one.name == pick)
    if not named:
        raise InputError(f'{file} holds no prompt named "{pick}". It holds: {", ".join(one.name for one in found)}.')
    return named


def many(path: Path, first: Imported, count: int) -> str:
    """The sentence about a file with `count` prompts, not all of which are looked at."""
    return f"{path.name} holds {count} prompts; this is for {first.name}. Choose another one with --pick."


def capped(ask: Ask, criteria: Criteria | None, most_usd: float | None, own: Path | None) -> Ask:
    """`ask` with the constraints of `criteria`, the price of the target and the cap on 1,000 calls: `most_usd`, else theirs.

    Raises InputError for a cap where the price is unknown, with the way to say it.
    """
    cap = most_usd if most_usd is not None or criteria is None else criteria.most_usd
    prices = Prices(overrides=read_overrides(own) if own else {})
    price = known([ask.target], prices).get(ask.target) if cap is None else prices.of(ask.target)
    return replace(ask, constraints=criteria.own_texts if criteria else (), most_usd=cap, price=price)


def read_beside(written: Iterable[str]) -> tuple[Imported, ...]:
    """The prompts of other tools, each written as for `read_joined`."""
    return tuple(one for each in written for one in read_joined(each))


def read_joined(written: str) -> tuple[Imported, ...]:
    """The prompts in one file, or one prompt in parts joined by `+`: system text, turns (.json), user text at the end."""
    if "+" not in written or Path(written).exists():
        return read_prompts(Path(written))
    *before, user = map(Path, written.split("+"))
    shown = [path for path in before if path.suffix == ".json"]
    systems = [path for path in before if path.suffix != ".json"]
    if len(shown) > 1 or len(systems) > 1:
        raise InputError(f"{written} has more than one system text or list of turns. Write system.txt+turns.json+user.txt.")
    found = read_prompts(user, system=next(iter(systems), None), turns_file=next(iter(shown), None))
    return tuple(replace(one, name="+".join(path.stem for path in (*before, user))) for one in found)
