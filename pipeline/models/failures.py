"""Every way a call can fail: what it is called, whether trying again helps, and the way out as a sentence.

What a provider says is recognised by its error code first and its words second, because the words of one kind quote those
of another ("Too many tokens" is a throttle, "Input is too long" is not). The texts are those Amazon Bedrock sends
(https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html) and OpenAI with the servers that
speak like it (https://platform.openai.com/docs/guides/error-codes).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipeline.records import Failure, Output, Retry

SAID_LENGTH = 300


class Policy(StrEnum):
    """What Ferry does about a failure.

    RETRY: the same call again, after a pause; STOP: no further call of the run, because each would meet it; SAMPLE: this sample
    alone fails; REST: the call was not made, and is made once a person lets it.
    """

    RETRY = "retry"
    STOP = "stop"
    SAMPLE = "sample"
    REST = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of failure: `policy` is what Ferry does about it, `way_out` what a person can do."""

    policy: Policy
    way_out: str

    @property
    def retry(self) -> bool:
        """Whether the same call may succeed by itself."""
        return self.policy is Policy.RETRY


KINDS: Mapping[str, Kind] = {
    "throttled": Kind(
        policy=Policy.RETRY,
        way_out="The provider's quota is used up for now. Run again later (finished samples are kept), lower the calls in "
        "flight or max_tokens, or ask for a higher quota.",
    ),
    "daily_quota": Kind(
        policy=Policy.STOP,
        way_out="The account's quota of tokens a day is used up, and waiting a minute does not help. Run again tomorrow "
        "(finished samples are kept), or ask AWS for a higher quota.",
    ),
    "no_credit": Kind(
        policy=Policy.STOP,
        way_out="The provider's account has no credit left or has reached its budget. Ask the operator to top it up or to raise "
        "the limit, then run again (finished samples are kept).",
    ),
    "transient": Kind(
        policy=Policy.RETRY, way_out="The provider or the network was not available. Run again; finished samples are kept."
    ),
    "timeout": Kind(
        policy=Policy.SAMPLE,
        way_out="The model did not finish in time. Raise the timeout or lower max_tokens, then run again; Ferry does not "
        "repeat such a call by itself because every attempt is billed.",
    ),
    "truncated_stream": Kind(
        policy=Policy.RETRY,
        way_out="The answer broke off before its end, so it is not scored. Run again; if it stays, run without streaming.",
    ),
    "context_overflow": Kind(
        policy=Policy.SAMPLE,
        way_out="Prompt and answer do not fit into the model's context window. Shorten the prompt, lower max_tokens, "
        "or choose a target with a larger window.",
    ),
    "access": Kind(
        policy=Policy.STOP,
        way_out="The credentials are missing, expired or not allowed to call this model. Ask the operator to renew them and to "
        "allow it: on Bedrock bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream, elsewhere a key that may use it.",
    ),
    "model_not_enabled": Kind(
        policy=Policy.STOP,
        way_out="This account has no access to the model yet. Enable it in the Bedrock console under Model access (it can take "
        "15 minutes), then run again.",
    ),
    "needs_inference_profile": Kind(
        policy=Policy.STOP,
        way_out="This model is served through inference profiles only. Use the profile's id as the model, for example with "
        "us., eu. or global. in front of the model id. Ferry does not choose one by itself: where texts go and what they cost "
        "differ from profile to profile.",
    ),
    "unknown_model": Kind(
        policy=Policy.STOP,
        way_out="The provider does not know this model here, or has retired it. Check the id and the region or address, "
        "or choose another target.",
    ),
    "validation": Kind(
        policy=Policy.STOP,
        way_out="The provider refuses the request as it is. Change the prompt's parameters (temperature, max_tokens, stop, "
        "schema) to what this model takes.",
    ),
    "attachment": Kind(
        policy=Policy.SAMPLE,
        way_out="This sample's image or PDF cannot be sent to this model; the other samples go on. Make the file smaller, mend "
        "it in the dataset, or choose a target that takes it (ferry models image, ferry models pdf).",
    ),
    "guardrail": Kind(
        policy=Policy.SAMPLE,
        way_out="A guardrail or content filter of the provider blocked the answer. Review the sample and the guardrail's "
        "settings.",
    ),
    "malformed": Kind(
        policy=Policy.SAMPLE,
        way_out="The model produced something the provider could not read. Review the prompt's output format and tools.",
    ),
    "not_recorded": Kind(
        policy=Policy.SAMPLE,
        way_out="There is no recorded output for this sample. Fill in the source's output in the file, or run the source model.",
    ),
    "budget": Kind(
        policy=Policy.REST,
        way_out="Raise the budget, or take it away, and go on: nothing that was paid for is paid for again.",
    ),
    "unknown": Kind(
        policy=Policy.SAMPLE,
        way_out="The provider failed in a way Ferry does not know. Run again; if it stays, ask the operator.",
    ),
}


STOPPERS = frozenset(name for name, kind in KINDS.items() if kind.policy in {Policy.STOP, Policy.REST})
"""Kinds of failure that every further call of the run would meet as well: somebody has to change something first."""

FIXED = "fixed"
"""The kind of an attempt after which Ferry left out a parameter that the model does not take, and asked again."""


def failure(kind: str, said: str = "", code: str = "") -> Failure:
    """A failure of one of KINDS; `said` is the provider's own sentence, cut, in front of the way out, `code` as in Failure."""
    quote = " ".join(said.split())[:SAID_LENGTH].rstrip(".")
    message = f"{quote}. {KINDS[kind].way_out}" if quote else KINDS[kind].way_out
    return Failure(kind=kind, message=message, code=code)


def as_retry(output: Output, *, fixed: str = "") -> Retry:
    """A call that is made again, as the output that counts remembers it; `fixed` is the parameter that is left out next."""
    problem = output.failure
    kind, code = (FIXED, fixed) if fixed else (problem.kind, problem.code) if problem else ("unknown", "")
    return Retry(kind=kind, code=code, seconds=output.latency_s, usage=output.usage)


def counted(names: Mapping[str, int]) -> str:
    """Counts by kind in a few words, the most frequent first: `12 throttled, 3 transient`."""
    return ", ".join(f"{count:,} {name}" for name, count in sorted(names.items(), key=lambda each: (-each[1], each[0])))


# (error codes, words in the message, kind): the first rule whose parts both match decides; an empty part matches everything.
_RULES: tuple[tuple[frozenset[str], re.Pattern[str], str], ...] = tuple(
    (frozenset(codes.split()), re.compile(words, re.IGNORECASE), kind)
    for codes, words, kind in (
        ("ThrottlingException", r"tokens per day", "daily_quota"),
        ("ThrottlingException TooManyRequestsException ServiceQuotaExceededException LimitExceededException", "", "throttled"),
        (
            "ModelNotReadyException InternalServerException ServiceUnavailableException InternalServerError InternalError",
            "",
            "transient",
        ),
        ("ModelTimeoutException RequestTimeout RequestTimeoutException", "", "timeout"),
        ("ModelStreamErrorException", "", "truncated_stream"),
        ("", r"on-demand throughput", "needs_inference_profile"),
        ("insufficient_quota billing_hard_limit_reached billing_not_active", "", "no_credit"),
        ("rate_limit_exceeded rate_limit_error tokens requests", "", "throttled"),
        ("server_error overloaded_error service_unavailable", "", "transient"),
        ("content_filter content_policy_violation", "", "guardrail"),
        ("context_length_exceeded string_above_max_length", "", "context_overflow"),
        (
            "ValidationException ModelErrorException exceed_context_size_error invalid_request_error BadRequestError",
            r"(input|prompt) is too long|maximum context length|context (limit|window|size|length)|too many input tokens"
            r"|max_?tokens.{0,40}exceed.{0,40}context|exceeds the available context",
            "context_overflow",
        ),
        ("", r"INVALID_PAYMENT_INSTRUMENT|payment instrument", "no_credit"),
        ("ValidationException", r"^operation not allowed", "access"),
        ("", r"aws-marketplace:|access to the model|use case details|model access is denied|Model use case", "model_not_enabled"),
        (
            "ValidationException ResourceNotFoundException",
            r"model identifier is invalid|resolve the foundation model|end of its life|model not found|not supported in this "
            r"region|marked by provider as Legacy",
            "unknown_model",
        ),
        ("ResourceNotFoundException model_not_found DeploymentNotFound", "", "unknown_model"),
        (
            "AccessDeniedException AccessDenied UnrecognizedClientException ExpiredTokenException ExpiredToken "
            "InvalidSignatureException IncompleteSignature MissingAuthenticationTokenException InvalidClientTokenId "
            "NotAuthorized OptInRequired invalid_api_key authentication_error permission_error",
            "",
            "access",
        ),
        (
            "ValidationException ParamValidationError SerializationException invalid_request_error BadRequestError",
            "",
            "validation",
        ),
    )
)


def kind_of(code: str, said: str, status: int | None = None) -> str:
    """The kind for an error `code` (as the API names it; streams write its first letter small), its words and HTTP status."""
    name = code[:1].upper() + code[1:] if code.endswith("Exception") else code
    for codes, words, kind in _RULES:
        if (not codes or name in codes) and words.search(said):
            return kind
    return _kind_of_status(status)


def _kind_of_status(status: int | None) -> str:
    if status is None:
        return "unknown"
    if status >= 500:
        return "transient"
    return {400: "validation", 401: "access", 403: "access", 404: "unknown_model", 408: "timeout", 429: "throttled"}.get(
        status, "unknown"
    )
