"""What makes a Bedrock target faster besides shorter answers, and what that costs: facts with source and date, no guessed price.

Ferry sets none of these: they are settings of the application that calls the model, and of the account.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.models.prices import Price
from pipeline.records import Output, Usage

UNKNOWN_PRICE = "price unknown"
READ = "2026-11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One way to lower latency. `usd_per_1000` is what 1,000 calls like those measured would cost with it, None where unknown."""

    name: str
    sentence: str
    usd_per_1000: float | None
    source: str
    date: str = READ


@dataclass(frozen=True, slots=True)
class _Optimized:
    """Models with latency-optimised inference and the regions of their inference profiles."""

    pattern: str
    regions: str
    limit: str = ""


_OPTIMIZED = (
    _Optimized(r"amazon\.nova-pro-v1", "us-east-1, us-east-2"),
    _Optimized(r"anthropic\.claude-3-5-haiku", "us-east-2, us-west-2"),
    _Optimized(r"meta\.llama3-1-405b", "us-east-2", " Requests above 11,000 tokens fall back to standard."),
    _Optimized(r"meta\.llama3-1-70b", "us-east-2, us-west-2"),
)
_OPTIMIZED_SOURCE = "Amazon Bedrock user guide, latency-optimized-inference (preview)"
_TIERS_SOURCE = "Amazon Bedrock user guide, service-tiers-inference"
_PROVISIONED_SOURCE = "Amazon Bedrock user guide, prov-throughput and prov-thru-purchase"


def latency_advice(ref: str, outputs: Sequence[Output], price: Price | None = None) -> tuple[Advice, ...]:
    """For the target `ref`, from its answers on dev and its price; empty for other providers, of which nothing is known here."""
    provider, _, name = ref.partition(":")
    return tuple(_advice(name.lower(), _usage(outputs), price)) if provider == "bedrock" else ()


def _advice(name: str, usage: Usage | None, price: Price | None) -> Iterator[Advice]:
    yield from (_optimized(found) for found in _OPTIMIZED if re.search(found.pattern, name))
    yield _priority(usage, price)
    yield _provisioned(usage, price)


def _optimized(found: _Optimized) -> Advice:
    told = (
        f'Latency-optimised inference: send performanceConfig {{"latency": "optimized"}}, in {found.regions}. Above quota a '
        f"call is served and charged as standard; the answer says which.{found.limit} {UNKNOWN_PRICE.capitalize()}: see the "
        "pricing page of Amazon Bedrock."
    )
    return Advice(name="latency-optimised inference", sentence=told, usd_per_1000=None, source=_OPTIMIZED_SOURCE)


def _priority(usage: Usage | None, price: Price | None) -> Advice:
    """Priced where the list has the tier's prices and the answers carry tokens."""
    told = (
        'Priority tier: send serviceTier {"type": "priority"}; calls go before standard ones, at a premium, without commitment. '
    )
    if price is None or price.priority_input is None or price.priority_output is None:
        told += f"{UNKNOWN_PRICE.capitalize()}; whether this model has the tier stands in the guide."
        return Advice(name="priority tier", sentence=told, usd_per_1000=None, source=_TIERS_SOURCE)
    listed = f"It costs ${price.priority_input:g} / ${price.priority_output:g} per million tokens, standard ${price.input:g} / "
    listed += f"${price.output:g} ({price.source}, {price.date})."
    usd = round(1000 * price.of(usage, "priority"), 4) if usage else None
    return Advice(name="priority tier", sentence=told + listed, usd_per_1000=usd, source=_TIERS_SOURCE)


def _provisioned(usage: Usage | None, price: Price | None) -> Advice:
    """An hour's price is asked of AWS; from how many calls it pays can be said once it is known."""
    told = (
        "Provisioned throughput: model units bought by the hour, without commitment or for one or six months, for the models the "
        f"guide lists. {UNKNOWN_PRICE.capitalize()}: ask your AWS account manager."
    )
    if usage is not None and price is not None and price.charged and price.of(usage) > 0:
        calls = 1 / price.of(usage)
        told += f" For each dollar an hour of its price, {calls:,.0f} calls an hour on demand cost the same."
    return Advice(name="provisioned throughput", sentence=told, usd_per_1000=None, source=_PROVISIONED_SOURCE)


def _usage(outputs: Sequence[Output]) -> Usage | None:
    """The mean tokens of an answer; None unless one carries them."""
    counted = [output.usage for output in outputs if output.text is not None and output.usage is not None]
    if not counted:
        return None
    return Usage(
        input_tokens=round(sum(u.input_tokens for u in counted) / len(counted)),
        output_tokens=round(sum(u.output_tokens for u in counted) / len(counted)),
    )
