"""Two Parquet files, one row for each output and one for each score, written as a stream: memory holds one batch.

A file appears under its name only when it is whole. `outputs` and `scores` are joined by run and sample; the columns of the run
(model, prompt, split, stage) stand in every row, which Parquet's dictionaries keep small. https://parquet.apache.org/docs/
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.hashing import canonical_json
from pipeline.records import Output, RunKey, Score

if TYPE_CHECKING:
    from pyarrow import Schema
    from pyarrow.parquet import ParquetWriter

OUTPUTS, SCORES = "outputs.parquet", "scores.parquet"
_RUN = (("run", "string"), ("stage", "string"), ("model", "string"), ("prompt_hash", "string"), ("split", "string"))
_SAMPLE = (("sample", "string"),)
_OUTPUT = (
    ("text", "string"),
    ("stop_reason", "string"),
    ("input_tokens", "int64"),
    ("output_tokens", "int64"),
    ("latency_s", "float64"),
    ("ttft_s", "float64"),
    ("failure_kind", "string"),
    ("attempts", "int32"),
    ("request_id", "string"),
    ("failure_code", "string"),
    ("cache_read_tokens", "int64"),
    ("cache_write_tokens", "int64"),
    ("tier", "string"),
    ("region", "string"),
    ("lane", "string"),
    ("retried", "string"),
    ("usd", "float64"),
    ("price_id", "string"),
)
_SCORE = (("metric", "string"), ("value", "float64"), ("unscored", "string"), ("reason", "string"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The run a batch belongs to: its id, the stage it ran in, and what was run."""

    id: str
    stage: str
    key: RunKey


class Tables:
    """What batches are written to. `outputs` and `scores` count the rows so far."""

    def __init__(self, outputs: "ParquetWriter", scores: "ParquetWriter") -> None:
        self._outputs, self._scores = outputs, scores
        self.outputs = self.scores = 0

    def add_outputs(self, run: Exported, batch: Sequence[Output]) -> None:
        _write(self._outputs, run, [_output(output) for output in batch])
        self.outputs += len(batch)

    def add_scores(self, run: Exported, batch: Sequence[Score]) -> None:
        _write(self._scores, run, [_score(score) for score in batch])
        self.scores += len(batch)


@contextmanager
def open_tables(folder: Path) -> Iterator[Tables]:
    """Files in `folder`, which is made if absent; what stood there under these names stays until the new ones are whole."""
    from pyarrow.parquet import ParquetWriter

    folder.mkdir(parents=True, exist_ok=True)
    finals = (folder / OUTPUTS, folder / SCORES)
    drafts = [final.with_suffix(".part") for final in finals]
    try:
        with (
            ParquetWriter(drafts[0], _schema(_OUTPUT), compression="zstd") as outputs,
            ParquetWriter(drafts[1], _schema(_SCORE), compression="zstd") as scores,
        ):
            yield Tables(outputs, scores)
        for draft, final in zip(drafts, finals, strict=True):
            draft.replace(final)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)


def _schema(columns: Sequence[tuple[str, str]]) -> "Schema":
    import pyarrow as pa

    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in (*_RUN, *_SAMPLE, *columns)])


def _write(writer: "ParquetWriter", run: Exported, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa

    if not rows:
        return
    key = run.key
    same = {"run": run.id, "stage": run.stage, "model": key.model, "prompt_hash": key.prompt_hash, "split": key.split.value}
    columns = {name: [same[name]] * len(rows) if name in same else [row[name] for row in rows] for name in writer.schema.names}
    writer.write_table(pa.table(columns, schema=writer.schema))


def _output(output: Output) -> dict[str, Any]:
    usage, failure = output.usage, output.failure
    return {
        "sample": output.sample_id,
        "text": output.text,
        "stop_reason": output.stop_reason,
        "input_tokens": usage.input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "latency_s": output.latency_s,
        "ttft_s": output.ttft_s,
        "failure_kind": failure.kind if failure else None,
        "attempts": output.attempts,
        "request_id": output.request_id,
        "failure_code": failure.code if failure else None,
        "cache_read_tokens": usage.cache_read_tokens if usage else None,
        "cache_write_tokens": usage.cache_write_tokens if usage else None,
        "tier": output.tier,
        "region": output.region,
        "lane": output.lane.value,
        "retried": canonical_json(output.retried),
        "usd": output.usd,
        "price_id": output.price_id,
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "sample": score.sample_id,
        "metric": score.metric,
        "value": score.value,
        "unscored": score.unscored,
        "reason": score.reason,
    }
