"""A second opinion on a list price: genai-prices, whose data comes with the package. It never prices a call; it is shown beside.

https://github.com/pydantic/genai-prices (MIT). It knows no batch, flex or priority prices of Bedrock, and counts a plain Bedrock
id as the price of one region where the snapshot has the global one, so that differences of a tenth are common there.
"""

from pipeline.models.prices.price import Price
from pipeline.models.prices.snapshot import Entry, catalogued

DIFFERENCE = 0.01
"""Prices of two sources that differ by more than this share are shown side by side."""

THOUSANDS = 1_000  # tokens asked about: few, because long prompts cost more a token with some models
_NAMES = {"bedrock": "aws", "openai": "openai", "anthropic": "anthropic", "mistral": "mistral", "google": "google"}


def second_opinion(price: Price) -> tuple[str, ...]:
    """Where the second source says another list price than `price`, for input and for output; nothing where it knows none.

    Only prices of the snapshot are held against it: what an operator agreed on is no list price.
    """
    entry = catalogued(price.model) if price.charged else None
    if entry is None or entry.source != price.source:
        return ()
    found = _asked(entry)
    return differences((entry.input, entry.output), f"{entry.source}, {entry.date}", found, _told()) if found else ()


def differences(ours: tuple[float, float], our_source: str, theirs: tuple[float, float], their_source: str) -> tuple[str, ...]:
    """A sentence for each side, input and output in USD per million tokens, on which two sources differ by over DIFFERENCE."""
    return tuple(
        f"{side}: {mine:g} USD per million tokens ({our_source}) and {other:g} ({their_source}) differ by "
        f"{share(mine, other):.0%}"
        for side, mine, other in zip(("input", "output"), ours, theirs, strict=True)
        if share(mine, other) > DIFFERENCE
    )


def share(mine: float, other: float) -> float:
    """By which share of `other` the two differ."""
    return abs(mine - other) / max(abs(other), 1e-12)


def _asked(entry: Entry) -> tuple[float, float] | None:
    """USD per million tokens of input and of output, on demand."""
    from genai_prices import Usage, calc_price

    provider = _NAMES.get(entry.provider)
    if provider is None:
        return None
    sides = (Usage(input_tokens=THOUSANDS), Usage(output_tokens=THOUSANDS))
    try:
        told = [calc_price(side, entry.model, provider_id=provider).total_price for side in sides]
    except LookupError:  # it does not know the model
        return None
    each = 1_000_000 / THOUSANDS
    return float(told[0]) * each, float(told[1]) * each


def _told() -> str:
    from importlib.metadata import version

    return f"genai-prices {version('genai-prices')}"
