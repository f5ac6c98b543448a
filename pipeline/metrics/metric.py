"""What a metric is, and the rules all of them share: failures, missing references, empty and cut-off answers."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.records import Output, Sample, Score, Spent

ZERO_TO_ONE = "[0, 1]"
NO_REFERENCE = "no reference"
NO_CONTEXTS = "no contexts"
NO_SOURCE = "the source gave no answer to compare with"
EMPTY = "empty answer"
TOOL_CALL = "asked for a tool instead of answering, and this metric reads texts"
CUT_OFF = frozenset({"max_tokens", "length", "model_context_window_exceeded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A non-failed output beside its sample, as a metric sees it; `source_text` is what the source answered, where it matters."""

    sample: Sample
    text: str
    stop_reason: str | None = None
    tool_calls: tuple[str, ...] = ()
    source_text: str | None = None

    @property
    def reference(self) -> str:
        return self.sample.reference or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a metric makes of one answer; `reason` says why it is not the full score, `parts` what `value` was made from."""

    value: float
    reason: str | None = None
    parts: tuple[float, ...] | None = None


def yes_no(passed: bool, reason: str) -> Measure:
    """1 without a word, or 0 with the reason."""
    return Measure(value=1.0) if passed else Measure(value=0.0, reason=reason)


def usable(_reference: str) -> str | None:
    """Every reference will do."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What a plan and a comparison must know of a scoring function. Higher is better, always.

    `unusable` says why a reference cannot serve this metric, or None. `needs_source` ones say how an answer stands to the
    source's, 0.5 for as good. Samples a metric `excludes` are outside it for every model alike, so they never count as missing.
    `reads_calls` ones look at the tools an answer calls.
    """

    name: str
    summary: str
    needs_reference: bool = True
    needs_contexts: bool = False
    needs_source: bool = False
    binary: bool = False
    scale: str = ZERO_TO_ONE
    reads_calls: bool = False
    unusable: Callable[[str], str | None] = usable

    def excludes(self, sample: Sample) -> str | None:
        """Why this sample is outside the metric whatever a model answers, or None."""
        if self.needs_contexts and not sample.contexts:
            return NO_CONTEXTS
        if not self.needs_reference:
            return None
        if not (sample.reference or "").strip():
            return NO_REFERENCE
        return self.unusable(sample.reference or "")

    def unscorable(self, sample: Sample, output: Output) -> str | None:
        """Why this output gets no score before anybody looks at its text, or None."""
        return _no_answer(output, reads_calls=self.reads_calls) or self.excludes(sample)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMetric(Metric):
    """A metric that code computes. `measure` sees answers that exist and are not empty (unless `needs_content` is False)."""

    measure: Callable[[Answer], Measure]
    needs_content: bool = True

    def score(self, sample: Sample, output: Output) -> Score:
        """A value or the reason there is none: never both, never NaN."""
        if problem := self.unscorable(sample, output):
            return Score(sample_id=sample.id, metric=self.name, value=None, unscored=problem)
        found = self._measured(
            Answer(sample=sample, text=output.text or "", stop_reason=output.stop_reason, tool_calls=output.tool_calls)
        )
        return as_score(self, output, found)

    def _measured(self, answer: Answer) -> Measure:
        if self.needs_content and not answer.text.strip():
            return Measure(value=0.0, reason=EMPTY)
        return self.measure(answer)


def as_score(metric: Metric, output: Output, found: Measure, spent: Spent | None = None) -> Score:
    """What was measured as a score; what is no finite number is unscored, and a cut-off answer says so."""
    if not math.isfinite(found.value):
        no_number = "the metric gave no finite number"
        return Score(sample_id=output.sample_id, metric=metric.name, value=None, unscored=no_number, spent=spent)
    reason = _with_cut(found.reason, output)
    return Score(
        sample_id=output.sample_id, metric=metric.name, value=float(found.value), reason=reason, spent=spent, parts=found.parts
    )


def _no_answer(output: Output, *, reads_calls: bool) -> str | None:
    if output.failure is not None:
        return f"call failed ({output.failure.kind}): {output.failure.message}"
    if output.text is None:
        return "the run stored no answer"
    return TOOL_CALL if output.tool_calls and not reads_calls and not output.text.strip() else None


def _with_cut(reason: str | None, output: Output) -> str | None:
    if output.stop_reason not in CUT_OFF:
        return reason
    cut = f"answer cut off ({output.stop_reason})"
    return f"{reason}; {cut}" if reason else cut
