"""The operator comes before AWS, AWS before the snapshot; values say where they come from, and prices that differ are shown."""

import json
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.models.catalog import Catalog, Told
from pipeline.models.catalog.live import Live, LiveModel
from pipeline.models.catalog.names import around, base, geography, maker, split
from pipeline.models.catalog.snapshot import SNAPSHOT, Listed, snapshot
from pipeline.models.prices import Prices, catalogued, read_facts, read_overrides
from pipeline.models.prices.snapshot import SNAPSHOT as PRICES

NOVA = "bedrock:eu.amazon.nova-lite-v1:0"
LISTED = Told(source="LiteLLM 1.106.2", date="2026-11-25")


def written(folder: Path, **refs: object) -> Catalog:
    path = folder / "own.json"
    path.write_text(json.dumps(refs))
    return Catalog(facts=read_facts(path), prices=Prices(overrides=read_overrides(path)))


def test_the_snapshot_says_what_a_model_takes_and_where_that_comes_from() -> None:
    found = Catalog().of("bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0")
    assert found
    assert (found.context, found.max_output, found.family, found.retires) == (200_000, 64_000, "anthropic", None)
    assert found.takes == dict.fromkeys(("image", "pdf", "tools", "json schema", "caching", "reasoning", "no retention"), True)
    assert "audio" not in found.takes
    assert found.told["context"] == found.told["takes image"] == LISTED
    assert {"eu", "us", "global"} <= set(found.profiles)
    assert found.price
    assert found.price.input == 1.1


@pytest.mark.parametrize(
    ("ref", "context"),
    [
        ("bedrock:arn:aws:bedrock:eu-west-1:1:inference-profile/eu.amazon.nova-lite-v1:0", 300_000),
        ("bedrock:EU.Amazon.nova-lite-v1:0", 300_000),
        ("recorded:gpt-4o", 128_000),
        ("openai:gpt-4o", 128_000),
    ],
)
def test_a_reference_finds_its_model(ref: str, context: int) -> None:
    found = Catalog().of(ref)
    assert found
    assert found.context == context


@pytest.mark.parametrize(
    "ref", ["bedrock:gpt-4o", "bedrock:arn:aws:bedrock:us-east-1:1:application-inference-profile/x", "local:a", ""]
)
def test_a_model_no_layer_knows_is_none(ref: str) -> None:
    assert Catalog().of(ref) is None


def test_the_operator_comes_first_value_by_value(tmp_path: Path) -> None:
    own = {"facts": {"context": 1000, "lacks": ["image"], "retires": "2027-06-30", "source": "AWS support", "date": "2026-11-01"}}
    found = written(tmp_path, **{NOVA: own}).of(NOVA)
    assert found
    assert (found.context, found.max_output, found.retires) == (1000, 10_000, "2027-06-30")
    assert (found.takes["image"], found.takes["pdf"]) == (False, True)
    assert found.told["context"] == found.told["takes image"] == Told(source="AWS support", date="2026-11-01")
    assert found.told["max_output"] == LISTED
    assert found.price
    assert found.price.input == 0.078


def test_a_model_of_the_operator_alone_is_in_the_list(tmp_path: Path) -> None:
    catalog = written(tmp_path, **{"local:ours": {"facts": {"context": 8192}}, "bedrock:x.y": {"input": 1, "output": 2}})
    assert "local:ours" in {facts.ref for facts in catalog.all()}
    assert catalog.of("bedrock:x.y") is None


@pytest.mark.parametrize(
    ("price", "told"),
    [
        ({"input": 0.078, "output": 0.312}, ()),
        ({"input": 0.0785, "output": 0.312}, ()),
        ({"input": 0.078, "output": 0.624}, ("output",)),
        ({"input": 0.05, "output": 0.2}, ("input", "output")),
        ({"same_as": "amazon.nova-lite-v1:0"}, ("input", "output")),
    ],
)
def test_prices_that_differ_by_more_than_one_percent_are_both_shown(
    tmp_path: Path, price: dict[str, object], told: tuple[str, ...]
) -> None:
    found = written(tmp_path, **{NOVA: price}).of(NOVA)
    assert found
    assert tuple(each.split(":")[0] for each in found.disagreements) == told
    assert all("LiteLLM" in each and "USD per million" in each for each in found.disagreements)


@pytest.mark.parametrize(
    "facts",
    [{"context": 0}, {"takes": ["vision"]}, {"retires": "next year"}, {"regions": "eu"}, {"unknown": 1}, []],
)
def test_wrong_facts_are_refused_in_one_sentence(tmp_path: Path, facts: object) -> None:
    with pytest.raises(InputError, match="not a JSON object of prices"):
        written(tmp_path, **{NOVA: {"facts": facts}})


def test_aws_comes_between_the_operator_and_the_snapshot(tmp_path: Path) -> None:
    listed = Listed(takes={"image": False}, retires="2027-01-01", regions=("eu-west-1", "eu-north-1"))
    live = Live(region="eu-west-1", date="2026-12-01", models={"eu.amazon.nova-lite-v1:0": LiveModel(listed=listed, legacy=True)})
    catalog = Catalog(live=live)
    found = catalog.of(NOVA)
    assert found
    assert (found.retires, found.legacy, found.context, found.profiles) == ("2027-01-01", True, 300_000, ("eu",))
    assert found.told["retires"] == Told(source="AWS in eu-west-1", date="2026-12-01")
    assert not found.takes["image"]
    other = catalog.of("bedrock:us.amazon.nova-lite-v1:0")
    assert other
    assert other.absent == "eu-west-1"
    own = Catalog(live=live, facts=written(tmp_path, **{NOVA: {"facts": {"retires": "2027-02-02"}}}).facts).of(NOVA)
    assert own
    assert own.retires == "2027-02-02"


@pytest.mark.parametrize(
    ("name", "place", "model", "family"),
    [
        ("us.anthropic.claude-x", "us", "anthropic.claude-x", "anthropic"),
        ("us-gov.amazon.nova-lite-v1:0", "us-gov", "amazon.nova-lite-v1:0", "amazon"),
        ("global.qwen.big", "global", "qwen.big", "qwen"),
        ("amazon.nova-lite-v1:0", None, "amazon.nova-lite-v1:0", "amazon"),
        ("eu.strange", None, "eu.strange", "eu"),
    ],
)
def test_a_name_says_where_and_by_whom(name: str, place: str | None, model: str, family: str) -> None:
    assert (geography(name), base(name), maker("bedrock", name)) == (place, model, family)


def test_names_of_other_places() -> None:
    assert maker("openai", "gpt-4o") == "openai"
    assert maker("mistral", "strange") == "mistral"
    assert split("bedrock:arn:aws:bedrock:us-east-1::foundation-model/Amazon.X") == ("bedrock", "amazon.x")
    assert around("us-gov-west-1") == ("us-gov",)
    assert around("mars-1") == ()


def test_the_snapshot_is_small_dated_and_of_the_same_models_as_the_prices() -> None:
    whole, prices = json.loads(SNAPSHOT.read_text()), json.loads(PRICES.read_text())
    assert SNAPSHOT.stat().st_size + PRICES.stat().st_size <= 400_000
    assert (whole["date"], whole["origin"], whole["licence"]) == (prices["date"], prices["origin"], prices["licence"])
    answering = {name for name in prices["models"] if "embed" not in name}
    assert answering <= whole["models"].keys()
    assert not [name for name in whole["models"] if "embed" in name]
    for (_, name), listed in snapshot().models.items():
        assert listed.context is None or listed.context > 0
        entry = catalogued(name)
        assert entry is None or entry.provider == whole["models"][name][0]
