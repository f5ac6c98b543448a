"""Plain words become constraints; what nobody understands is given back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.catalog import Constraints, understood
from pipeline.models.catalog.words import read_mix


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", {}),
        ("context 100k", {"context": 100_000}),
        ("at least 1M context", {"context": 1_000_000}),
        ("a context window of at least 128,000 tokens", {"context": 128_000}),
        ("200k tokens of context", {"context": 200_000}),
        ("output 8k", {"max_output": 8_000}),
        ("under 1 USD", {"usd": 1.0}),
        ("below $0.50 per million tokens", {"usd": 0.5}),
        ("input under 1 USD, output under 5", {"input_usd": 1.0, "output_usd": 5.0}),
        ("under 2 usd per million input", {"input_usd": 2.0}),
        ("image and PDF", {"needs": ("image", "pdf")}),
        ("with vision, tool use and structured output", {"needs": ("json schema", "image", "tools")}),
        ("eu", {"where": "eu"}),
        ("in Europe", {"where": "eu"}),
        ("region ap-southeast-2", {"where": "ap-southeast-2"}),
        ("us-gov-west-1", {"where": "us-gov-west-1"}),
        ("us-gov", {"where": "us-gov"}),
        ("not anthropic", {"not_families": ("anthropic",)}),
        ("not claude, no llama", {"not_families": ("anthropic", "meta")}),
        ("amazon or nova models", {"families": ("amazon",)}),
        ("hosted by anybody", {"providers": ()}),
        ("hosted by openai", {"providers": ("openai",)}),
        ("not retiring before 2027-06-01", {"alive_on": "2027-06-01"}),
        ("private, no data retention", {"needs": ("no retention",)}),
        ("latency under 2 s", {"latency_s": 2.0}),
        ("answers within 3 seconds and ttft under 500 ms", {"latency_s": 3.0, "ttft_s": 0.5}),
        ("mix 10:1", {"mix": (10.0, 1.0)}),
        (
            "context 100k, under 1 USD, image, eu, not anthropic",
            {"context": 100_000, "usd": 1.0, "needs": ("image",), "where": "eu", "not_families": ("anthropic",)},
        ),
    ],
)
def test_words_are_understood(text: str, wanted: dict[str, object]) -> None:
    found = understood(text)
    assert found.constraints == Constraints(**wanted)  # type: ignore[arg-type]
    assert found.left == ()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("fast models", ("fast",)),
        ("no tools", ("no", "tools")),
        ("not in eu", ("not", "eu")),
        ("until 2027-02-31", ("until", "2027-02-31")),
        ("up to 5", ("up", "to", "5")),
        ("imagery", ("imagery",)),
        (f"context {'9' * 400}", ("context", "9" * 400)),
        (f"under {'9' * 400} usd", ("under", "9" * 400, "usd")),
    ],
)
def test_what_is_not_understood_is_given_back_and_constrains_nothing(text: str, left: tuple[str, ...]) -> None:
    assert (understood(text).constraints, understood(text).left) == (Constraints(), left)


PIECES = ["9" * 400, "context", "100k", "under", "1", "USD", "image", "eu", "not", "anthropic", ",", ":", "$", "mix", "<", "9:0"]


@given(st.text(max_size=80) | st.lists(st.sampled_from(PIECES)).map(" ".join))
def test_any_text_gives_constraints_and_leaves_only_its_own_words(text: str) -> None:
    found = understood(text)
    plain = " ".join(text.lower().split())
    assert all(piece in plain for piece in found.left)
    assert sum(found.constraints.mix) > 0


@pytest.mark.parametrize("text", ["", "3", "0:0", "-1:2", "nan:1", "1:2:3", "inf:1"])
def test_a_mix_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  whoever reads a mix makes the sentence
        read_mix(text)
