"""Parquet files read like the same samples in any other format: by content, a few rows at a time, refused with the way out."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.port import Limits
from pipeline.dataset.read import lines, scan
from pipeline.errors import InputError


def written(path: Path, rows: list[dict[str, Any]], **more: Any) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path, **more)
    return path


def read(path: Path, **more: Any) -> list[dict[str, str]]:
    return [dict(line.cells) for line in lines(path, name="data", **more)]


def test_every_kind_of_cell_becomes_the_text_a_prompt_gets(tmp_path: Path) -> None:
    row = {
        "text": "Grüße",
        "whole": 7,
        "share": 0.5,
        "nan": float("nan"),
        "yes": True,
        "nothing": None,
        "exact": Decimal("1.10"),
        "day": date(2026, 11, 25),
        "moment": datetime(2026, 11, 25, 9, 0, tzinfo=UTC),
        "list": ["a", 1.5 and "b"],
        "object": {"inner": 1, "when": date(2026, 1, 2)},
        "bytes": b"plain",
    }
    (cells,) = read(written(tmp_path / "a.bin", [row]))
    assert cells == {
        "text": "Grüße",
        "whole": "7",
        "share": "0.5",
        "nan": "",
        "yes": "true",
        "nothing": "",
        "exact": "1.10",
        "day": "2026-11-25",
        "moment": "2026-11-25T09:00:00+00:00",
        "list": '["a", "b"]',
        "object": '{"inner": 1, "when": "2026-01-02"}',
        "bytes": "plain",
    }


def test_it_is_known_by_its_content_and_counted_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "looks_like.csv", [{"question": f"q{i}", "label": "a"} for i in range(1234)], row_group_size=500)
    found = scan(path, name="data")
    assert (found.format, found.columns, found.samples) == ("Parquet", ("question", "label"), 1234)
    assert found.head[3].place == "row 4"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50), min_size=1, max_size=20))
def test_texts_arrive_as_they_were_written(texts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder) / "any.parquet", [{"question": text} for text in texts])
        assert [cells["question"] for cells in read(path)] == texts


def broken(path: Path) -> Path:
    content = written(path, [{"question": "a" * 1000}]).read_bytes()
    path.write_bytes(content[:200] + content[-60:])
    return path


def emptied(path: Path) -> Path:
    pq.write_table(pa.table({"question": pa.array([], pa.string())}), path)
    return path


def test_what_cannot_be_used_is_refused_with_the_way_out(tmp_path: Path) -> None:
    twins = pa.table([pa.array(["a"]), pa.array(["b"])], names=["question", "question "])
    pq.write_table(twins, tmp_path / "twins")
    for path, sentence in (
        (broken(tmp_path / "broken"), "The Parquet file is damaged or encrypted."),
        (written(tmp_path / "bytes", [{"question": b"\xff\xfe"}]), "Row 1 has bytes that are no text in “question”."),
        (emptied(tmp_path / "empty"), "The file holds no samples."),
        (tmp_path / "twins", "Two columns are called “question”."),
    ):
        with pytest.raises(InputError, match=sentence.partition("“")[0].rstrip()):
            read(path) or scan(path, name="data")


def test_a_file_that_unpacks_to_far_more_is_refused_by_its_own_directory(tmp_path: Path) -> None:
    rows = [{"question": f"{i} " + "a" * 20_000} for i in range(300)]
    path = written(tmp_path / "bomb", rows, compression="zstd", use_dictionary=False)
    small = Limits(max_bytes=200_000)
    assert path.stat().st_size < small.max_bytes
    with pytest.raises(InputError, match=r"unpacks to 6 MB; 3 MB are allowed"):
        scan(path, name="data", limits=small)
