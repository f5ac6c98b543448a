"""Which agreements a finished comparison holds, with metrics that are judged in name only."""

from dataclasses import replace

import pytest

from pipeline.decide.agreement import Opinion, Said
from pipeline.decide.calibrate import Reviewed, agreements
from pipeline.metrics.judge.port import Bench, Tab
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.metric import Answer, Measure, Metric
from pipeline.metrics.registry import metric_named
from pipeline.records import Criteria, MetricChoice, PriorScores, RecordedOutput
from tests.pipeline.decide.runs import run, samples

CRITERIA = Criteria(metrics=tuple(MetricChoice(metric=name) for name in ("normalised_match", "grounded", "preferred")))
OF = samples(40)
SAID = tuple(Said(sample_id=s.id, by="U1", opinion=Opinion.BETTER if i % 2 else Opinion.WORSE) for i, s in enumerate(OF))


async def ask(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    raise AssertionError("stored scores are compared here; nobody is asked")


METRICS = {
    "grounded": JudgedMetric(name="grounded", summary="for these tests", needs_reference=False, ask=ask),
    "preferred": JudgedMetric(name="preferred", summary="for these tests", needs_reference=False, needs_source=True, ask=ask),
}


def metric_of(name: str, criteria: Criteria) -> Metric:
    return METRICS.get(name) or metric_named(name, criteria)


def test_without_people_there_is_no_agreement() -> None:
    source = run(OF, [1.0] * 40, metric="grounded", label="source")
    assert agreements(CRITERIA, OF, source, metric_of=metric_of) == ()
    assert agreements(CRITERIA, OF, source, [Reviewed(run=source, said=())], metric_of=metric_of) == ()


def test_human_scores_speak_to_metrics_of_one_answer() -> None:
    of = tuple(replace(s, recorded=RecordedOutput(text="yes"), prior=PriorScores(human=float(i % 2))) for i, s in enumerate(OF))
    source = run(of, [float(i % 2) for i in range(40)], metric="grounded", label="source")
    (found,) = agreements(CRITERIA, of, source, metric_of=metric_of)
    assert (found.metric, found.against, found.n, found.kappa, found.validated) == ("grounded", "human scores", 40, 1.0, True)


def test_preferences_of_all_targets_speak_to_the_pairwise_judge_together() -> None:
    source = run(OF, [1.0] * 40, label="source")
    right = run(OF, [float(i % 2) for i in range(40)], metric="preferred", label="one")
    wrong = run(OF, [float(i % 2 == 0) for i in range(40)], metric="preferred", label="two")
    reviewed = [Reviewed(run=right, said=SAID), Reviewed(run=wrong, said=SAID[:20])]
    pairs, among = agreements(CRITERIA, OF, source, reviewed, metric_of=metric_of)
    assert (pairs.metric, pairs.against, pairs.n) == ("preferred", "SME preferences", 60)
    assert pairs.kappa == pytest.approx(1 / 3, abs=1e-6)
    assert (among.metric, among.n, among.validated) == ("SMEs", 0, False)
