"""`ferry run`: one model and one prompt over the samples of one split, into a file that can be resumed."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.access import given_access, given_limiter
from pipeline.commands.files import OutputFile, read_dataset, read_prompt, read_text
from pipeline.errors import InputError
from pipeline.models import ModelSettings, notice, open_model
from pipeline.models.settings import DEFAULTS
from pipeline.prompts.tools import legal_toolset, tools_of
from pipeline.records import Parameters, PromptVersion, RunKey, Sample, Split, Toolset
from pipeline.run import answer

INTERRUPTED = 130


def run(
    context: typer.Context,
    dataset: Annotated[Path, typer.Argument(help="A dataset: CSV, JSONL, JSON, XLSX, Parquet, or one that Ferry froze.")],
    model: Annotated[str, typer.Option(help="For example local:gemma3-270m, bedrock:<id>, openai:<id>, recorded:<name>.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File of outputs; what is in it already is not asked again.")],
    prompt: Annotated[Path | None, typer.Option(help="The prompt, in any format Ferry knows; default: the source's own.")] = None,
    system: Annotated[Path | None, typer.Option(help="The system prompt's template.")] = None,
    turns: Annotated[Path | None, typer.Option(help="Earlier messages: a JSON list that ends with the assistant's.")] = None,
    tools: Annotated[Path | None, typer.Option(help="Tools the model may call: a JSON list.")] = None,
    tools_column: Annotated[str, typer.Option(help="The column with each sample's own tools, where they differ.")] = "",
    split: Annotated[Split, typer.Option(help="The samples to answer.")] = Split.TEST,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Longest answer in tokens; default: the prompt file's, or 512.")
    ] = None,
    temperature: Annotated[float | None, typer.Option(help="Below 0: not sent; default: the prompt file's, or 0.")] = None,
    stop: Annotated[list[str] | None, typer.Option(help="Text that ends an answer; \\n is a line end. Repeatable.")] = None,
    in_flight: Annotated[int | None, typer.Option(min=1, help="Calls at once; default: what the model takes.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one call.")] = 300.0,
    stream: Annotated[bool, typer.Option(help="Stream answers, to measure the time to the first token.")] = True,
    region: Annotated[str | None, typer.Option(help="AWS region.")] = None,
    profile: Annotated[str | None, typer.Option(help="AWS profile.")] = None,
    endpoint_url: Annotated[str | None, typer.Option(help="Another address for Bedrock.")] = None,
    cache: Annotated[Path, typer.Option(help="Folder for the local model.")] = DEFAULTS.cache,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Ask again where the file holds a failure.")] = False,
) -> None:
    """Answer every sample of a split with one model and one prompt."""
    settings = ModelSettings(
        timeout_s=timeout,
        stream=stream,
        region=region,
        profile=profile,
        endpoint_url=endpoint_url,
        cache=cache,
        jitter=random.random,
        openai=given_access(context),
        limiter=given_limiter(context),
    )
    samples = _samples(dataset, split)
    asks = not model.startswith("recorded:")  # recorded outputs need no prompt
    version = read_prompt(prompt, dataset, system=system, turns=turns, parameters=Parameters(), needed=asks)
    version = _with_tools(_with_parameters(version, max_tokens, temperature, stop), tools, tools_column)
    key = RunKey(model=model, prompt_hash=version.hash, split=split)
    _say(notice(model))
    with OutputFile(output, key, samples, retry_failed=retry_failed, prompt=version if asks else None) as file:
        failed = _into_file(model, settings, version, samples, file, in_flight, output)
    _finish(output, len(samples), failed)


def _samples(dataset: Path, split: Split) -> Sequence[Sample]:
    found = read_dataset(dataset).in_split(split)
    if not found:
        raise InputError(
            f"{dataset.name} has no samples in its {split} split, so there is nothing to answer. Choose another --split."
        )
    return found


def _into_file(
    ref: str,
    settings: ModelSettings,
    prompt: PromptVersion,
    samples: Sequence[Sample],
    file: OutputFile,
    in_flight: int | None,
    path: Path,
) -> Counter[str]:
    """Answers what the file lacks; an interruption keeps what is there."""
    try:
        return asyncio.run(_answer_all(ref, settings, prompt, samples, file, in_flight))
    except KeyboardInterrupt:
        _say(f"Interrupted. {path} holds what was answered so far; the same command continues.")
        raise typer.Exit(INTERRUPTED) from None


def _with_parameters(
    prompt: PromptVersion, max_tokens: int | None, temperature: float | None, stop: list[str] | None
) -> PromptVersion:
    """What the command line says counts before what the prompt's file says."""
    said = prompt.parameters
    given = Parameters(
        max_tokens=said.max_tokens if max_tokens is None else max_tokens,
        temperature=said.temperature if temperature is None else None if temperature < 0 else temperature,
        top_p=said.top_p,
        stop=tuple(text.replace("\\n", "\n") for text in stop) if stop else said.stop,
        json_schema=said.json_schema,
    )
    return replace(prompt, parameters=given)


def _with_tools(prompt: PromptVersion, file: Path | None, column: str) -> PromptVersion:
    """The prompt with tools of a file or a column, names and types as every provider takes them."""
    given = prompt.tools or Toolset()
    if file is not None:
        given = replace(given, tools=tools_of(read_text(file, "file of tools"), file.name))
    if column:
        given = replace(given, variable=column)
    return replace(prompt, tools=None if given == Toolset() else legal_toolset(given))


async def _answer_all(
    ref: str, settings: ModelSettings, prompt: PromptVersion, samples: Sequence[Sample], file: OutputFile, in_flight: int | None
) -> Counter[str]:
    """Writes an output for each sample; returns how many of them failed, by kind."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    model, failed = open_model(ref, samples=samples, settings=settings), Counter[str]()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            bar = progress.add_task(ref, total=len(samples), completed=len(file.done))
            async with aclosing(answer(model, prompt, samples, skip=file.done, in_flight=in_flight)) as outputs:
                async for output in outputs:
                    file.append(output)
                    failed.update([output.failure.kind] if output.failure else [])
                    progress.advance(bar)
    finally:
        await model.close()
    return failed


def _finish(output: Path, samples: int, failed: Counter[str]) -> None:
    if not failed:
        _say(f"{samples} samples answered: {output}")
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in failed.most_common())
    _say(f"{failed.total()} of {samples} samples failed ({kinds}); {output} says why. With --retry-failed they are asked again.")
    raise typer.Exit(1)


def _say(text: str | None) -> None:
    if text:
        typer.echo(text, err=True)
