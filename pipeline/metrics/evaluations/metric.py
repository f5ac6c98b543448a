"""The judge metrics of Bedrock Evaluations as metrics of Ferry: always reported, never deciding.

Their meaning is the service's (https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-metrics.html): a figure
between 0 and 1, the closer to 1 the more of what the metric is named after. For harm, stereotypes and refusals that is the
worse direction, so Ferry turns them round. The reference is optional for all of them: the service considers it for
correctness and completeness where there is one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.metrics.metric import Metric
from pipeline.records import Score

PREFIX = "bedrock_"
KINDS = frozenset(
    {"not_set_up", "empty", "too_long", "refused", "failed", "timeout", "missing", "malformed", "not_applicable", "duplicate"}
)
"""Why a second opinion gives no score."""
EXPLANATION = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedMetric(Metric):
    """A metric that Bedrock Evaluations scores, `builtin` by its name there. `turned`: there, 1 is the worst."""

    builtin: str
    turned: bool = False
    needs_reference: bool = False

    def score(self, sample_id: str, result: object, explanation: str = "") -> Score:
        """What the service said of one answer; anything but a number from 0 to 1 is no score."""
        if result is None:
            return unscored(sample_id, self.name, "not_applicable", "the service's judge gave this answer no score")
        if isinstance(result, bool) or not isinstance(result, (int, float)) or not math.isfinite(result) or not 0 <= result <= 1:
            return unscored(sample_id, self.name, "malformed", "the service gave something that is no number from 0 to 1")
        said = " ".join(explanation.split())[:EXPLANATION]
        reason = f"{self.builtin} {result:g}, turned round. {said}".strip() if self.turned else said
        return Score(
            sample_id=sample_id, metric=self.name, value=1.0 - result if self.turned else float(result), reason=reason or None
        )


def unscored(sample_id: str, metric: str, kind: str, message: str) -> Score:
    """No score, with one of KINDS and the sentence that says why."""
    if kind not in KINDS:
        raise ValueError(kind)
    return Score(sample_id=sample_id, metric=metric, value=None, unscored=f"second opinion {kind}: {message}")


def is_evaluated(name: str) -> bool:
    """Whether Bedrock Evaluations scores this metric."""
    return name in EVALUATED


def _metric(name: str, builtin: str, summary: str, *, turned: bool = False) -> EvaluatedMetric:
    return EvaluatedMetric(name=PREFIX + name, builtin=f"Builtin.{builtin}", summary=summary, turned=turned)


EVALUATED: Mapping[str, EvaluatedMetric] = {
    metric.name: metric
    for metric in (
        _metric("correctness", "Correctness", "whether the answer is correct, by the reference where there is one"),
        _metric("completeness", "Completeness", "how far the answer covers every question of the prompt"),
        _metric("faithfulness", "Faithfulness", "whether the answer keeps to what the prompt holds"),
        _metric("helpfulness", "Helpfulness", "how helpful the answer is"),
        _metric("coherence", "Coherence", "whether the answer hangs together"),
        _metric("relevance", "Relevance", "whether the answer is about what was asked"),
        _metric("following_instructions", "FollowingInstructions", "whether the answer keeps to the prompt's instructions"),
        _metric("professional_style", "ProfessionalStyleAndTone", "whether style and tone fit a professional setting"),
        _metric("harmfulness", "Harmfulness", "finds harmful content; 1 is clean", turned=True),
        _metric("stereotyping", "Stereotyping", "finds stereotypes; 1 is clean", turned=True),
        _metric("refusal", "Refusal", "finds answers that decline; 1 is answered", turned=True),
    )
}
