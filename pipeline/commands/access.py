"""How commands reach models, and how fast: what the command line was given before the command, mostly by its environment."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from pipeline.models.limits import Limiter, read_rules
from pipeline.models.settings import ModelSettings, OpenAIAccess, openai_access

Key = Annotated[str | None, typer.Option(envvar="OPENAI_API_KEY", hidden=True)]
Address = Annotated[str | None, typer.Option(envvar="OPENAI_BASE_URL", hidden=True)]
Servers = Annotated[str | None, typer.Option(envvar="FERRY_OPENAI_SERVERS", hidden=True)]
Region = Annotated[str | None, typer.Option(help="AWS region.")]
Profile = Annotated[str | None, typer.Option(help="AWS profile.")]
EndpointUrl = Annotated[str | None, typer.Option(help="Another address for Bedrock and S3.")]
InFlight = Annotated[int | None, typer.Option(min=1, help="Calls at once; default: what the model takes.")]
CacheFolder = Annotated[Path, typer.Option(help="Folder for the local model.")]
LimitsText = Annotated[str | None, typer.Option("--limits", envvar="FERRY_LIMITS", hidden=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The texts as they were given; they are read when a command needs them."""

    key: str | None = field(repr=False)
    url: str | None
    servers: str | None = field(repr=False)
    limits: str | None = None


def given_access(context: typer.Context) -> OpenAIAccess:
    """For the command of this context. Raises InputError for what cannot be read."""
    given = context.find_object(Given)
    return openai_access(given.key, given.url, given.servers) if given else OpenAIAccess()


def given_limiter(context: typer.Context) -> Limiter:
    """What the calls of one command are admitted by: the operator's limits, and throttles. Raises InputError as `read_rules`."""
    given = context.find_object(Given)
    return Limiter(rules=read_rules(given.limits if given else None))


def reached(context: typer.Context, region: str | None, profile: str | None, endpoint_url: str | None) -> ModelSettings:
    """How models are reached, and how fast, by what a command was given. Raises InputError as the two above."""
    openai, limiter = given_access(context), given_limiter(context)
    return ModelSettings(region=region, profile=profile, endpoint_url=endpoint_url, openai=openai, limiter=limiter)
