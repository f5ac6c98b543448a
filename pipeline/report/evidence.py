"""The stored cells: short hashes by which a changed one is found and named, and whether they can be runs at all."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from hashlib import sha256
from itertools import repeat

from pipeline.hashing import large_hash
from pipeline.records import Usage
from pipeline.report.records import Evidence, RunFacts, ScoreColumn

SEAL = 12  # hexadecimal characters: enough to name what changed; the report's hash is what binds


def seal(record: ScoreColumn | RunFacts) -> str:
    """A short hash of a column, or of what a run holds besides its columns, which have their own."""
    held = [(f, getattr(record, f.name)) for f in fields(record) if f.name not in {"seal", "columns"}]
    return large_hash({f.name: value for f, value in held if not (f.metadata and value == f.default)})[:SEAL]


def seals(ids: Sequence[str], runs: Sequence[RunFacts]) -> tuple[str, ...]:
    """A short hash of each sample's cells over all runs and metrics, times and tokens included."""
    series: list[Iterable[object]] = [ids]
    for run in runs:
        for column in run.columns:
            series += [each for each in (column.values,) if each]
            series += [map(column.unscored.get, ids)] if column.unscored else []
            series += [each for each in (column.calls, column.input_tokens, column.output_tokens) if each]
            series += [map(column.parts.get, ids)] if column.parts else []
        series += [each for each in (run.latency_s, run.ttft_s, run.input_tokens, run.output_tokens) if each]
        series += [each for each in (run.cache_read_tokens, run.cache_write_tokens, run.tiers) if each]
        series.append(zip(map(run.failures.get, ids), map(run.stops.get, ids), strict=True))
    rows = zip(*series, strict=True)
    return tuple(sha256(json.dumps(row).encode()).hexdigest()[:SEAL] for row in rows)


def broken(evidence: Evidence) -> Iterator[str]:
    """Which stored cells do not fit their seals: by run and metric, and by sample."""
    now = seals(evidence.samples, evidence.runs) if _whole(evidence) else ()
    samples = [i for i, stored, found in zip(evidence.samples, evidence.seals, now, strict=False) if stored != found]
    where = f" (sample {', '.join(samples[:5])}{', ...' if len(samples) > 5 else ''})" if samples else ""
    for run in evidence.runs:
        for column in run.columns:
            if column.seal != seal(column):
                yield f"the {column.metric} scores of {run.label}{where}"
        if run.seal != seal(run):
            yield f"the times, tokens or failures of {run.label}{where}"
    if len(now) != len(evidence.samples) or len(evidence.seals) != len(evidence.samples):
        yield "the number of stored cells"


def check_whole(evidence: Evidence) -> None:
    """ValueError for cells that no runs can have: columns of another length than the samples, scores of absent outputs."""
    n, lengths = len(evidence.samples), {len(c.values) for run in evidence.runs for c in run.columns}
    if not lengths <= {n} or len(evidence.clusters) not in {0, n} or not _whole(evidence):
        raise ValueError("a column has another length than the samples")
    places = {name: place for place, name in enumerate(evidence.samples)}
    for run in evidence.runs:
        for column in run.columns:
            if any(i in column.unscored or column.values[places[i]] is not None for i in run.absent):
                raise ValueError(f"{run.label} has {column.metric} scores of answers that are not there")


def _whole(evidence: Evidence) -> bool:
    n = len(evidence.samples)
    columns = [c for run in evidence.runs for c in run.columns]
    series = [
        *(s for c in columns for s in (c.values, c.calls, c.input_tokens, c.output_tokens)),
        *(s for run in evidence.runs for s in (run.latency_s, run.ttft_s, run.input_tokens, run.output_tokens)),
        *(s for run in evidence.runs for s in (run.cache_read_tokens, run.cache_write_tokens, run.tiers)),
    ]
    return all(len(each) in {0, n} for each in series)


def billed(run: RunFacts) -> Iterator[tuple[Usage, str]]:
    """Token counts of the outputs that carry them, each with the service tier it was answered in; empty where none was told."""
    n = len(run.input_tokens)
    cached = zip(run.cache_read_tokens or repeat(0, n), run.cache_write_tokens or repeat(0, n), strict=True)
    counts = zip(run.input_tokens, run.output_tokens, cached, run.tiers or repeat("", n), strict=True)
    for read, written, (from_cache, to_cache), tier in counts:
        if read is not None and written is not None:
            usage = Usage(
                input_tokens=read, output_tokens=written, cache_read_tokens=from_cache or 0, cache_write_tokens=to_cache or 0
            )
            yield usage, tier
