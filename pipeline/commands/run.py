"""`ferry run`: one model and one prompt over the samples of one split, into a file that can be resumed."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.access import CacheFolder, EndpointUrl, InFlight, Profile, Region, reached
from pipeline.commands.answering import Asked, Money, finish, into_file, say
from pipeline.commands.batching import BatchBucket, BatchEvery, BatchRole, ByBatch, by_batch, place_of
from pipeline.commands.files import OutputFile, read_dataset, read_prompt, read_text
from pipeline.errors import InputError
from pipeline.models import lanes, notice
from pipeline.models.batch.jobs import BatchInference
from pipeline.models.catalog import Catalog, read_catalog
from pipeline.models.settings import DEFAULTS
from pipeline.prompts.fit import misfits, refusals, sentences
from pipeline.prompts.tools import legal_toolset, tools_of
from pipeline.records import Parameters, PromptVersion, RunKey, Sample, Split, Toolset

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
    in_flight: InFlight = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one call.")] = 300.0,
    stream: Annotated[bool, typer.Option(help="Stream answers, to measure the time to the first token.")] = True,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    cache: CacheFolder = DEFAULTS.cache,
    lane: LaneSize = lanes.SAMPLES,
    budget: Budget = None,
    prices: Annotated[Path | None, typer.Option(envvar="FERRY_PRICES", help="Your own prices and facts, a JSON file.")] = None,
    batch: ByBatch = False,
    batch_bucket: BatchBucket = "",
    batch_role: BatchRole = "",
    batch_every: BatchEvery = 60.0,
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
    say(notice(model))
    asked = Asked(key, version, samples, in_flight, lane)
    if batch:
        asked = by_batch(asked, catalog, BatchInference(place_of(batch_bucket, batch_role), settings), output, batch_every)
    with OutputFile(output, key, samples, retry_failed=retry_failed, prompt=version if asks else None) as file:
        told = into_file(asked, settings, file, Money(budget, catalog))
    finish(output, len(samples), told)


def _check(prompt: PromptVersion, samples: Sequence[Sample], ref: str, catalog: Catalog, *, asked: bool) -> None:
    """Before a call is paid: raises InputError for what would refuse every one, and says which samples do not fit."""
    if against := refusals(prompt, samples, ref, catalog, sampling=asked):
        raise InputError(f"No call was made. {' '.join(against)}")
    for sentence in sentences(misfits(prompt, samples, ref, catalog), catalog.of(ref)):
        say(sentence)


def _samples(dataset: Path, split: Split) -> Sequence[Sample]:
    found = read_dataset(dataset).in_split(split)
    if not found:
        raise InputError(
            f"{dataset.name} has no samples in its {split} split, so there is nothing to answer. Choose another --split."
        )
    return found


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
