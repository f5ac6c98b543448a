"""Every format holds the same figures, escapes what models say, and can be opened."""

import os
import re
import time
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline import report as reports
from pipeline.report import storage, table
from pipeline.report.build import build
from pipeline.report.tables import sheets
from tests.pipeline.report import large, made

GOLDEN = Path(__file__).parent / "golden" / "page.html"


def test_all_formats_are_written(tmp_path: Path) -> None:
    report = build(made.inputs())
    paths = {p.suffix: p for p in reports.write(report, tmp_path / "out")}
    page = paths[".html"].read_text()
    assert report.hash in page
    assert all(cell.replace("&", "&amp;") in page for line in table.rows(report)[1] for cell in line if "<" not in cell)
    assert "<script>" not in page
    assert 'src="http' not in page
    assert paths[".png"].read_bytes().startswith(b"\x89PNG")
    assert storage.loads(paths[".json"].read_text()) == report


def test_the_workbook_holds_every_cell_and_no_formula(tmp_path: Path) -> None:
    report = build(made.inputs())
    reports.write(report, tmp_path)
    book = load_workbook(tmp_path / "report.xlsx")
    assert book["Cells"].max_row == 1 + len(list(report.evidence.cells()))
    answers = [line[6] for line in book["Regressions"].iter_rows(min_row=2)]
    assert {a.value for a in answers} == {"=lost card"}
    assert {a.data_type for a in answers} == {"s"}
    assert book["Provenance"]["B2"].value == report.hash


def test_the_same_report_gives_the_same_bytes_of_json_and_picture(tmp_path: Path) -> None:
    for name in ("a", "b"):
        reports.write(build(made.inputs()), tmp_path / name)
    for name in ("report.json", "report.png", "tradeoff.png", "report.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_page_looks_as_agreed(tmp_path: Path) -> None:
    """FERRY_UPDATE_GOLDEN=1 writes it anew, for `git diff`; open it in a browser to look at it. The pictures are left out."""
    report = build(made.full())
    reports.write(report, tmp_path)
    page = re.sub(r"base64,[^\"]+", "base64,", (tmp_path / "report.html").read_text()).replace(report.hash, "HASH")
    if os.environ.get("FERRY_UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(page)
    assert page == GOLDEN.read_text()


def test_every_table_is_whole_on_the_page_and_in_numbers_in_the_workbook(tmp_path: Path) -> None:
    report = build(made.full())
    reports.write(report, tmp_path)
    book = load_workbook(tmp_path / "report.xlsx")
    for sheet in sheets(report):
        assert book[sheet.title[:31]].max_row == 1 + len(sheet.rows)
        assert all(value for line in sheet.body for value in line)
    head, source = (list(line) for line in book["Metrics"].iter_rows(max_row=2, values_only=True))
    assert source[head.index("mean")] == report.source.figures[0].mean
    assert source[head.index("mean low")] == report.source.figures[0].low
    cost = {line[0]: line for line in book["Inference cost"].iter_rows(min_row=2, values_only=True)}
    assert 0.13 in cost["source recorded:router"]
    assert "not charged" in cost["local:tiny · winner"]


@pytest.mark.alone
def test_building_grows_with_the_samples_not_with_their_square() -> None:
    def seconds(samples: int) -> float:
        inputs = large.inputs(samples)
        began = time.process_time()
        build(inputs)
        return time.process_time() - began

    seconds(50)
    small, large_ = min(seconds(400) for _ in range(2)), seconds(1_600)
    assert large_ < 8 * small  # four times the samples; the square would be sixteen
