"""External figures are citations: each has a date and a source, from JSON or CSV."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.models.catalog import Citation, read_benchmarks

ONE = {
    "model": "amazon.nova-lite-v1:0",
    "name": "MMLU",
    "figure": 80.5,
    "date": "2026-09-01",
    "source": "https://example.org/a,b",
}


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([ONE]))
    (tmp_path / "a.csv").write_text(
        'model,name,figure,date,source\namazon.nova-lite-v1:0,MMLU,80.5,2026-09-01,"https://example.org/a,b"\n'
    )
    assert read_benchmarks(tmp_path / "a.json") == read_benchmarks(tmp_path / "a.csv") == (Citation(**ONE),)  # type: ignore[arg-type]
    assert read_benchmarks(None) == ()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", "{", "neither a JSON list"),
        ("a.json", "{}", "The file"),
        ("a.json", json.dumps([ONE, {**ONE, "date": "last year"}]), r"Entry 2 .*\(date\)"),
        ("a.json", json.dumps([{**ONE, "source": ""}]), r"Entry 1 .*\(source\)"),
        ("a.json", '[{"model": "a", "name": "b", "figure": NaN, "date": "2026-09-01", "source": "c"}]', r"\(figure\)"),
        ("a.csv", "model,name,figure\na,b,1\n", r"Entry 1 .*\(date\)"),
        ("a.csv", "model,name,figure,date,source\na,b,1,2026-09-01,c,d\n", "Entry 1"),
        ("a.csv", 'model\n"', "neither a JSON list"),
    ],
)
def test_what_is_no_citation_is_refused_with_its_place(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        read_benchmarks(tmp_path / name)
    with pytest.raises(InputError, match="Check the path"):
        read_benchmarks(tmp_path / "absent")


@given(st.sampled_from(["a.json", "a.csv"]), st.text(max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, name: str, text: str) -> None:
    path = tmp_path_factory.mktemp("b") / name
    path.write_text(text, encoding="utf-8", errors="ignore")
    try:
        assert isinstance(read_benchmarks(path), tuple)
    except InputError:
        return
