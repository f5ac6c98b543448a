"""The report says what the runs say, and its hash covers all of it."""

import dataclasses

import pytest

from pipeline.errors import InputError
from pipeline.records import Verdict
from pipeline.report import storage, table
from pipeline.report.build import build, overall
from tests.pipeline.report import made


def test_the_winner_is_better_and_its_regressions_are_listed() -> None:
    report = build(made.inputs())
    winner = report.winner("local:tiny")
    assert winner is not None
    assert winner.verdict is Verdict.BETTER
    assert {r.sample_id for r in report.regressions} == {"s00", "s01", "s02", "s03"}
    assert report.regressions[0].target_text == "=lost card"
    assert "is better than the source" in report.headline


def test_a_planted_regression_is_found_behind_an_equal_mean() -> None:
    report = build(made.inputs(winner_right={*range(1, 24), 30}))
    assert [r.sample_id for r in report.regressions] == ["s00"]


def test_failed_cells_never_average_to_a_perfect_score() -> None:
    report = build(made.inputs(winner_right=set(range(38)), winner_failed=frozenset(range(38, 60))))
    winner = report.winner("local:tiny")
    assert winner is not None
    assert winner.verdict is Verdict.CANNOT_TELL
    assert winner.failures == {"timeout": 22}
    assert winner.answered == 38
    assert next(f for f in winner.figures if f.metric == "exact_match").mean is None
    assert "(38/60 scored)" in " ".join(" ".join(line) for line in table.rows(report)[1])


def test_a_run_over_other_inputs_is_refused() -> None:
    given = made.inputs()
    other = dataclasses.replace(given.arms[0].result, input_hashes={s.id: "0" * 64 for s in made.SAMPLES})
    with pytest.raises(InputError):
        build(dataclasses.replace(given, arms=(dataclasses.replace(given.arms[0], result=other),)))


def test_the_hash_is_stable_and_covers_every_cell() -> None:
    first, again = build(made.inputs()), build(made.inputs())
    changed = build(made.inputs(winner_right=set(range(4, 48))))
    assert first.hash == again.hash
    assert first.hash != changed.hash


def test_json_brings_the_same_report_back_and_refuses_a_changed_one() -> None:
    report = build(made.inputs())
    text = storage.dumps(report)
    assert storage.loads(text) == report
    with pytest.raises(InputError, match="changed after it was written"):
        storage.loads(text.replace('"scored":20', '"scored":21'))
    with pytest.raises(InputError, match="not a Ferry report"):
        storage.loads("{}")


def test_table_cells_are_never_empty() -> None:
    header, body = table.rows(build(made.inputs()))
    assert all(cell for line in (header, *body) for cell in line)
    assert len({len(line) for line in (header, *body)}) == 1


def test_the_least_favourable_primary_metric_is_the_verdict() -> None:
    (comparison,) = (c for c in build(made.inputs()).arms[2].comparisons if c.primary)
    worse = dataclasses.replace(comparison, verdict=Verdict.WORSE)
    unsure = dataclasses.replace(comparison, verdict=Verdict.CANNOT_TELL)
    assert overall([comparison, unsure]) is Verdict.CANNOT_TELL
    assert overall([comparison, unsure, worse]) is Verdict.WORSE
    assert overall([dataclasses.replace(worse, primary=False)]) is None
