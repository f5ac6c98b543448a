"""Reading by content: what is read, and every refusal with its sentence."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from pipeline.dataset import foreign, read
from pipeline.dataset.port import MIB, USUAL, Limits
from pipeline.errors import InputError


def file(tmp_path: Path, content: bytes | str, name: str = "data.bin") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def cells(path: Path) -> list[dict[str, str]]:
    return [dict(line.cells) for line in read.lines(path, name="x")]


def refusal(path: Path, limits: Limits = USUAL) -> str:
    with pytest.raises(InputError) as caught:
        read.scan(path, name="x", limits=limits)
    assert caught.value.message.startswith("x: ")
    return caught.value.message


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    texts = ["a, b; c", "1,5;2|3", "plain"]
    lines = [separator.join(f'"{cell}"' for cell in (text, "y")) for text in texts]
    path = file(tmp_path, "\r\n".join([f"question{separator}label", *lines]))
    assert cells(path) == [{"question": text, "label": "y"} for text in texts]


def test_quotes_hold_separators_line_breaks_and_quotes(tmp_path: Path) -> None:
    path = file(tmp_path, 'question,label\r\n"one\r\ntwo, ""three""",x\r\n\r\nnext,y\r\n')
    found = list(read.lines(path, name="x"))
    assert [(line.place, dict(line.cells)) for line in found] == [
        ("line 2", {"question": 'one\r\ntwo, "three"', "label": "x"}),
        ("line 5", {"question": "next", "label": "y"}),
    ]


def test_a_cell_over_128_kb_is_read_and_the_process_limit_stays(tmp_path: Path) -> None:
    usual = 131_072
    csv.field_size_limit(usual)
    big = "x" * 200_000
    path = file(tmp_path, f"question,label\n{big},y\n")
    reading = read.lines(path, name="x")
    assert next(reading).cells["question"] == big
    assert csv.field_size_limit() == usual


def test_trailing_empty_columns_and_lines_of_excel_are_cut(tmp_path: Path) -> None:
    assert cells(file(tmp_path, "question,label,,\na,b,,\n,,,\n")) == [{"question": "a", "label": "b"}]


def test_values_of_json_become_text(tmp_path: Path) -> None:
    line = '{"q": "a\\nb", "n": 1.50, "i": 7, "t": true, "z": null, "x": NaN, "l": ["é", {"k": 2.5}]}'
    wanted = {"q": "a\nb", "n": "1.50", "i": "7", "t": "true", "z": "", "x": "", "l": '["é", {"k": 2.5}]'}
    assert cells(file(tmp_path, f"{line}\n\n{line}\n")) == [wanted, wanted]
    strict = line.replace("NaN", "null")
    assert cells(file(tmp_path, f"[{strict},\n{strict}]")) == [wanted, wanted]
    assert cells(file(tmp_path, f'{{"about": {{"a": [1]}}, "samples": [{strict}, {strict}]}}')) == [wanted, wanted]


def test_a_pretty_printed_object_is_not_mistaken_for_json_lines(tmp_path: Path) -> None:
    content = json.dumps({"data": [{"q": "a"}, {"q": "b"}]}, indent=1)
    assert read.scan(file(tmp_path, content), name="x").format == "JSON"
    assert cells(file(tmp_path, content)) == [{"q": "a"}, {"q": "b"}]


def test_one_object_is_one_sample(tmp_path: Path) -> None:
    assert cells(file(tmp_path, '{"q": "a", "contexts": ["b", "c"]}')) == [{"q": "a", "contexts": '["b", "c"]'}]


def test_the_scan_knows_columns_that_come_late(tmp_path: Path) -> None:
    content = "\n".join(['{"q": "a"}'] * 500 + ['{"q": "b", "late": "c"}'])
    scan = read.scan(file(tmp_path, content), name="x")
    assert (scan.format, scan.columns, scan.samples, len(scan.head)) == ("JSONL", ("q", "late"), 501, read.HEAD_LINES)


def zipped(tmp_path: Path, *names: str) -> Path:
    path = tmp_path / "data.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return path


def test_a_renamed_zip_is_told_from_a_workbook(tmp_path: Path) -> None:
    assert "This is a ZIP archive, not an XLSX workbook, whatever its name says. Unpack it" in refusal(
        zipped(tmp_path, "data.csv")
    )
    assert "This is a Word document" in refusal(zipped(tmp_path, "[Content_Types].xml", "word/document.xml"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7\n...", "This is a PDF document, not a table of samples. Export the samples as CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0", "This is a PNG image"),
        (b"PAR1\x15\x04", "The Parquet file is damaged"),
        (b"PK\x03\x04 cut", "damaged or cut off. Upload it again."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "Save it as .xlsx without a password"),
        (b"\n<!DOCTYPE html><html><body>Sign in to Slack</body>", foreign.LOGIN_PAGE),
        (b"<?xml version='1.0'?><a/>", "This is an XML file."),
        (bytes(range(256)) * 4, "neither text nor a workbook"),
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf \r\n ", "The file is empty."),
        (b"question,label\r\n", "The file holds only a header line. Add at least one sample below it."),
        (b"[]", "The array holds no samples."),
        (b"question,question\na,b\n", "Two columns are called “question”. Rename one of them."),
        (b"question,,label\na,b,c\n", "Column 2 has no name in the first line."),
        (b"question,label\na,b\nc\n", "Line 3 has 1 cell, but the first line names 2 columns."),
        (b"question,label\na,b,c\n", "Line 2 has 3 cells, but the first line names 2 columns."),
        (b'question,label\na,b\n"c,d\ne,f\n', "A double quote is opened on line 3 and never closed."),
        (b'question,label\na,b\n"c" d,e\n', "Line 3 has a stray double quote."),
        (b'{"q": 1}\n{"q": \n{"q": 3}\n', "Line 2 is not valid JSON (at character"),
        (b'{"q": 1}\n[1]\n', "Line 2 is not an object."),
        (b'[{"q": 1}, {"q": 2}, {"q": ]', "The file stops being valid JSON after object 2."),
        (b'[{"q": 1}, 5]', "Object 2 is not an object."),
        (b'{"a": [{}], "b": [{}]}', "The object holds several arrays (a, b)."),
        (b'{"q": "a"}\n{"q": "\\ud800"}\n', "Line 2 has half of a character (a lone surrogate) in “q”."),
        (b'{"q": "a"}\n{"q": "\\u0000"}\n', "Line 2 has a NUL character in “q”."),
        (b'{"q": 1}\n' + b'{"q": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "Line 2 nests too deeply."),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_way_out(tmp_path: Path, content: bytes, sentence: str) -> None:
    message = refusal(file(tmp_path, content))
    assert sentence in message
    assert message.endswith((".", "}."))


def test_each_limit_is_in_its_sentence(tmp_path: Path) -> None:
    path = file(tmp_path, "question,label\n" + "abcdef,b\n" * 10)
    assert "The file has 0 MB; 0 MB are allowed." in refusal(path, Limits(max_bytes=50))
    assert "The file holds more than 9 samples." in refusal(path, Limits(max_samples=9))
    long = file(tmp_path, "q,l\na,b\nabcdef,b\n", "long")
    assert "Line 3 holds a cell with more than 5 characters, or a double quote" in refusal(
        long, Limits(max_cell=5, max_data_uri=5)
    )
    assert "Line 1 has 6 characters in “q”; 5 are allowed." in refusal(
        file(tmp_path, '{"q": "abcdef"}\n{"q": ""}'), Limits(max_cell=5)
    )


def test_a_file_over_the_usual_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as sparse:
        sparse.truncate(200 * MIB)
    assert "The file has 200 MB; 50 MB are allowed." in refusal(path)
