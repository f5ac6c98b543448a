"""Can this account call this model, here and now? One call with the shortest answer there is.

CountTokens would be free but proves neither the right to invoke a model nor that the account has access to it, and few models
have it; so one Converse call with an answer of one token is made (16 where a model refuses so few). It costs about ten tokens.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.models.registry import open_model
from pipeline.models.settings import ModelSettings
from pipeline.records import Failure, Output, Parameters, Request, Turn

SHORTEST, SHORT = 1, 16
CAN = {"guardrail", "malformed"}  # the model was called, and did not say what was asked
UNSURE = {"throttled", "transient", "timeout", "truncated_stream", "unknown"}


class Answer(StrEnum):
    """`unsure` when the provider said nothing about the right to call: try again later."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """The answer for a model, its sentence with the way out, and the failure's kind if there was one."""

    ref: str
    answer: Answer
    sentence: str
    kind: str = ""


async def preflight(ref: str, settings: ModelSettings) -> Preflight:
    """Calls the model once, twice if it refuses an answer of one token. Raises InputError for a reference that names none."""
    model = open_model(ref, settings=replace(settings, attempts=1, stream=False, in_flight=1))
    try:
        output = await model.answer(_request(SHORTEST))
        if output.failure and output.failure.kind == "validation":
            output = await model.answer(_request(SHORT))
    finally:
        await model.close()
    return _read(ref, output, settings.region or "the region of your AWS settings")


def _request(max_tokens: int) -> Request:
    parameters = Parameters(max_tokens=max_tokens, temperature=None)
    return Request(sample_id="preflight", system="", turns=(Turn(role="user", text="Hi"),), parameters=parameters)


def _read(ref: str, output: Output, region: str) -> Preflight:
    where = f" in {region}" if ref.partition(":")[0].strip().lower() == "bedrock" else ""
    if output.failure is None or output.failure.kind in CAN:
        return Preflight(ref=ref, answer=Answer.YES, sentence=f"{ref} can be called{where}.")
    return _failed(ref, output.failure, where)


def _failed(ref: str, failure: Failure, where: str) -> Preflight:
    unsure = failure.kind in UNSURE
    told = f"Whether {ref} can be called{where} is not sure" if unsure else f"{ref} cannot be called{where}"
    answer = Answer.UNSURE if unsure else Answer.NO
    return Preflight(ref=ref, answer=answer, sentence=f"{told} ({failure.kind}): {failure.message}", kind=failure.kind)
