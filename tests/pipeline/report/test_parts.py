"""What scores are made from: a pass rate for each question of a rubric, and how often a pairwise judge turned with the order."""

import json
from collections.abc import Iterator
from dataclasses import replace

from pipeline.hashing import canonical_json, content_hash
from pipeline.records import Criteria, MetricChoice, Rubric, RubricKind, RunResult, Score
from pipeline.report.build import build
from pipeline.report.recompute import recompute
from pipeline.report.records import ReportInputs
from pipeline.report.storage import dumps, read
from pipeline.report.tables import criteria, judges
from tests.pipeline.report import made

GUIDE = Rubric(name="Guide", kind=RubricKind.YES_NO, text="Our guide", questions=("Is it polite?", "Does it name the card?"))
PAIRS = "judge_preference"


def scored(result: RunResult, *, unnamed: int, turned: int) -> RunResult:
    """The run with a rubric by which the first `unnamed` answers name no card, and pairs of which the first `turned` turned."""
    return replace(result, scores=(*result.scores, *_scores(result, unnamed, turned)))


def _scores(result: RunResult, unnamed: int, turned: int) -> Iterator[Score]:
    for n, output in enumerate(result.outputs):
        named, orders = float(n >= unnamed), (0.0, 1.0) if n < turned else (0.5, 0.5)
        yield Score(sample_id=output.sample_id, metric=GUIDE.metric, value=(1 + named) / 2, parts=(1.0, named))
        if result.label != "recorded:router":
            parts = orders if n < 40 else None  # the last twenty pairs were equal texts, so nobody was asked
            yield Score(sample_id=output.sample_id, metric=PAIRS, value=0.5, parts=parts)


def inputs() -> ReportInputs:
    given = made.inputs()
    choices = (MetricChoice(metric="exact_match", primary=True, margin=0.05), MetricChoice(metric=GUIDE.metric))
    target = replace(given.arms[2], result=scored(given.arms[2].result, unnamed=20, turned=10))
    scores = replace(given, source=scored(given.source, unnamed=6, turned=0), arms=(target,))
    return made.locked(scores, Criteria(metrics=(*choices, MetricChoice(metric=PAIRS)), rubrics=(GUIDE,)))


def test_each_question_of_a_rubric_has_a_pass_rate_on_each_run() -> None:
    report = build(inputs())
    arm = report.arms[0].label
    passed = {(rate.criterion, rate.run): (rate.passed, rate.rate.n) for rate in report.criteria_rates}
    assert passed == {
        ("Guide: all 2 questions", "source"): (54, 60),
        ("Guide: all 2 questions", arm): (40, 60),
        ("Guide 1: Is it polite?", "source"): (60, 60),
        ("Guide 1: Is it polite?", arm): (60, 60),
        ("Guide 2: Does it name the card?", "source"): (54, 60),
        ("Guide 2: Does it name the card?", arm): (40, 60),
    }
    shown = {row[:3]: row[-1] for row in criteria(report).body}
    assert shown["Guide 2: Does it name the card?", arm, "40"].startswith("0.667 [0.5")


def test_the_pairwise_judge_s_turns_are_counted_over_the_pairs_it_was_asked_about() -> None:
    report = build(inputs())
    turned = {judge.metric: judge.inconsistent for judge in report.judges}
    assert turned[GUIDE.metric] is None
    found = turned[PAIRS]
    assert found is not None
    assert (found.value, found.n) == (0.25, 40)
    assert judges(report).body[-1][-1].startswith("0.250 [0.1")


def test_they_are_recomputed_and_a_changed_part_is_found() -> None:
    written = dumps(build(inputs()))
    assert recompute(read(written)).agrees
    whole = json.loads(written)
    column = next(c for c in whole["report"]["evidence"]["runs"][1]["columns"] if c["metric"] == GUIDE.metric)
    column["parts"]["s03"] = [1.0, 1.0]
    whole["hash"] = content_hash(whole["report"])
    result = recompute(read(canonical_json(whole)))
    assert any("Guide 2" in difference.where for difference in result.differing)
    assert any("s03" in cell and GUIDE.metric in cell for cell in result.changed_cells)
