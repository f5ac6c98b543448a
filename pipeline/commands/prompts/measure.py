"""`ferry prompts measure`: the candidates that `ferry prompts convert -o` wrote, answered on dev, with figures in one table."""

import asyncio
import json
import random
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.access import EndpointUrl, InFlight, Profile, Region, given_access, given_limiter
from pipeline.commands.convert import LIST
from pipeline.commands.criteria import Metrics, criteria_for
from pipeline.commands.files import OutputFile, read_dataset, read_run, read_text
from pipeline.commands.prompts.files import AsJson
from pipeline.errors import InputError
from pipeline.hashing import content_hash
from pipeline.metrics import code_metrics
from pipeline.metrics.metric import CodeMetric
from pipeline.metrics.scoring import score_with
from pipeline.models import ModelSettings, open_model
from pipeline.prompts.template import declaration
from pipeline.records import Candidate, Model, PromptVersion, RunKey, Sample, Split, UseCase
from pipeline.records.criteria import slug
from pipeline.run import answer

_PROMPT = TypeAdapter(PromptVersion)
ANEW = "Delete it to start over, or convert into another folder."


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One candidate on `n` samples, those shown in any candidate left out; means are over the `scored` of them, for the metric
    with the fewest. No `means`: not measured.
    """

    candidate: Candidate
    n: int
    scored: int
    means: Mapping[str, float]


def measure(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder that `ferry prompts convert -o` wrote.")],
    dataset: Annotated[Path, typer.Option(help="The dataset; its dev split is answered, test is never looked at.")],
    model: Annotated[str, typer.Option(help="The model that answers, named as a target is.")],
    metric: Metrics = None,
    use_case: Annotated[UseCase, typer.Option(help="Chooses the metrics when none is named.")] = UseCase.CHAT,
    refused_too: Annotated[bool, typer.Option("--refused-too", help="Answer with refused ones as well, to compare.")] = False,
    in_flight: InFlight = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """Answer dev with every candidate that passed its guards, and compare; what is in the folder already is not asked again."""
    found = read_candidates(folder)
    dev = read_dataset(dataset).in_split(Split.DEV)
    metrics = code_metrics(criteria_for(metric, None, use_case, dev))
    settings = ModelSettings(
        region=region,
        profile=profile,
        endpoint_url=endpoint_url,
        openai=given_access(context),
        limiter=given_limiter(context),
        jitter=random.random,
    )
    if not found:
        raise InputError(f"{folder / LIST} lists no candidates, so there is nothing to measure. Convert a prompt first.")
    asked = [one for one in found if one.prompt.user and (refused_too or one.refusal is None)]
    asyncio.run(_answer_all(open_model(model, samples=dev, settings=settings), asked, dev, folder, in_flight))
    shown = {shot for one in asked for shot in one.prompt.shots}
    table = [_figures(one, model, dev, folder, metrics, shown) if one in asked else _none(one) for one in found]
    if as_json:
        typer.echo(json.dumps([_entry(one) for one in table], ensure_ascii=False, indent=2))
        return
    _show(table, [one.name for one in metrics], model)


def read_candidates(folder: Path) -> list[Candidate]:
    """What `ferry prompts convert -o` wrote. Raises InputError for another folder, and for texts that were changed since."""
    try:
        entries = json.loads(read_text(folder / LIST, "list of candidates"))
        return [_candidate(folder, entry) for entry in entries]
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise InputError(f"{folder / LIST} is no list of candidates. Write it with `ferry prompts convert -o`.") from error


def _candidate(folder: Path, entry: Mapping[str, object]) -> Candidate:
    file = folder / str(entry["file"])
    texts = _texts(file) if entry["file"] else {"user": ""}
    own = {key: value for key, value in entry.items() if key not in {"file", "hash", "refusal", "target"}}
    prompt = _PROMPT.validate_python({**own, **texts}, strict=False)
    if prompt.hash != entry["hash"]:
        raise InputError(f"{file} was changed since it was written. Convert again, or give the changed text as a prompt.")
    refusal = entry["refusal"]
    return Candidate(target="", prompt=prompt, refusal=None if refusal is None else str(refusal))


def _texts(file: Path) -> Mapping[str, str]:
    system = file.with_name(file.stem + ".system.txt")
    user, _ = declaration(read_text(file, "prompt"))
    return {"user": user, "system": read_text(system, "system text") if system.exists() else ""}


async def _answer_all(
    model: Model, asked: Sequence[Candidate], dev: Sequence[Sample], folder: Path, in_flight: int | None
) -> None:
    try:
        for one in asked:
            path, key = _path(one, model.ref, folder), _key(one, model.ref)
            with OutputFile(path, key, dev, prompt=one.prompt, way_out=ANEW) as file:
                async with aclosing(answer(model, one.prompt, dev, skip=file.done, in_flight=in_flight)) as outputs:
                    async for output in outputs:
                        file.append(output)
    finally:
        await model.close()


def _figures(
    one: Candidate, ref: str, dev: Sequence[Sample], folder: Path, metrics: Sequence[CodeMetric], shown: Collection[str]
) -> Figures:
    samples = [sample for sample in dev if sample.id not in shown]
    outputs = [output for output in read_run(_path(one, ref, folder)).outputs if output.sample_id not in shown]
    found: dict[str, list[float]] = {each.name: [] for each in metrics}
    for score in score_with(samples, outputs, metrics):
        found[score.metric] += [] if score.value is None else [score.value]
    means = {name: sum(values) / len(values) for name, values in found.items() if values}
    return Figures(candidate=one, n=len(samples), scored=min(map(len, found.values()), default=0), means=means)


def _none(one: Candidate) -> Figures:
    return Figures(candidate=one, n=0, scored=0, means={})


def _key(one: Candidate, ref: str) -> RunKey:
    return RunKey(model=ref, prompt_hash=one.prompt.hash, split=Split.DEV)


def _path(one: Candidate, ref: str, folder: Path) -> Path:
    return folder / f"dev-{one.prompt.hash[:12]}-{slug(ref)}-{content_hash(ref)[:6]}.jsonl"


def _entry(one: Figures) -> Mapping[str, object]:
    prompt = one.candidate.prompt
    told = {"method": prompt.method, "hash": prompt.hash, "refusal": one.candidate.refusal, "n": one.n, "scored": one.scored}
    return {**told, "characters": sum(map(len, prompt.texts)), "shots": len(prompt.shots), "means": one.means}


def _show(table: Sequence[Figures], names: Sequence[str], ref: str) -> None:
    shown = Table("candidate", "characters", "shots", *names, "scored", "guards", title=Text(f"dev answered by {ref}"))
    for one in table:
        prompt = one.candidate.prompt
        means = [f"{one.means[name]:.3f}" if name in one.means else "-" for name in names]
        length, count = f"{sum(map(len, prompt.texts)):,}", f"{one.scored} / {one.n}" if one.n else "-"
        cells = (prompt.method, length, str(len(prompt.shots)), *means, count, one.candidate.refusal or "passed")
        shown.add_row(*map(Text, cells))
    Console().print(shown)
