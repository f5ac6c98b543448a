"""What can be said of an answer's form without judging its content: how long it is, and whether it answers at all."""

import re

from pipeline.metrics.code.overlap import tokens
from pipeline.metrics.metric import Answer, CodeMetric, Measure, yes_no

OPENING = 240  # characters; a refusal says so at the start, an answer may quote one later
BLOCKED = frozenset({"refusal", "content_filter", "content_filtered", "guardrail_intervened", "safety"})
UNABLE = r"(?:cannot|can't|can\s+not|won't|will\s+not|must\s+decline|decline|unable|not\s+able|not\s+comfortable|not\s+going)"
SERVE = r"(?:help|assist|answer|provide|comply|do\s+(?:that|this|so)|fulfil|discuss|respond|share|give|generate|create|complete)"
REFUSAL = re.compile(
    rf"""\b(?:
        (?:i|we)(?:\s+am|'m|\s+are|'re|\s+have\s+to)?\s+{UNABLE}\s+(?:be\s+able\s+to\s+|to\s+)?{SERVE}
      | as\s+an?\s+(?:ai|artificial\s+intelligence|(?:large\s+)?language\s+model)\b[^.]{{0,80}}\b{UNABLE}
      | i(?:'m|\s+am)\s+(?:very\s+|really\s+)?sorry,?\s+but\s+(?:i|we)\s+(?:cannot|can't)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def refuses(text: str) -> bool:
    """Whether `text` opens with an English refusal. A rule of phrases: it misses refusals that are worded otherwise."""
    opening = text.strip()[:OPENING].replace("’", "'")
    return REFUSAL.search(opening) is not None


def length_ratio(answer: str, reference: str) -> float:
    """Tokens of the shorter text over those of the longer one: 1 = equally long, 0.5 = half or twice as long."""
    lengths = len(tokens(answer)), len(tokens(reference))
    return 1.0 if max(lengths) == 0 else min(lengths) / max(lengths)


def _length_ratio(answer: Answer) -> Measure:
    given, wanted = len(tokens(answer.text)), len(tokens(answer.reference))
    return Measure(value=length_ratio(answer.text, answer.reference), reason=f"{given} words, the reference has {wanted}")


def _refusal(answer: Answer) -> Measure:
    if answer.stop_reason in BLOCKED:
        return Measure(value=0.0, reason=f"stopped by the provider ({answer.stop_reason})")
    return yes_no(not refuses(answer.text), "opens with a refusal")


LENGTH_RATIO_METRIC = CodeMetric(
    name="length_ratio",
    summary="how close the answer's length is to the reference's: 1 = equal, 0.5 = half or double",
    measure=_length_ratio,
)
REFUSAL_METRIC = CodeMetric(
    name="refusal",
    summary="1 when the model answered, 0 when it refused, was stopped by a filter or said nothing (found by rule, English)",
    measure=_refusal,
    needs_reference=False,
    binary=True,
)
