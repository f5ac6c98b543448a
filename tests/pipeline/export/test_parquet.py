"""What is written is what is read, batch by batch; a file is there whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.export import Exported, open_tables
from pipeline.records import Failure, Lane, Output, Retry, RunKey, Score, Split, Usage

RUN = Exported(id="r1", stage="baseline", key=RunKey(model="local:a", prompt_hash="p", split=Split.TEST))


def test_every_cell_arrives(tmp_path: Path) -> None:
    said = Output(sample_id="s1", text="yes", usage=Usage(input_tokens=3, output_tokens=1), latency_s=0.5, attempts=2)
    said = replace(
        said, tier="flex", region="eu-west-1", usd=0.5, price_id="d:1", lane=Lane.BULK, retried=(Retry(kind="throttled"),)
    )
    failed = Output(sample_id="s2", text=None, failure=Failure(kind="timeout", message="Too slow.", code="ReadTimeoutError"))
    with open_tables(tmp_path / "new") as tables:
        tables.add_outputs(RUN, [said])
        tables.add_outputs(RUN, [failed])
        tables.add_outputs(RUN, [])
        tables.add_scores(
            RUN,
            [
                Score(sample_id="s1", metric="m", value=1.0),
                Score(sample_id="s2", metric="m", value=None, unscored="no output: timeout"),
            ],
        )
    assert (tables.outputs, tables.scores) == (2, 2)
    first, second = pq.read_table(tmp_path / "new" / "outputs.parquet").to_pylist()
    assert (first["run"], first["model"], first["split"], first["sample"]) == ("r1", "local:a", "test", "s1")
    assert (first["text"], first["input_tokens"], first["latency_s"], first["attempts"]) == ("yes", 3, 0.5, 2)
    assert (first["tier"], first["region"], first["usd"], first["lane"]) == ("flex", "eu-west-1", 0.5, "bulk")
    assert json.loads(first["retried"])[0]["kind"] == "throttled"
    assert (first["cache_read_tokens"], first["price_id"], second["failure_code"]) == (0, "d:1", "ReadTimeoutError")
    assert (second["text"], second["failure_kind"], second["input_tokens"]) == (None, "timeout", None)
    scores = pq.read_table(tmp_path / "new" / "scores.parquet").to_pylist()
    assert [(row["sample"], row["value"], row["unscored"]) for row in scores] == [
        ("s1", 1.0, None),
        ("s2", None, "no output: timeout"),
    ]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    with open_tables(tmp_path) as tables:
        tables.add_outputs(RUN, [Output(sample_id="s1", text="before")])
    with pytest.raises(RuntimeError), open_tables(tmp_path) as tables:  # noqa: PT012
        tables.add_outputs(RUN, [Output(sample_id="s1", text="after")])
        raise RuntimeError
    assert pq.read_table(tmp_path / "outputs.parquet")["text"].to_pylist() == ["before"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outputs.parquet", "scores.parquet"]
