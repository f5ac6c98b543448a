"""`ferry prompts publish`, `fetch` and `rollback`: prompts in Amazon Bedrock's prompt management."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.access import EndpointUrl, Profile, Region
from pipeline.commands.prompts.files import Pick, PromptFile, SyntaxName, SystemFile, TurnsFile, read_prompts
from pipeline.errors import InputError
from pipeline.models.settings import ModelSettings
from pipeline.prompts.managed.form import unsaid
from pipeline.prompts.managed.service import Managed, Publication, Version

Address = Annotated[str, typer.Argument(help="Name, id or ARN of a prompt; with :VERSION for one of its versions.")]


def publish(
    prompt: PromptFile,
    name: Annotated[str, typer.Option(help="The name in prompt management.")],
    target: Annotated[str, typer.Option(help="The model it is for: bedrock:<model id or inference profile>.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="key=value on the prompt and the version. Repeatable.")] = None,
    over: Annotated[bool, typer.Option("--over", help="Replace a draft that Ferry did not write.")] = False,
    system: SystemFile = None,
    turns: TurnsFile = None,
    syntax: SyntaxName = None,
    pick: Pick = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Publish a prompt as a version that never changes; the same prompt again is the same version."""
    first = read_prompts(prompt, system=system, turns_file=turns, syntax=syntax, pick=pick)[0]
    asked = Publication(name=name, prompt=first.prompt, model=_model(target), tags=_tags(tag or ()), over=over)
    found = asyncio.run(_managed(region, profile, endpoint_url).publish(asked))
    typer.echo(f"{'Published' if found.new else 'Already there'}: {_told(found)}")
    for sentence in (*first.not_carried, *unsaid(first.prompt)):
        typer.echo(sentence)


def fetch(
    address: Address,
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write; every other command reads it.")],
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Write a managed prompt to a file; one that Ferry published comes back with the same hash."""
    found, text = asyncio.run(_managed(region, profile, endpoint_url).fetch(address))
    out.write_text(text, "utf-8", newline="\n")
    typer.echo(f"{found.name}: prompt {found.prompt.hash[:12]} is in {out}.")
    for sentence in found.not_carried:
        typer.echo(sentence)


def rollback(
    address: Address,
    to: Annotated[int | None, typer.Option(min=1, help="The version to go back to; default: the one before.")] = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Set a prompt's draft to an earlier version, and say the ARN by which applications name that version."""
    found = asyncio.run(_managed(region, profile, endpoint_url).roll_back(address, None if to is None else str(to)))
    typer.echo(f"The draft is {_told(found)}")
    typer.echo("Applications that name a version by its ARN go back when you give them this one; no version was removed.")


def _told(found: Version) -> str:
    known = f", prompt {found.hash[:12]}" if found.hash else ""
    return f"{found.name} version {found.version}{known}\n{found.arn}"


def _managed(region: str | None, profile: str | None, endpoint_url: str | None) -> Managed:
    return Managed(ModelSettings(region=region, profile=profile, endpoint_url=endpoint_url))


def _model(target: str) -> str:
    provider, _, model = target.partition(":")
    if target and (provider != "bedrock" or not model):
        raise InputError(f"Prompt management names models on Bedrock; {target} is none. Give bedrock:<model id> or leave it out.")
    return model


def _tags(given: Sequence[str]) -> Mapping[str, str]:
    pairs = [text.partition("=") for text in given]
    if wrong := ["".join(pair) for pair in pairs if not pair[0] or not pair[1]]:
        raise InputError(f'"{wrong[0]}" is no tag. Write it as --tag key=value.')
    return {key: value for key, _, value in pairs}
