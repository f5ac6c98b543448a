"""Every format holds the same figures, escapes what models say, and can be opened."""

from pathlib import Path

from openpyxl import load_workbook

from pipeline import report as reports
from pipeline.report import storage, table
from pipeline.report.build import build
from tests.pipeline.report import made


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
