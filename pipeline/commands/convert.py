"""`ferry convert`: a prompt carried to a target by every method that applies, each candidate in its own file."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pipeline.commands.access import EndpointUrl, Profile, Region
from pipeline.commands.files import read_dataset, read_prompt
from pipeline.hashing import plain
from pipeline.models import ModelSettings
from pipeline.models.providers.bedrock import make_client
from pipeline.models.registry import PROVIDERS, open_model
from pipeline.prompts.diff import changes
from pipeline.prompts.guards import refusals
from pipeline.prompts.methods import METHODS, Ask, Method, candidates
from pipeline.prompts.methods.bedrock_optimize import SERVICE, BedrockOptimize
from pipeline.prompts.template import file_text, refuse_unmarked
from pipeline.records import Candidate, Parameters, Split, UseCase

LIST = "candidates.json"


def convert(
    prompt: Annotated[Path, typer.Argument(help="The prompt template; variables as {x}, {{x}} or {$X}.")],
    target: Annotated[str, typer.Option(help=f"The target model: {'; '.join(p.names for p in PROVIDERS.values())}.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write the candidates into.")],
    dataset: Annotated[Path | None, typer.Option(help="Its dev split tells the form of answers and gives examples.")] = None,
    system: Annotated[Path | None, typer.Option(help="The system prompt's template.")] = None,
    use_case: Annotated[UseCase, typer.Option(help="What the prompt does.")] = UseCase.CHAT,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer of the original, in tokens.")] = Parameters().max_tokens,
    stop: Annotated[list[str] | None, typer.Option(help="Stop of the original; \\n is a line end. Repeatable.")] = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Write every prompt candidate for a target, with what changed and why."""
    open_model(target)  # refuses what names no model, before anything is written
    parameters = Parameters(max_tokens=max_tokens, stop=tuple(text.replace("\\n", "\n") for text in stop or ()))
    original = read_prompt(prompt, prompt, system=system, parameters=parameters)
    refuse_unmarked(original)
    dev = read_dataset(dataset).in_split(Split.DEV) if dataset else ()
    settings = ModelSettings(timeout_s=60.0, region=region, profile=profile, endpoint_url=endpoint_url)
    ask = Ask(prompt=original, target=target, use_case=use_case, dev=dev)
    found = asyncio.run(candidates(ask, all_methods(settings)))
    written = write_all(found, out)
    Console().print(Text("\n\n".join(told(ask, candidate, place(out, name)) for candidate, name in written)))


def write_all(found: Sequence[Candidate], out: Path) -> list[tuple[Candidate, str]]:
    """Writes each candidate into files of its own, and a list of all; gives the names of their user texts' files."""
    written = [(candidate, _write(candidate, out, number)) for number, candidate in enumerate(found, 1)]
    (out / LIST).write_text(json.dumps([entry(c, name) for c, name in written], ensure_ascii=False, indent=2) + "\n", "utf-8")
    return written


def all_methods(settings: ModelSettings) -> Mapping[str, Method]:
    optimize = BedrockOptimize(client=partial(make_client, SERVICE, settings))
    return {**METHODS, optimize.name: optimize}


def _write(candidate: Candidate, folder: Path, number: int) -> str:
    """Writes the texts of a candidate, turns and tools as JSON; returns the name of the user text's file, "" without a text."""
    folder.mkdir(parents=True, exist_ok=True)
    if not candidate.prompt.user:
        return ""
    stem = f"{number}-{re.sub(r'[^a-z0-9]+', '-', candidate.prompt.method.lower()).strip('-')}"
    if candidate.prompt.system:
        (folder / f"{stem}.system.txt").write_text(candidate.prompt.system, "utf-8", newline="\n")
    if candidate.prompt.turns:
        messages = [{"role": turn.role, "content": turn.text} for turn in candidate.prompt.turns]
        shown = json.dumps(messages, ensure_ascii=False, indent=2)
        (folder / f"{stem}.turns.json").write_text(shown + "\n", "utf-8", newline="\n")
    if candidate.prompt.tools:
        offered = [
            {"name": tool.name, "description": tool.description, "parameters": json.loads(tool.schema)}
            for tool in candidate.prompt.tools.tools
        ]
        written = json.dumps(offered, ensure_ascii=False, indent=2)
        (folder / f"{stem}.tools.json").write_text(written + "\n", "utf-8", newline="\n")
    (folder / f"{stem}.txt").write_text(file_text(candidate.prompt), "utf-8", newline="\n")
    return f"{stem}.txt"


def entry(candidate: Candidate, name: str) -> Mapping[str, object]:
    told = {key: value for key, value in plain(candidate.prompt).items() if key not in {"user", "system"}}
    return {"file": name, "hash": candidate.prompt.hash, "refusal": candidate.refusal, **told}


def place(out: Path | None, name: str) -> str:
    """Where a candidate's text is, for a person to read."""
    return str(out / name) if out and name else "(not written)"


def whys(candidate: Candidate, ask: Ask) -> tuple[str, ...]:
    """Every reason against `candidate`, gravest first; a method that failed has one."""
    if candidate.refusal is None:
        return ()
    return (refusals(candidate.prompt, ask) if candidate.prompt.user else ()) or (candidate.refusal,)


def told(ask: Ask, candidate: Candidate, where: str) -> str:
    return "\n".join([f"{candidate.prompt.method}: {where}", *(f"  {line}" for line in _lines(ask, candidate))])


def _lines(ask: Ask, candidate: Candidate) -> Iterable[str]:
    yield from (f"refused: {why}" for why in whys(candidate, ask))
    if not candidate.prompt.user:
        return
    found = changes(ask.prompt, candidate.prompt)
    yield from (f"{change.section}: {change.summary}" for change in found)
    if not found:
        yield "the texts as they are" if candidate.prompt.edits else "the original, unchanged"
    for edit in candidate.prompt.edits:
        yield f"{edit.rule} ({'lossless' if edit.lossless else 'wording'}): {edit.reason} [{edit.source}]"
