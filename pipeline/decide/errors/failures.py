"""Which samples of a run count as failures: failed calls, primary scores below what is good, and regressions."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.decide.pairs import ScoreIndex, index
from pipeline.metrics.registry import metric_named
from pipeline.records import Criteria, MetricChoice, Output, RunResult, Sample

ALIKE = 1e-9
GOOD = 0.7
"""A graded metric counts as failed below this or when it fell by more than the margin; a yes/no metric below 1."""
LITERAL = frozenset({"json_fields"})
"""Graded metrics of which nothing but the full score is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A failure: the sample, what the arm answered, the metrics it failed, and whether the source did better."""

    sample: Sample
    output: Output
    metrics: tuple[str, ...]
    regressed: bool
    source_was_right: bool

    @property
    def text(self) -> str:
        return (self.output.text or "").strip()

    @property
    def reference(self) -> str:
        return (self.sample.reference or "").strip()


def failures(samples: Sequence[Sample], source: RunResult, arm: RunResult, criteria: Criteria) -> tuple[Failed, ...]:
    """Failures in the order of `samples`; a sample without an output of the arm is none, and neither is one nobody scored."""
    before, after = index(source), index(arm)
    outputs = {output.sample_id: output for output in arm.outputs}
    found = (_failed(s, outputs[s.id], before, after, criteria) for s in samples if s.id in outputs)
    return tuple(each for each in found if each is not None)


def _failed(sample: Sample, output: Output, before: ScoreIndex, after: ScoreIndex, criteria: Criteria) -> Failed | None:
    chosen = [c for c in criteria.primary or criteria.metrics if not metric_named(c.metric, criteria).excludes(sample)]
    below = {c.metric for c in chosen if _below(after, sample.id, c, criteria)}
    fell = {c.metric for c in chosen if _fell(before, after, sample.id, c)}
    gone = output.failure is not None or (output.text is None and not output.tool_calls)
    if not (below or fell or gone):
        return None
    known = [c for c in chosen if _value(before, sample.id, c.metric) is not None]
    right = bool(known) and not any(_below(before, sample.id, c, criteria) for c in known)
    return Failed(
        sample=sample,
        output=output,
        metrics=tuple(c.metric for c in chosen if c.metric in below | fell),
        regressed=bool(fell),
        source_was_right=right,
    )


def _below(scores: ScoreIndex, sample_id: str, choice: MetricChoice, criteria: Criteria) -> bool:
    value = _value(scores, sample_id, choice.metric)
    whole = metric_named(choice.metric, criteria).binary or choice.metric in LITERAL
    return value is not None and value < (1.0 if whole else GOOD) - ALIKE


def _fell(before: ScoreIndex, after: ScoreIndex, sample_id: str, choice: MetricChoice) -> bool:
    was, now = _value(before, sample_id, choice.metric), _value(after, sample_id, choice.metric)
    return was is not None and now is not None and now < was - choice.margin - ALIKE


def _value(scores: ScoreIndex, sample_id: str, metric: str) -> float | None:
    score = scores.get((sample_id, metric))
    return None if score is None else score.value
