"""From a file a person gave to frozen samples with a split and findings: all of it, or a sentence why not."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.attachments.store import Kept
from pipeline.dataset import bundle, near, quality, read, samples, storage
from pipeline.dataset.attached import Gatherer
from pipeline.dataset.columns import ColumnMapping, Proposal, latency_unit, propose
from pipeline.dataset.port import USUAL, Limits, Line
from pipeline.dataset.split import split
from pipeline.errors import InputError
from pipeline.records import Dataset, Finding, Sample

MIN_INPUT = 3


def freeze(
    path: Path,
    *,
    name: str,
    mapping: ColumnMapping | None = None,
    limits: Limits = USUAL,
    seed: int = 0,
    kept: Kept | None = None,
) -> Dataset:
    """The file's samples, split and with findings; `name` is what people call the file. The order of its lines changes nothing.

    The file may be a ZIP archive with a table and the images and PDFs it names; their bytes are put into `kept`, if it is given.

    Without `mapping` the columns are proposed, and every guess becomes a finding "unsure_column". A file that
    `storage.dump` wrote is taken as it is. Raises InputError with a sentence that starts with `name`.
    """
    if path.stat().st_size <= limits.max_bytes and storage.is_frozen(path):
        return storage.load(path)
    with bundle.opened(path, name=name, limits=limits) as opened:
        scan = read.scan(opened.table, name=name, limits=limits, members=opened.members)
        proposal = _agreed(scan, mapping, name)
        columns = tuple(column for column in scan.files if column in proposal.mapping.inputs)
        gatherer = Gatherer(columns=columns, bundle=opened, kept=kept)
        found = _samples(gatherer, proposal.mapping, name=name, limits=limits)
    alike = near.alike(found)
    splits = split(found, alike=alike, seed=seed)
    unsure = tuple(Finding(level="warning", code="unsure_column", message=sentence) for sentence in proposal.unsure)
    notes = (*unsure, *scan.findings, *_unit_finding(proposal.mapping), *quality.findings(found, splits, alike))
    return Dataset(samples=found, splits=splits, findings=notes)


def proposed(path: Path, *, name: str, limits: Limits = USUAL) -> Proposal:
    """What the columns of a file seem to hold. Raises InputError as `freeze` does."""
    with bundle.opened(path, name=name, limits=limits) as opened:
        return _agreed(read.scan(opened.table, name=name, limits=limits, members=opened.members), None, name)


def source_prompt(path: Path, mapping: ColumnMapping | None = None, *, name: str = "", limits: Limits = USUAL) -> str | None:
    """The source's prompt template where the file has one prompt for all samples, else None.

    The column may hold the template itself, or the prompt as it was sent: then each sample's inputs are put back as `{name}`,
    and what remains must be the same for all.
    """
    name = name or path.name
    with bundle.opened(path, name=name, limits=limits) as opened:
        scan = read.scan(opened.table, name=name, limits=limits, members=opened.members)
        agreed = _agreed(scan, mapping, name).mapping
        column = agreed.prompt_source
        if column is None:
            return None
        found = [
            (line.cells.get(column, ""), _texts(line, agreed, scan.files))
            for line in read.lines(opened.table, name=name, limits=limits)
        ]
    filled = [(prompt, values) for prompt, values in found if prompt.strip()]
    return _only({prompt for prompt, _ in filled}) or _only({_unrendered(prompt, values) for prompt, values in filled})


def _texts(line: Line, mapping: ColumnMapping, files: Sequence[str]) -> Mapping[str, str]:
    """The inputs as text, which an image or a PDF is not."""
    return samples.variables({**line.cells, **dict.fromkeys(files, "")}, mapping)


def _only(prompts: set[str]) -> str | None:
    return next(iter(prompts)) if len(prompts) == 1 else None


def _unrendered(prompt: str, values: Mapping[str, str]) -> str:
    """Longest values first, so that a question quoted in its context does not break the context."""
    for word, value in sorted(values.items(), key=lambda item: (-len(item[1]), item[0] not in ("question", "context"))):
        if len(value) >= MIN_INPUT:
            prompt = prompt.replace(value, f"{{{word}}}")
    return prompt


def _agreed(scan: read.Scan, mapping: ColumnMapping | None, name: str) -> Proposal:
    """The given mapping checked against the file, or a proposal; its latency unit settled by the values."""
    head = [{column: "" if column in scan.files else cell for column, cell in line.cells.items()} for line in scan.head]
    proposal = Proposal(mapping=mapping) if mapping else propose(scan.columns, head)
    chosen = proposal.mapping
    there = ", ".join(f"“{column}”" for column in scan.columns[:12])
    missing = sorted(chosen.used - set(scan.columns))
    if missing:
        raise InputError(f"{name}: There is no column “{missing[0]}”. The file has {there}; map one of these instead.")
    if not chosen.inputs:
        raise InputError(
            f"{name}: No column holds an input for the prompt. The file has {there}; call the input column “question”."
        )
    unit = chosen.latency_unit or latency_unit(chosen.source_latency, head)
    return replace(proposal, mapping=replace(chosen, latency_unit=unit))


def _samples(gatherer: Gatherer, mapping: ColumnMapping, *, name: str, limits: Limits) -> tuple[Sample, ...]:
    lines = read.lines(gatherer.bundle.table, name=name, limits=limits)
    found = [_sample(line, mapping, name, gatherer) for line in lines]
    if mapping.sample_id is None:
        return tuple(sorted(_numbered(found), key=lambda sample: sample.id))
    _refuse_doubles(found, mapping.sample_id, name)
    return tuple(sorted(found, key=lambda sample: sample.id))


def _sample(line: Line, mapping: ColumnMapping, name: str, gatherer: Gatherer) -> Sample:
    with read.naming(name):
        line, attachments = gatherer.gathered(line)
        return samples.sample(line, mapping, attachments)


def _numbered(found: Sequence[Sample]) -> Iterator[Sample]:
    """Samples with the same content have the same made id: all but the first get a number behind it."""
    times: Counter[str] = Counter()
    for sample in found:
        times[sample.id] += 1
        count = times[sample.id]
        yield sample if count == 1 else replace(sample, id=f"{sample.id}-{count}")


def _refuse_doubles(found: Sequence[Sample], column: str, name: str) -> None:
    doubles = [f"“{key}”" for key, count in Counter(sample.id for sample in found).items() if count > 1]
    if doubles:
        more = f" and {len(doubles) - 3} more" if len(doubles) > 3 else ""
        raise InputError(
            f"{name}: {'An id appears' if len(doubles) == 1 else f'{len(doubles)} ids appear'} more than once in “{column}”: "
            f"{', '.join(doubles[:3])}{more}. Give every sample its own id, or remove the column."
        )


def _unit_finding(mapping: ColumnMapping) -> tuple[Finding, ...]:
    if mapping.latency_unit != "ms":
        return ()
    message = f"Latencies in “{mapping.source_latency}” were read as milliseconds and converted to seconds."
    return (Finding(level="info", code="latency_converted", message=message),)
