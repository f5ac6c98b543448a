"""What a judge's reply means: a ruling, a reason to ask once more, or a reason there is none."""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.hashing import canonical_json
from pipeline.metrics.code.form import refuses
from pipeline.metrics.judge.parse import UnfitError, fitting
from pipeline.metrics.judge.port import JudgeError, Question
from pipeline.records import Failure, Output

# Kinds of failed calls (pipeline.models.failures.KINDS) as kinds of judge errors; what is missing here is "failed".
_KINDS: Mapping[str, str] = {
    "throttled": "throttled",
    "daily_quota": "throttled",
    "budget": "budget",
    "transient": "transient",
    "truncated_stream": "transient",
    "timeout": "timeout",
    "context_overflow": "context_overflow",
    "guardrail": "guardrail",
    "access": "access",
    "no_credit": "access",
    "model_not_enabled": "access",
    "needs_inference_profile": "access",
    "unknown_model": "access",
}
COUNTS = frozenset({"minItems", "maxItems"})  # the rules of a schema that say how many verdicts there must be
_STOPPED: Mapping[str, tuple[str, str]] = {
    "max_tokens": ("truncated", "the judge's reply was cut off; raise its max_tokens"),
    "length": ("truncated", "the judge's reply was cut off; raise its max_tokens"),
    "model_context_window_exceeded": ("context_overflow", "the question does not fit into the judge's context window"),
    "guardrail_intervened": ("guardrail", "a guardrail blocked the judge's reply"),
    "content_filtered": ("guardrail", "a content filter blocked the judge's reply"),
    "content_filter": ("guardrail", "a content filter blocked the judge's reply"),
    "refusal": ("refusal", "the judge refused to rule"),
}


class UnusableError(Exception):
    """A reply that another try may mend; `said` is what the judge wrote, `message` says why, without it."""

    def __init__(self, kind: str, message: str, said: str) -> None:
        super().__init__(message)
        self.kind, self.message, self.said = kind, message, said


def read(output: Output, question: Question) -> Any:  # noqa: ANN401  a JSON value that fits the question's schema
    """The ruling in a judge's reply. Raises UnusableError or JudgeError."""
    if output.failure is not None:
        raise _of_failure(output.failure)
    if (stopped := _STOPPED.get(output.stop_reason or "")) is not None:
        raise JudgeError(*stopped)
    said = _tool_input(output) or output.text or ""
    try:
        value = fitting(said, question.schema)
    except UnfitError as error:
        if "{" not in said and refuses(said):
            raise JudgeError("refusal", "the judge refused to rule") from error
        raise UnusableError("verdict_mismatch" if error.rule in COUNTS else "bad_json", str(error), said) from error
    if question.mismatch is not None and (problem := question.mismatch(value)) is not None:
        raise UnusableError("verdict_mismatch", problem, said)
    return value


def kind_of_failure(failure: Failure) -> str:
    """The kind of judge error a failed call means, one of pipeline.metrics.judge.port.KINDS."""
    return _KINDS.get(failure.kind, "failed")


def _of_failure(failure: Failure) -> JudgeError | UnusableError:
    if failure.kind == "malformed":
        return UnusableError("bad_json", "the provider could not read what the judge wrote", "")
    return JudgeError(kind_of_failure(failure), failure.message)


def _tool_input(output: Output) -> str | None:
    """What the judge gave the first tool it called, as JSON."""
    return canonical_json(json.loads(output.tool_calls[0])["input"]) if output.tool_calls else None
