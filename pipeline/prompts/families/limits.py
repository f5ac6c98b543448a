"""Which inference parameters a model takes, so that a 400 is predicted instead of paid for. Facts as of November 2026."""

import re
from dataclasses import dataclass, replace

from pipeline.models import family
from pipeline.records import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a model accepts. `reasons`: hidden reasoning counts against `max_tokens`."""

    temperature_max: float = 1.0
    stop_max: int = 2500
    sampling: bool = True
    both_temperature_and_top_p: bool = True
    blank_stop: bool = True
    reasons: bool = False
    source: str = "Amazon Bedrock Converse API reference, inferenceConfig, 2026-11"


# The first pattern found in the model's name decides; the table is ordered from special to general.
_BY_NAME: tuple[tuple[str, str, Limits], ...] = (
    (
        "anthropic",
        r"claude-(?:opus-(?:4-[7-9]|[5-9])|sonnet-[5-9](?!\d)|haiku-(?:5-5|[6-9]))",
        Limits(
            sampling=False,
            blank_stop=False,
            reasons=True,
            source="Anthropic model migration guide, sampling parameters, 2026-10",
        ),
    ),
    (
        "anthropic",
        r"claude-(?:opus|sonnet|haiku)-4",
        Limits(both_temperature_and_top_p=False, blank_stop=False, source="Anthropic Messages API, Claude 4 models, 2026-10"),
    ),
    ("anthropic", r"", Limits(blank_stop=False, source="Anthropic Messages API, stop_sequences, 2026-10")),
    (
        "openai",
        r"(?:^|[/.:])(?:o\d|gpt-(?:[5-9]|oss))",
        Limits(sampling=False, stop_max=0, reasons=True, source="OpenAI reasoning guide, parameters, 2026-10"),
    ),
    ("openai", r"", Limits(temperature_max=2.0, stop_max=4, source="OpenAI Chat Completions reference, 2026-10")),
    ("base", r"", Limits(temperature_max=2.0, source="llama.cpp server documentation, sampling, 2026-11")),
    ("unknown", r"", Limits(temperature_max=2.0, source="unknown model: only what every provider refuses is refused")),
)
REASONING_ROOM = 8192


def limits(ref: str) -> Limits:
    """The limits of the model `ref` names."""
    of_family = family(ref)
    name = ref.partition(":")[2].lower()
    return next((found for kind, pattern, found in _BY_NAME if kind == of_family and re.search(pattern, name)), Limits())


def problem(parameters: Parameters, ref: str) -> str | None:
    """The first thing the model would refuse about `parameters`, as a sentence, or None."""
    return next(iter(problems(parameters, ref)), None)


def problems(parameters: Parameters, ref: str) -> tuple[str, ...]:
    """All that the model would refuse about `parameters`, a sentence each."""
    allowed = limits(ref)
    checks = (
        (parameters.max_tokens < 1, "The longest answer (max_tokens) must be at least 1 token."),
        (_sampling(parameters) and not allowed.sampling, f"{ref} takes neither temperature nor top_p; leave them out."),
        (
            parameters.temperature is not None and not 0 <= parameters.temperature <= allowed.temperature_max,
            f"The temperature {parameters.temperature} is outside 0 to {allowed.temperature_max:g}, which {ref} takes.",
        ),
        (
            parameters.top_p is not None and not 0 < parameters.top_p <= 1,
            f"top_p {parameters.top_p} must be above 0 and at most 1.",
        ),
        (
            parameters.temperature is not None and parameters.top_p is not None and not allowed.both_temperature_and_top_p,
            f"{ref} takes temperature or top_p, not both; leave one out.",
        ),
        (
            len(parameters.stop) > allowed.stop_max,
            f"{len(parameters.stop)} stop sequences are too many: {ref} takes {allowed.stop_max}.",
        ),
        (any(not text for text in parameters.stop), "A stop sequence is empty; remove it."),
        (
            not allowed.blank_stop and any(text and not text.strip() for text in parameters.stop),
            f"{ref} refuses a stop sequence of spaces or line breaks only; remove it.",
        ),
    )
    return tuple(sentence for wrong, sentence in checks if wrong)


def legal(parameters: Parameters, ref: str) -> Parameters:
    """`parameters` with what the model would refuse left out or brought into range; unchanged when all is legal."""
    allowed = limits(ref)
    stop = tuple(text for text in parameters.stop if text and (allowed.blank_stop or text.strip()))[: allowed.stop_max]
    temperature, top_p = (parameters.temperature, parameters.top_p) if allowed.sampling else (None, None)
    if temperature is not None:
        temperature = min(max(temperature, 0.0), allowed.temperature_max)
        top_p = top_p if allowed.both_temperature_and_top_p else None
    if top_p is not None and not 0 < top_p <= 1:
        top_p = None
    return replace(parameters, stop=stop, temperature=temperature, top_p=top_p, max_tokens=max(1, parameters.max_tokens))


def _sampling(parameters: Parameters) -> bool:
    return parameters.temperature is not None or parameters.top_p is not None
