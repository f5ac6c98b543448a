"""`ferry run`: one model and one prompt over the samples of one split, into a file that can be resumed."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.access import reached
from pipeline.commands.files import OutputFile, read_dataset, read_prompt, read_text
from pipeline.errors import InputError
from pipeline.models import ModelSettings, lanes, notice, open_model
from pipeline.models.catalog import Catalog, read_catalog
from pipeline.models.charging import Charged, LocalPurse, is_charged
from pipeline.models.failures import KINDS, STOPPERS, Policy, counted
from pipeline.models.prices import money
from pipeline.models.settings import DEFAULTS
from pipeline.prompts.fit import Fitted, misfits, refusals, sentences
from pipeline.prompts.tools import legal_toolset, tools_of
from pipeline.records import Lane, Model, Output, Parameters, PromptVersion, RunKey, Sample, Split, Toolset
from pipeline.run import answer, check

INTERRUPTED = 130
LaneSize = Annotated[
    int, typer.Option(min=0, help="Samples asked two at a time and streamed, for the latency; 0: none. Networked models only.")
]
Budget = Annotated[
    float | None, typer.Option(min=0.0, help="USD for this file in all; the next call that could pass it is not made.")
]


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
    lane: LaneSize = lanes.SAMPLES,
    budget: Budget = None,
    prices: Annotated[Path | None, typer.Option(envvar="FERRY_PRICES", help="Your own prices and facts, a JSON file.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Ask again where the file holds a failure.")] = False,
) -> None:
    """Answer every sample of a split with one model and one prompt."""
    settings = replace(
        reached(context, region, profile, endpoint_url), timeout_s=timeout, stream=stream, cache=cache, jitter=random.random
    )
    samples = _samples(dataset, split)
    asks = not model.startswith("recorded:")  # recorded outputs need no prompt
    version = read_prompt(prompt, dataset, system=system, turns=turns, parameters=Parameters(), needed=asks)
    version = _with_tools(_with_parameters(version, max_tokens, temperature, stop), tools, tools_column)
    key = RunKey(model=model, prompt_hash=version.hash, split=split)
    catalog = read_catalog(prices)
    _check(version, samples, model, catalog, asked=temperature is not None)
    _say(notice(model))
    with OutputFile(output, key, samples, retry_failed=retry_failed, prompt=version if asks else None) as file:
        told = _into_file(_Asked(model, version, samples, in_flight, lane), settings, file, _Money(budget, catalog))
    _finish(output, len(samples), told)


def _check(prompt: PromptVersion, samples: Sequence[Sample], ref: str, catalog: Catalog, *, asked: bool) -> None:
    """Before a call is paid: raises InputError for what would refuse every one, and says which samples do not fit."""
    if against := refusals(prompt, samples, ref, catalog, sampling=asked):
        raise InputError(f"No call was made. {' '.join(against)}")
    for sentence in sentences(misfits(prompt, samples, ref, catalog), catalog.of(ref)):
        _say(sentence)


def _samples(dataset: Path, split: Split) -> Sequence[Sample]:
    found = read_dataset(dataset).in_split(split)
    if not found:
        raise InputError(
            f"{dataset.name} has no samples in its {split} split, so there is nothing to answer. Choose another --split."
        )
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of whom."""

    ref: str
    prompt: PromptVersion
    samples: Sequence[Sample]
    in_flight: int | None
    lane: int


@dataclass(frozen=True, slots=True)
class _Money:
    """What may be spent, and where prices come from."""

    budget: float | None
    catalog: Catalog


@dataclass(slots=True)
class _Told:
    """What a run has to say at its end: failures by kind, calls made again by kind, what was spent, and why it stopped early."""

    failed: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    usd: float = 0.0
    unpriced: int = 0
    refused: str = ""
    stopped: str = ""

    def count(self, output: Output) -> None:
        self.failed.update([output.failure.kind] if output.failure else [])
        if output.failure and output.failure.kind in STOPPERS:
            self.stopped = output.failure.message
        self.again.update(each.kind for each in output.retried)
        self.usd += output.usd or 0.0
        self.unpriced += output.usd is None

    def spent(self) -> str:
        """Empty where nothing was charged."""
        return f"{money(self.usd)} spent" + (f", {self.unpriced:,} calls of unknown cost" if self.unpriced else "")


def _into_file(asked: _Asked, settings: ModelSettings, file: OutputFile, paid: _Money) -> _Told:
    """Answers what the file lacks; an interruption keeps what is there."""
    purse = LocalPurse(paid.budget, spent=file.usd)
    charged = Charged(open_model(asked.ref, samples=asked.samples, settings=settings), paid.catalog.prices, purse)
    model, told = Fitted(charged, paid.catalog), _Told()
    try:
        asyncio.run(_answer_all(asked, model, file, told))
    except KeyboardInterrupt:
        _say("Interrupted. The file of outputs holds what was answered so far; the same command continues.")
        raise typer.Exit(INTERRUPTED) from None
    told.refused = purse.refused
    _say(f"Made again: {counted(told.again)}." if told.again else "")
    _say(f"{told.spent()} by this command." if is_charged(asked.ref, paid.catalog.prices) else "")
    return told


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


async def _answer_all(asked: _Asked, model: Model, file: OutputFile, told: _Told) -> None:
    """Writes an output for each sample: first those of the latency lane, then the others at once."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    first, rest = lanes.lanes(asked.ref, asked.samples, asked.lane)
    work = [(Lane.LATENCY, first, lanes.AT_ONCE), (Lane.BULK, rest, asked.in_flight)]
    work = work if first else [(Lane.NONE, asked.samples, asked.in_flight)]
    check(asked.prompt, asked.samples)  # all of them before the first call, not lane by lane
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            bar = progress.add_task(asked.ref, total=len(asked.samples), completed=len(file.done))
            for lane, samples, in_flight in work:
                wanted = (sample for sample in samples if not told.stopped)
                calls = answer(model, asked.prompt, wanted, skip=file.done, in_flight=in_flight, lane=lane)
                async with aclosing(calls) as outputs:
                    async for output in outputs:
                        if output.failure and KINDS[output.failure.kind].policy is Policy.REST:
                            continue  # not asked: the same command asks it with a higher budget
                        file.append(output)
                        told.count(output)
                        progress.advance(bar)
    finally:
        await model.close()


def _finish(output: Path, samples: int, told: _Told) -> None:
    if told.refused:
        _say(f"{told.refused}. {output} holds what was answered; the same command with a higher --budget continues.")
        raise typer.Exit(1)
    if told.stopped:
        _say(f"Stopped, because every further call would fail as well. {told.stopped}")
        _say(f"{output} holds what was answered; with --retry-failed the same command continues.")
        raise typer.Exit(1)
    if not told.failed:
        _say(f"{samples} samples answered: {output}")
        return
    failed = told.failed.total()
    _say(f"{failed} of {samples} samples failed ({counted(told.failed)}); {output} says why.")
    _say("With --retry-failed they are asked again.")
    raise typer.Exit(1)


def _say(text: str | None) -> None:
    if text:
        typer.echo(text, err=True)
