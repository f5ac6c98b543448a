"""`ferry prompts advpo`: a prompt from Bedrock's Advanced Prompt Optimization, guarded like every other candidate."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pipeline.aws.jobs import State
from pipeline.aws.s3 import Bucket
from pipeline.commands.access import EndpointUrl, Profile, Region
from pipeline.commands.convert import place, told, write_all
from pipeline.commands.criteria import CriteriaFile, read_criteria
from pipeline.commands.files import read_dataset
from pipeline.commands.prompts.convert import ask_of
from pipeline.commands.prompts.files import (
    MostUsd,
    OwnPrices,
    Pick,
    PromptFile,
    SyntaxName,
    SystemFile,
    capped,
    read_prompts,
)
from pipeline.commands.score import INTERRUPTED
from pipeline.models.registry import open_model
from pipeline.models.settings import ModelSettings
from pipeline.prompts.advpo import Advpo, Asked, asked
from pipeline.prompts.guards import check
from pipeline.prompts.methods.advpo import AdvancedOptimization
from pipeline.prompts.port import Ask
from pipeline.records import Candidate, UseCase

GOES_ON = "Interrupted. The job goes on at AWS; the same command continues with it, and with --stop ends it."


def advpo(
    prompt: PromptFile,
    target: Annotated[str, typer.Option(help="The target model: bedrock:<model id or inference profile>.")],
    dataset: Annotated[Path, typer.Option(help="The dataset; samples of its dev split are sent, at most 100.")],
    bucket: Annotated[str, typer.Option(help="Where samples and results are put: s3://bucket/prefix.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="A folder to write the candidate into.")],
    use_case: Annotated[UseCase, typer.Option(help="What the prompt does.")] = UseCase.CHAT,
    criteria_file: CriteriaFile = None,
    most_usd: MostUsd = None,
    prices: OwnPrices = None,
    system: SystemFile = None,
    syntax: SyntaxName = None,
    pick: Pick = None,
    attempt: Annotated[int, typer.Option(min=1, help="A higher number asks anew where a job failed.")] = 1,
    every: Annotated[float, typer.Option(min=0.01, help="Seconds between two looks.")] = 60.0,
    once: Annotated[bool, typer.Option("--once", help="Start it or look once, and wait for nothing.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop the job.")] = False,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Have Bedrock rewrite a prompt on the dev samples: minutes to hours. The same command again goes on with the same job."""
    open_model(target)
    first = read_prompts(prompt, system=system, syntax=syntax, pick=pick)[0]
    ask = ask_of(first, target, use_case, read_dataset(dataset))
    ask = capped(ask, read_criteria(criteria_file) if criteria_file else None, most_usd, prices)
    service = Advpo(Bucket(bucket), ModelSettings(region=region, profile=profile, endpoint_url=endpoint_url))
    wanted = asked(ask, attempt)
    if stop:
        typer.echo(asyncio.run(_stop(service, wanted)))
        return
    if once and (standing := asyncio.run(_once(service, wanted))):
        typer.echo(standing)
        return
    waiting = AdvancedOptimization(service=service, every_s=every, attempt=attempt, said=Console(stderr=True).print)
    _show(ask, _waited(waiting, ask), out)


async def _stop(service: Advpo, wanted: Asked) -> str:
    arn = await service.find(wanted)
    if arn is None:
        return "There is no such job. It may have been asked for with other samples, or another --attempt."
    await service.stop(arn)
    return f"{arn} is being stopped. To ask again, use a higher --attempt."


async def _once(service: Advpo, wanted: Asked) -> str | None:
    """How the job stands; None when it has ended."""
    arn = await service.submit(wanted)
    standing = await service.look(arn)
    return f"{arn} is under way. Run the same command later." if standing.state is State.UNDER_WAY else None


def _waited(method: AdvancedOptimization, ask: Ask) -> Candidate:
    try:
        (prompt,) = asyncio.run(method.propose(ask))
    except KeyboardInterrupt:
        typer.echo(GOES_ON, err=True)
        raise typer.Exit(INTERRUPTED) from None
    return Candidate(target=ask.target, prompt=prompt, refusal=check(prompt, ask))


def _show(ask: Ask, found: Candidate, out: Path) -> None:
    ((_, name),) = write_all([found], out)
    console = Console()
    console.print(Text(told(ask, found, place(out, name))))
    console.print(Text("Its scores at AWS are those of the samples it learned from. Measure it: ferry run, score and compare."))
