"""Reports of any size: gathered page by page, quoted in part, shown in brief; the same bytes as ever where they are small."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TypeVar

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from pipeline import report as reports
from pipeline.errors import InputError
from pipeline.hashing import canonical_json, content_hash
from pipeline.records import Output, RunResult, Score
from pipeline.report import storage
from pipeline.report.build import assemble, build, given_by, unquoted
from pipeline.report.gather import RunCells, SampleFacts, gather, metric_names
from pipeline.report.recompute import recompute
from pipeline.report.records import WINNER, Evidence, Report, ReportInputs
from tests.pipeline.report import large, made

FULL = made.full()
T = TypeVar("T")


def in_pages(inputs: ReportInputs, size: int, seed: int) -> Evidence:
    """The cells of `inputs` from shuffled pages."""
    chance = Random(seed)
    runs = [("source", "source", inputs.source), *((arm.label, arm.bar, arm.result) for arm in inputs.arms)]
    scored = {score.metric for _, _, run in runs for score in run.scores}
    facts = SampleFacts(inputs.criteria, metric_names(inputs.criteria, scored))
    for page in _pages(inputs.samples, size, chance):
        facts.add(page)
    found = []
    for label, bar, run in runs:
        cells = RunCells(facts, run.key, run.label, run.input_hashes)
        for outputs in _pages(run.outputs, size, chance):
            cells.add_outputs(outputs)
        for scores in _pages(run.scores, size, chance):
            cells.add_scores(scores)
        found.append(cells.facts(label, bar))
    return facts.evidence(found)


def _pages(items: tuple[T, ...], size: int, chance: Random) -> Iterator[list[T]]:
    mixed = chance.sample(items, len(items))
    return (mixed[start : start + size] for start in range(0, len(mixed), size))


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_pages_in_any_order_make_the_same_cells(size: int) -> None:
    assert in_pages(FULL, size, seed=size) == gather(FULL)


def test_a_small_report_has_the_hash_it_had_before_reports_were_streamed() -> None:
    """Every figure to the last bit: the hash was noted when cells were Python objects and figures were summed over dicts."""
    assert build(large.inputs(300)).hash == "1d929654a84aea1c95b36b9edf00d48e2cf6132633b2d4168077521be31d8603"


def test_a_page_at_a_time_or_whole_it_is_the_same_report() -> None:
    assert large.given(60).evidence == gather(large.inputs(60))


def test_a_run_that_does_not_fit_is_refused_page_by_page() -> None:
    facts = SampleFacts(FULL.criteria, metric_names(FULL.criteria, ()))
    facts.add(FULL.samples)
    run = FULL.source
    first, name = run.outputs[0], FULL.criteria.metrics[0].metric

    def cells(**changes: str) -> RunCells:
        return RunCells(facts, run.key, "the run", {**run.input_hashes, **changes})

    started = cells()
    started.add_outputs([first])
    started.add_scores([Score(sample_id=first.sample_id, metric=name, value=1.0)])
    with pytest.raises(InputError, match="two outputs"):
        started.add_outputs([first])
    with pytest.raises(InputError, match="two exact_match scores"):
        started.add_scores([Score(sample_id=first.sample_id, metric=name, value=0.0)])
    with pytest.raises(InputError, match="no output for it"):
        started.add_scores([Score(sample_id="s59", metric=name, value=0.0)])
    with pytest.raises(InputError, match="neither a number nor a reason"):
        started.add_scores([Score(sample_id=first.sample_id, metric=name, value=float("nan"))])
    with pytest.raises(InputError, match="not among the samples"):
        started.add_outputs([Output(sample_id="foreign", text="x")])
    with pytest.raises(InputError, match="saw another input"):
        cells(**{first.sample_id: "0" * 64}).add_outputs([first])


def quoted(worst: int) -> Report:
    """The full report as if it were large: only the `worst` regressions of each run and metric are quoted."""
    whole = build(FULL)
    known = {(r.arm, r.metric, r.sample_id): r for r in whole.regressions}
    return assemble(replace(given_by(FULL, gather(FULL)), quoted=worst, grouped=40), lambda *which: known[which])


def test_a_large_report_quotes_the_worst_names_the_rest_and_is_recomputed() -> None:
    whole, part = build(FULL), quoted(2)
    fallen = [(a.label, c.metric, c.regressed) for a in part.arms if WINNER in a.bar for c in a.comparisons if c.primary]
    wanted = [(arm, metric, name) for arm, metric, names in fallen for name in names[:2]]
    assert [(r.arm, r.metric, r.sample_id) for r in part.regressions] == wanted
    assert len(part.regressions) + part.unquoted == len(whole.regressions)
    assert part.got_worse == part.worse == whole.got_worse
    assert (whole.worse, whole.unquoted) == (0, 0)
    assert "over 40 of the 60 samples" in " ".join(part.caveats)
    text = storage.dumps(part)
    assert recompute(storage.read(text)).agrees
    parsed = json.loads(text)
    parsed["report"]["unquoted"] += 1
    parsed["hash"] = content_hash(parsed["report"])
    assert [d.where for d in recompute(storage.read(canonical_json(parsed))).differing] == ["unquoted"]


def test_a_page_and_a_workbook_say_what_they_leave_out(tmp_path: Path) -> None:
    report = quoted(2)
    paths = {path.name: path for path in reports.write(report, tmp_path, rows=20)}
    book = load_workbook(paths["report.xlsx"])
    assert book["Regressions"]["A2"].value.startswith("Quoted are the 2 worst of each run and metric")
    (said,) = [line[0] for line in book["Cells"].iter_rows(min_row=2, values_only=True)]
    assert (
        said
        == f"There are {report.evidence.filled:,} cells, and a sheet has 20 rows: cells.parquet and report.json hold them all."
    )
    page = paths["report.html"].read_text()
    assert f"Samples that got worse ({len(report.regressions) + report.unquoted})" in page
    assert "the 2 worst of each run and metric" in page
    table = pq.read_table(paths["cells.parquet"])
    cells = [(c.arm, c.sample_id, c.metric, c.value, c.unscored) for c in report.evidence.cells()]
    assert list(zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True)) == cells
    assert len(cells) == report.evidence.filled


def test_a_report_of_usual_size_has_no_parquet_beside_it(tmp_path: Path) -> None:
    assert {path.suffix for path in reports.write(build(made.inputs()), tmp_path)} == {".html", ".xlsx", ".json", ".png"}


def test_a_brief_shows_what_cards_show_without_the_cells() -> None:
    report = quoted(2)
    text = storage.for_showing(report, large=59)
    brief = storage.shown(text)
    assert len(text) < len(storage.dumps(report)) * 0.7
    assert brief.evidence.samples == ()
    assert (brief.headline, brief.recommendation, brief.got_worse) == (report.headline, report.recommendation, report.got_worse)
    assert [arm.figures for arm in brief.arms] == [arm.figures for arm in report.arms]
    assert brief.regressions == report.regressions
    assert storage.shown(storage.for_showing(report, large=60)) == report
    with pytest.raises(InputError, match="changed after it was written"):
        storage.shown(text.replace('"scored":', '"scored":1', 1))


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"format":"ferry-report-2","hash":"h"}', '{"format":1}'])
def test_what_is_no_report_is_refused_with_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(InputError, match="not a Ferry report"):
        storage.read_file(tmp_path / "report.json")
    with pytest.raises(InputError, match="There is no report"):
        storage.read_file(tmp_path / "absent.json")


def test_a_column_of_texts_is_no_report() -> None:
    parsed = json.loads(storage.dumps(build(made.inputs())))
    parsed["report"]["evidence"]["runs"][0]["columns"][0]["values"][3] = "0.5"
    with pytest.raises(InputError, match="not a Ferry report"):
        storage.read(canonical_json(parsed))


def test_a_large_report_without_texts_has_them_put_in_later() -> None:
    given = given_by(FULL, gather(FULL))
    bare, whole = assemble(given, unquoted), build(FULL)
    assert {r.question for r in bare.regressions} == {""}
    assert replace(bare, regressions=whole.regressions).hash == whole.hash


def test_runs_of_one_label_are_refused() -> None:
    twice: RunResult = FULL.arms[0].result
    with pytest.raises(InputError, match="same model and name"):
        gather(replace(FULL, arms=(FULL.arms[0], replace(FULL.arms[0], result=twice))))
