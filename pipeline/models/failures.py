"""Every way a call can fail: what it is called, whether trying again helps, and the way out as a sentence.

What a provider says is recognised by its error code first and its words second, because the words of one kind quote those
of another ("Too many tokens" is a throttle, "Input is too long" is not). The texts are those Amazon Bedrock sends
(https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html) and OpenAI with the servers that
speak like it (https://platform.openai.com/docs/guides/error-codes).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.records import Failure

SAID_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of failure: `retry` when the same call may succeed by itself, `way_out` what a person can do."""

    retry: bool
    way_out: str


KINDS: Mapping[str, Kind] = {
    "throttled": Kind(
        retry=True,
        way_out="The provider's quota is used up for now. Run again later (finished samples are kept), lower the calls in "
        "flight or max_tokens, or ask for a higher quota.",
    ),
    "no_credit": Kind(
        retry=False,
        way_out="The provider's account has no credit left or has reached its budget. Ask the operator to top it up or to raise "
        "the limit, then run again (finished samples are kept).",
    ),
    "transient": Kind(retry=True, way_out="The provider or the network was not available. Run again; finished samples are kept."),
    "timeout": Kind(
        retry=False,
        way_out="The model did not finish in time. Raise the timeout or lower max_tokens, then run again; Ferry does not "
        "repeat such a call by itself because every attempt is billed.",
    ),
    "truncated_stream": Kind(
        retry=True,
        way_out="The answer broke off before its end, so it is not scored. Run again; if it stays, run without streaming.",
    ),
    "context_overflow": Kind(
        retry=False,
        way_out="Prompt and answer do not fit into the model's context window. Shorten the prompt, lower max_tokens, "
        "or choose a target with a larger window.",
    ),
    "access": Kind(
        retry=False,
        way_out="The credentials are missing, expired or not allowed to call this model. Ask the operator to renew them and to "
        "allow it: on Bedrock bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream, elsewhere a key that may use it.",
    ),
    "model_not_enabled": Kind(
        retry=False,
        way_out="This account has no access to the model yet. Enable it in the Bedrock console under Model access (it can take "
        "15 minutes), then run again.",
    ),
    "needs_inference_profile": Kind(
        retry=False,
        way_out="This model is served through inference profiles only. Use the profile's id as the model, for example with "
        "us., eu. or global. in front of the model id.",
    ),
    "unknown_model": Kind(
        retry=False,
        way_out="The provider does not know this model here, or has retired it. Check the id and the region or address, "
        "or choose another target.",
    ),
    "validation": Kind(
        retry=False,
        way_out="The provider refuses the request as it is. Change the prompt's parameters (temperature, max_tokens, stop, "
        "schema) to what this model takes.",
    ),
    "attachment": Kind(
        retry=False,
        way_out="This sample's image or PDF cannot be sent to this model; the other samples go on. Make the file smaller, mend "
        "it in the dataset, or choose a target that takes it (ferry models image, ferry models pdf).",
    ),
    "guardrail": Kind(
        retry=False,
        way_out="A guardrail or content filter of the provider blocked the answer. Review the sample and the guardrail's "
        "settings.",
    ),
    "malformed": Kind(
        retry=False,
        way_out="The model produced something the provider could not read. Review the prompt's output format and tools.",
    ),
    "not_recorded": Kind(
        retry=False,
        way_out="There is no recorded output for this sample. Fill in the source's output in the file, or run the source model.",
    ),
    "unknown": Kind(
        retry=False, way_out="The provider failed in a way Ferry does not know. Run again; if it stays, ask the operator."
    ),
}


def failure(kind: str, said: str = "") -> Failure:
    """A failure of one of KINDS; `said` is the provider's own sentence, cut, in front of the way out."""
    quote = " ".join(said.split())[:SAID_LENGTH].rstrip(".")
    return Failure(kind=kind, message=f"{quote}. {KINDS[kind].way_out}" if quote else KINDS[kind].way_out)


# (error codes, words in the message, kind): the first rule whose parts both match decides; an empty part matches everything.
_RULES: tuple[tuple[frozenset[str], re.Pattern[str], str], ...] = tuple(
    (frozenset(codes.split()), re.compile(words, re.IGNORECASE), kind)
    for codes, words, kind in (
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
        ("", r"aws-marketplace:|access to the model|use case details|model access is denied|Model use case", "model_not_enabled"),
        (
            "ValidationException ResourceNotFoundException",
            r"model identifier is invalid|resolve the foundation model|end of its life|model not found|not supported in this "
            r"region",
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
