"""What fits is ranked by what it costs, what does not fit says why, and nothing is guessed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.models.catalog import Catalog, Citation, Constraints, ModelFacts, reasons, shortlist, told
from pipeline.models.catalog.constraints import blended
from tests.pipeline.models.catalog.made import CONSTRAINTS, LISTS, MODELS, model

NOTHING = Constraints(providers=())


def first(facts: ModelFacts, **wanted: object) -> str:
    """The kind of the first reason, or nothing when the model fits."""
    return next((reason.kind for reason in reasons(facts, replace(NOTHING, **wanted))), "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "wanted", "kind"),
    [
        (model("openai:gpt-9"), {"providers": ("bedrock",)}, "another provider"),
        (model(), {"families": ("anthropic",)}, "another family"),
        (model(), {"not_families": ("amazon",)}, "an excluded family"),
        (model(), {"not_families": ("anthropic",)}, ""),
        (model(absent="eu-west-1"), {}, "not offered there"),
        (model(on_demand=False), {}, "only through an inference profile"),
        (model(retires="2026-11-25"), {"today": "2026-11-25"}, "retired"),
        (model(retires="2026-11-26"), {"today": "2026-11-25"}, ""),
        (model(retires="2027-05-01"), {"alive_on": "2027-05-02"}, "retires too soon"),
        (model(retires="2027-05-02"), {"alive_on": "2027-05-02"}, ""),
        (model(), {"where": "us"}, "another region"),
        (model(), {"where": "eu"}, ""),
        (model(), {"where": "eu-central-1"}, ""),
        (model("bedrock:global.amazon.nova-lite-v1:0"), {"where": "eu"}, "another region"),
        (model("bedrock:amazon.nova-lite-v1:0"), {"where": "eu"}, "not known to be there"),
        (model("bedrock:amazon.nova-lite-v1:0", regions=("eu-north-1",)), {"where": "eu"}, ""),
        (model("bedrock:amazon.nova-lite-v1:0", regions=("eu-north-1",)), {"where": "eu-west-1"}, "not known to be there"),
        (model(context=99_999), {"context": 100_000}, "context window too small"),
        (model(context=100_000), {"context": 100_000}, ""),
        (model(), {"context": 1}, "context window unknown"),
        (model(max_output=10), {"max_output": 11}, "longest answer too small"),
        (model(takes={"image": False}), {"needs": ("image",)}, "no image"),
        (model(), {"needs": ("image",)}, "image unknown"),
        (model(takes={"image": True}), {"needs": ("image",)}, ""),
        (model(usd=None), {"usd": 100.0}, "price unknown"),
        (model(usd=None), {}, ""),
        (model(usd=(1.0, 4.0)), {"input_usd": 1.0, "output_usd": 4.0, "usd": 1.75}, ""),
        (model(usd=(1.0, 4.0)), {"usd": 1.74}, "too dear"),
        (model(usd=(1.0, 4.0)), {"output_usd": 3.9}, "too dear"),
        (model(usd=(1.0, 4.0)), {"usd": 1.0, "mix": (1.0, 0.0)}, ""),
    ],
)
def test_the_first_reason_is_the_one_that_counts(facts: ModelFacts, wanted: dict[str, object], kind: str) -> None:
    assert first(facts, **wanted) == kind


@given(LISTS, CONSTRAINTS)
def test_every_model_fits_or_says_why_and_the_cheapest_comes_first(models: list[ModelFacts], wanted: Constraints) -> None:
    found = shortlist(models, wanted)
    named = [ref for each in found.ranked for ref in (each.facts.ref, *each.also)] + [each.ref for each in found.fallen]
    assert sorted(named) == sorted(facts.ref for facts in models)
    assert sum(count for _, count in found.counts) == len(found.fallen)
    assert all(each.reasons for each in found.fallen)
    costs = [each.usd for each in found.ranked]
    known = [usd for usd in costs if usd is not None]
    assert known == sorted(known)
    assert costs[: len(known)] == known
    for each in found.ranked:
        assert list(reasons(each.facts, wanted)) == []


@given(MODELS, CONSTRAINTS)
def test_a_looser_constraint_never_adds_a_reason(facts: ModelFacts, wanted: Constraints) -> None:
    loose = replace(wanted, context=None, needs=(), usd=None)
    assert {r.sentence for r in reasons(facts, loose)} <= {r.sentence for r in reasons(facts, wanted)}


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(0, 10), st.floats(0.1, 10))
def test_the_mix_lies_between_both_prices(low: float, high: float, parts: float, others: float) -> None:
    usd = blended(model(usd=(low, high)).price, (parts, others))
    assert usd is not None
    assert min(low, high) - 1e-9 <= usd <= max(low, high) + 1e-9
    assert blended(None, (parts, others)) is None


def test_a_model_stands_once_by_its_cheapest_reference() -> None:
    same = [
        model(f"bedrock:{place}amazon.nova-lite-v1:0", usd) for place, usd in (("eu.", (2, 2)), ("us.", (1, 1)), ("", (1, 1)))
    ]
    (ranked,) = shortlist(same, NOTHING).ranked
    assert ranked.facts.ref == "bedrock:amazon.nova-lite-v1:0"
    assert ranked.also == ("bedrock:us.amazon.nova-lite-v1:0", "bedrock:eu.amazon.nova-lite-v1:0")
    assert told.cells(ranked)[-1] == "us., eu."


def test_external_figures_stand_beside_and_rank_only_when_asked() -> None:
    cheap, dear = model("bedrock:eu.qwen.big", (1, 1)), model("bedrock:eu.amazon.nova-lite-v1:0", (9, 9))
    cited = [
        Citation(model="amazon.nova-lite-v1:0", name="MMLU", figure=80.5, date="2026-09-01", source="vendor's page"),
        Citation(model="bedrock:us.amazon.nova-lite-v1:0", name="Other", figure=1, date="2026-09-01", source="x"),
    ]
    beside = shortlist([cheap, dear], NOTHING, cited)
    assert [each.facts for each in beside.ranked] == [cheap, dear]
    assert beside.ranked[1].citations == tuple(cited)
    assert f"{dear.ref}: MMLU 80.5 (vendor's page, 2026-09-01)." in told.remarks(beside)
    ranked = shortlist([cheap, dear], NOTHING, cited, "MMLU")
    assert [each.facts for each in ranked.ranked] == [dear, cheap]
    assert "not measured by Ferry" in told.order(ranked)
    with pytest.raises(InputError, match="Cited are: MMLU, Other"):
        shortlist([cheap], NOTHING, cited, "Elo")


def test_a_model_without_a_price_comes_last_not_first() -> None:
    models = [model("bedrock:eu.a.unknown", None), model("bedrock:eu.b.dear", (9, 9)), model("bedrock:eu.c.cheap", (1, 1))]
    assert [each.facts.name for each in shortlist(models, NOTHING).ranked] == ["eu.c.cheap", "eu.b.dear", "eu.a.unknown"]


def test_unknown_is_said_and_not_shown_as_no() -> None:
    (ranked,) = shortlist([model(usd=None)], NOTHING).ranked
    shown = dict(zip(told.HEAD, told.cells(ranked), strict=True))
    assert (shown["USD/M"], shown["in"], shown["context"], shown["end of life"]) == (
        "unknown",
        "unknown",
        "unknown",
        "none known",
    )
    assert shown["has"] == "image?, tools?, json schema?"


def test_the_real_catalogue_gives_a_list_of_models_that_fit() -> None:
    wanted = Constraints(needs=("image",), context=100_000, usd=1.0, where="eu", not_families=("anthropic",), today="2026-11-25")
    found = shortlist(Catalog().all(), wanted)
    assert "bedrock:eu.amazon.nova-lite-v1:0" in {each.facts.ref for each in found.ranked}
    assert len(found.fallen) > 400
    gone = {each.ref: each.reasons[0].sentence for each in found.fallen}
    assert gone["bedrock:eu.anthropic.claude-haiku-4-5-20251001-v1:0"] == "made by anthropic, which is excluded"
    assert gone["bedrock:us.amazon.nova-lite-v1:0"] == "its inference profile answers in us, wanted is eu"
    assert told.fell_out(found).startswith(f"{len(found.fallen)} fell out, by first reason: ")
