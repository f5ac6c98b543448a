"""Workbooks: values, sheets, formulas, bombs and damage."""

import re
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from pipeline.dataset import read
from pipeline.dataset.port import Limits
from pipeline.errors import InputError


def saved(tmp_path: Path, *sheets: list[list[object]]) -> Path:
    book = Workbook()
    book.remove(book.worksheets[0])
    for number, lines in enumerate(sheets, 1):
        page = book.create_sheet(f"Sheet {number}")
        for line in lines:
            page.append(line)
    path = tmp_path / "book.csv"
    book.save(path)
    return path


def with_formula_value(path: Path, stored: str) -> None:
    """What a spreadsheet program does on saving: the calculated value beside the formula."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            if name.startswith("xl/worksheets/"):
                content = re.sub(rb'(<c r="B2")([^>]*)>(<f>.*?</f>)<v\s*/?>(</v>)?', rb"\1" + stored.encode(), content)  # noqa: PLW2901
            archive.writestr(name, content)


def cells(path: Path) -> list[dict[str, str]]:
    return [dict(line.cells) for line in read.lines(path, name="x")]


def test_values_become_text_whatever_the_name_says(tmp_path: Path) -> None:
    when = datetime(2026, 11, 22, 9, 30)  # noqa: DTZ001  cells carry no time zone
    path = saved(tmp_path, [["question", "n", "f", "b", "d", "e"], ["é\n🎉", 3, 2.5, True, when, None], [None] * 6, ["b", 4.0]])
    assert cells(path) == [
        {"question": "é\n🎉", "n": "3", "f": "2.5", "b": "true", "d": "2026-11-22T09:30:00", "e": ""},
        {"question": "b", "n": "4", "f": "", "b": "", "d": "", "e": ""},
    ]
    assert read.scan(path, name="x").format == "XLSX"


def test_the_first_sheet_with_content_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    scan = read.scan(saved(tmp_path, [], [["question"], ["a"]], [["other"]]), name="x")
    assert scan.columns == ("question",)
    assert scan.findings[0].message == "Only the sheet “Sheet 2” was read; 1 more (Sheet 3) were not."


def test_a_formula_without_a_value_is_refused_with_its_cell(tmp_path: Path) -> None:
    path = saved(tmp_path, [["question", "label"], ["a", "=A2&A2"]])
    with pytest.raises(InputError, match=r"Cell B2 holds a formula without a calculated value\. Open the workbook"):
        read.scan(path, name="x")


@pytest.mark.parametrize(("stored", "value"), [(' t="str">\\3<v>aa</v>', "aa"), (' t="str">\\3<v></v>', "")])
def test_a_calculated_formula_is_read_by_its_value(tmp_path: Path, stored: str, value: str) -> None:
    path = saved(tmp_path, [["question", "label"], ["a", "=A2&A2"]])
    with_formula_value(path, stored)
    assert cells(path) == [{"question": "a", "label": value}]


def test_a_line_longer_than_the_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Line 2 has 2 cells, but the first line names 1 columns"):
        read.scan(saved(tmp_path, [["question"], ["a", "b"]]), name="x")


def test_header_only_and_empty_workbooks_are_refused(tmp_path: Path) -> None:
    sheets: tuple[list[list[object]], ...] = ([["question"]], [])
    for lines in sheets:
        with pytest.raises(InputError, match="The sheet holds only a header line"):
            read.scan(saved(tmp_path, lines), name="x")


def test_a_bomb_is_refused_by_its_declared_size_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<not a workbook")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 5_000_000)
    assert path.stat().st_size < 10_000
    with pytest.raises(InputError, match=r"unpacks to 4 MB in 2 parts; 3 MB are allowed\. Export the one sheet"):
        read.scan(path, name="x", limits=Limits(max_bytes=1_000_000))


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<broken")
    with pytest.raises(InputError, match="The workbook is damaged"):
        read.scan(path, name="x")


def test_entities_that_expand_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, [["question"], ["a"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + content if "sheet1" in name else content)
    with pytest.raises(InputError, match="The workbook is damaged"):
        read.scan(path, name="x")
