"""What a metric is, and the rules all of them share: failures, missing references, empty and cut-off answers."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.records import Output, Sample, Score

ZERO_TO_ONE = "[0, 1]"
NO_REFERENCE = "no reference"
EMPTY = "empty answer"
TOOL_CALL = "asked for a tool instead of answering, and this metric reads texts"
CUT_OFF = frozenset({"max_tokens", "length", "model_context_window_exceeded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A non-failed output beside its sample, as a metric sees it."""

    sample: Sample
    text: str
    stop_reason: str | None = None

    @property
    def reference(self) -> str:
        return self.sample.reference or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a metric makes of one answer; `reason` says why it is not the full score."""

    value: float
    reason: str | None = None


def yes_no(passed: bool, reason: str) -> Measure:
    """1 without a word, or 0 with the reason."""
    return Measure(value=1.0) if passed else Measure(value=0.0, reason=reason)


def usable(_reference: str) -> str | None:
    """Every reference will do."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A scoring function with what a plan must know of it. Higher is better, always.

    `measure` sees answers that exist, are not empty (unless `needs_content` is False) and have a usable reference (if
    `needs_reference`). `unusable` says why a reference cannot serve this metric, or None: such samples are outside the
    metric for every model alike, so they never count as missing.
    """

    name: str
    summary: str
    measure: Callable[[Answer], Measure]
    needs_reference: bool = True
    needs_content: bool = True
    binary: bool = False
    scale: str = ZERO_TO_ONE
    unusable: Callable[[str], str | None] = usable

    def excludes(self, sample: Sample) -> str | None:
        """Why this sample is outside the metric whatever a model answers, or None."""
        if not self.needs_reference:
            return None
        if not (sample.reference or "").strip():
            return NO_REFERENCE
        return self.unusable(sample.reference or "")

    def score(self, sample: Sample, output: Output) -> Score:
        """A value or the reason there is none: never both, never NaN."""
        if problem := _no_answer(output) or self.excludes(sample):
            return Score(sample_id=sample.id, metric=self.name, value=None, unscored=problem)
        answer = Answer(sample=sample, text=output.text or "", stop_reason=output.stop_reason)
        found = self._measured(answer)
        if not math.isfinite(found.value):
            return Score(sample_id=sample.id, metric=self.name, value=None, unscored="the metric gave no finite number")
        return Score(sample_id=sample.id, metric=self.name, value=float(found.value), reason=_with_cut(found.reason, output))

    def _measured(self, answer: Answer) -> Measure:
        if self.needs_content and not answer.text.strip():
            return Measure(value=0.0, reason=EMPTY)
        return self.measure(answer)


def _no_answer(output: Output) -> str | None:
    if output.failure is not None:
        return f"call failed ({output.failure.kind}): {output.failure.message}"
    if output.text is None:
        return "the run stored no answer"
    return TOOL_CALL if output.tool_calls and not output.text.strip() else None


def _with_cut(reason: str | None, output: Output) -> str | None:
    if output.stop_reason not in CUT_OFF:
        return reason
    cut = f"answer cut off ({output.stop_reason})"
    return f"{reason}; {cut}" if reason else cut
