"""Characters that not every database holds, NUL and half characters: refused wherever they are, with place and way out."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from pipeline.dataset import storage
from pipeline.dataset.freeze import freeze
from pipeline.errors import InputError
from pipeline.records import Dataset

ROWS = 12
SOUND = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
BAD = st.one_of(st.just("\0"), st.characters(categories=["Cs"]))
Table = list[dict[str, str]]


def table(row: int, value: str, column: str = "answer_ground_truth") -> Table:
    """Samples with `value` in one row."""
    rows = [{"question": f"How do I do thing {n}?", "answer_ground_truth": f"thing {n}"} for n in range(ROWS)]
    rows[row] = {**rows[row], column: value}
    return rows


def as_json(rows: Table) -> bytes:
    return json.dumps(rows).encode()


def as_json_in_object(rows: Table) -> bytes:
    return json.dumps({"about": "x", "samples": rows}).encode()


def as_jsonl(rows: Table) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def as_csv(rows: Table, encoding: str = "utf-8") -> bytes:
    columns = list({column: None for row in rows for column in row})
    quoted = [[f'"{row.get(column, "").replace(chr(34), chr(34) * 2)}"' for column in columns] for row in rows]
    lines = [",".join(columns), *(",".join(cells) for cells in quoted)]
    return "\n".join(lines).encode(encoding, "surrogatepass")


def as_utf16(rows: Table) -> bytes:
    return as_csv(rows, "utf-16")


PLACES = [
    (as_json, "Object", 1),
    (as_json_in_object, "Object", 1),
    (as_jsonl, "Line", 1),
    (as_csv, "Line", 2),
    (as_utf16, "Line", 2),
]


def frozen(content: bytes) -> Dataset:
    with TemporaryDirectory() as home:
        path = Path(home) / "data"
        path.write_bytes(content)
        return freeze(path, name="data")


def refusal(content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        frozen(content)
    message = caught.value.message
    assert "\0" not in message
    assert message.encode().decode() == message  # it can be stored and sent
    return message


@pytest.mark.parametrize(("written", "word", "first"), PLACES)
@settings(max_examples=12, deadline=None)
@given(row=st.integers(0, ROWS - 1), before=SOUND, bad=BAD, after=SOUND)
def test_a_bad_character_is_refused_with_its_place(
    written: Callable[[Table], bytes], word: str, first: int, row: int, before: str, bad: str, after: str
) -> None:
    message = refusal(written(table(row, f"x{before}{bad}{after}")))
    assert message.startswith(f"data: {word} {row + first} ")
    assert message.endswith((". ", "."))
    assert any(way in message for way in ("export the file again", "Export the file again", "Save the file as UTF-8"))


@pytest.mark.parametrize(("written", "word", "first"), PLACES)
@settings(max_examples=8, deadline=None)
@given(row=st.integers(0, ROWS - 1), sound=SOUND)
def test_every_other_character_is_taken_as_it_is(
    written: Callable[[Table], bytes], word: str, first: int, row: int, sound: str
) -> None:
    taken = {sample.variables["question"]: sample.reference for sample in frozen(written(table(row, f"x{sound}"))).samples}
    assert taken[f"How do I do thing {row}?"] == f"x{sound}"


@pytest.mark.parametrize("bad", ["\0", "\ud800"])
@pytest.mark.parametrize("written", [as_json, as_jsonl])
def test_a_bad_name_of_a_field_is_refused(written: Callable[[Table], bytes], bad: str) -> None:
    message = refusal(written(table(3, "x", column=f"la{bad}bel")))
    assert "in the name of" in message
    assert "4" in message


def test_a_bad_name_of_a_column_is_refused() -> None:
    assert "in the name of" in refusal(as_csv([{"question": "a", "la\0bel": "b"}] * 3))


@pytest.mark.parametrize("escape", ["\\ud800\\u0041", "\\udc00", "\\\\\\ud83d", "\\ud83d\\ud83d\\ude00"])
def test_half_an_emoji_is_told_from_a_whole_one_however_it_is_escaped(escape: str) -> None:
    rows = ['{"question": "How? \\ud83d\\ude00 \\\\ud800", "label": "x"}'] * 3
    samples = frozen(f"[{', '.join(rows)}]".encode()).samples
    assert {sample.variables["question"] for sample in samples} == {"How? \U0001f600 \\ud800"}
    bad = f'{{"question": "How? {escape}", "label": "x"}}'
    assert "Object 4 has half of a character" in refusal(f"[{', '.join([*rows, bad])}]".encode())


@settings(max_examples=10, deadline=None)
@given(bad=BAD, field=st.sampled_from(["reference", "cluster", "id", "variables", "recorded", "name"]))
def test_a_frozen_file_with_a_bad_character_is_refused(bad: str, field: str) -> None:
    with TemporaryDirectory() as home:
        path = Path(home) / "frozen"
        storage.dump(frozen(as_json(table(0, "x"))), path)
        first, *rest = path.read_text(encoding="utf-8").splitlines()
        sample = json.loads(first)
        given_ = {"variables": {"question": bad}, "recorded": {"text": bad, "latency_s": None, "usage": None}, "name": {bad: "x"}}
        sample["sample"]["variables" if field == "name" else field] = given_.get(field, f"x{bad}")
        rest.append(json.dumps(sample, separators=(",", ":")))
        content = "\n".join([*rest[:1], *rest[1:]])
    assert f"Line {len(rest)} " in refusal(content.encode())


@pytest.mark.parametrize("entity", ["&#0;", "&#xD800;", "&#xDFFF;"])
def test_a_workbook_with_a_bad_character_is_refused(tmp_path: Path, entity: str) -> None:
    book, path = Workbook(), tmp_path / "book.xlsx"
    for row in [["question", "label"], *[[f"q{n}", f"MARK{n}"] for n in range(4)]]:
        assert book.active is not None
        book.active.append(row)
    book.save(tmp_path / "whole.xlsx")
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as whole, zipfile.ZipFile(path, "w") as bad:
        for part in whole.namelist():
            bad.writestr(part, whole.read(part).replace(b"MARK2", f"x{entity}".encode()))
    assert "The workbook is damaged. Open it in a spreadsheet program" in refusal(path.read_bytes())
