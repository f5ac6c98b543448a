"""Model facts for tests of the catalogue."""

from typing import Any

from hypothesis import strategies as st

from pipeline.models.catalog import Constraints, ModelFacts
from pipeline.models.catalog.names import maker, split
from pipeline.models.catalog.snapshot import LETTERS
from pipeline.models.prices import Price


def model(
    ref: str = "bedrock:eu.amazon.nova-lite-v1:0", usd: tuple[float, float] | None = (1.0, 4.0), **changes: Any
) -> ModelFacts:
    """A model whose price is `usd` for input and output."""
    provider, name = split(ref)
    price = Price(ref=ref, model=name, input=usd[0], output=usd[1], source="a list", date="2026-11-01") if usd else None
    return ModelFacts(ref=ref, provider=provider, name=name, family=maker(provider, name), price=price, **changes)


REFS = tuple(
    f"{provider}:{place}{name}"
    for provider, place in (("bedrock", ""), ("bedrock", "eu."), ("bedrock", "us."), ("bedrock", "global."), ("openai", ""))
    for name in ("amazon.nova-lite-v1:0", "anthropic.claude-x", "qwen.big", "gpt-9")
)
FEATURES = st.dictionaries(st.sampled_from(sorted(LETTERS)), st.booleans())
TOKENS = st.none() | st.integers(1, 2_000_000)
USD = st.none() | st.floats(0, 100, allow_nan=False)
DATES = st.none() | st.dates().map(lambda day: day.isoformat())
REGIONS = st.lists(st.sampled_from(["eu-central-1", "us-east-1", "ap-northeast-1"]), max_size=2).map(tuple)
MODELS = st.builds(
    model, st.sampled_from(REFS), st.none() | st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)), context=TOKENS,
    max_output=TOKENS, takes=FEATURES, retires=DATES, regions=REGIONS,
)  # fmt: skip
LISTS = st.lists(MODELS, max_size=12, unique_by=lambda facts: facts.ref)
CONSTRAINTS = st.builds(
    Constraints, needs=st.lists(st.sampled_from(sorted(LETTERS)), max_size=2, unique=True).map(tuple), context=TOKENS,
    max_output=TOKENS, input_usd=USD, output_usd=USD, usd=USD,
    where=st.sampled_from([None, "eu", "us", "global", "eu-central-1", "ap-northeast-1"]),
    providers=st.sampled_from([(), ("bedrock",)]), families=st.sampled_from([(), ("amazon",)]),
    not_families=st.sampled_from([(), ("anthropic",)]), alive_on=DATES, today=DATES,
    mix=st.sampled_from([(3.0, 1.0), (1.0, 0.0), (0.0, 1.0)]),
)  # fmt: skip
