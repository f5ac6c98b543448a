"""Records survive their JSON value for value, and types what a database cannot hold."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.codec import reader
from db.columns import Packed, Words, Written, clean
from db.records import Estimate, Plan, PlanChange
from pipeline.hashing import canonical_json, content_hash
from pipeline.records import Criteria, Dataset, Finding, MetricChoice, Parameters, PromptVersion, Sample, Split, Turn

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**9), 10**9)
metrics = st.builds(MetricChoice, metric=texts, primary=st.booleans(), margin=numbers, reason=texts)
criteria = st.builds(Criteria, metrics=st.lists(metrics, max_size=3).map(tuple), coverage_gate=numbers, confidence=numbers)
estimates = st.builds(Estimate, stage=texts, calls=st.integers(), seconds=numbers, usd=st.none() | numbers)
plans = st.builds(
    Plan, migration_id=texts, number=st.integers(1, 9), criteria=criteria, source=texts, targets=st.lists(texts).map(tuple),
    review_pairs=st.integers(0, 99),
    estimates=st.lists(estimates).map(tuple),
)  # fmt: skip
prompts = st.builds(
    PromptVersion,
    user=texts,
    parameters=st.builds(Parameters, temperature=st.none() | numbers),
    parent=st.none() | texts,
    turns=st.lists(st.builds(Turn, role=st.sampled_from(["user", "assistant"]), text=texts), max_size=2).map(tuple),
)
changes = st.builds(PlanChange, margin=st.none() | numbers, add_target=st.none() | texts)


@given(plans | prompts | changes)
def test_a_record_comes_back_with_its_hash(record: Plan | PromptVersion | PlanChange) -> None:
    kind: Any = type(record)
    back = reader(kind)(json.loads(canonical_json(record)))
    assert back == record
    assert content_hash(back) == content_hash(record)


def test_nested_records_mappings_and_enums() -> None:
    sample = Sample(id="s1", variables={"q": "1"})
    dataset = Dataset(samples=(sample,), splits={"s1": Split.TEST}, findings=(Finding(level="info", code="c", message="m"),))
    back = reader(Dataset)(json.loads(canonical_json(dataset)))
    assert back == dataset
    assert isinstance(back.splits["s1"], Split)


@dataclass(frozen=True)
class Grown:
    kept: int
    new: str = "default"


def test_a_record_that_grew_reads_what_was_stored_before() -> None:
    assert reader(Grown)({"kept": 1, "dropped": 2}) == Grown(kept=1)


@given(st.text(st.characters(codec=None)))
def test_any_text_packs_and_unpacks(text: str) -> None:
    packed = Packed().process_bind_param(text, None)  # type: ignore[arg-type]  # the dialect is not asked
    assert Packed().process_result_value(packed, None) == text  # type: ignore[arg-type]


def test_a_long_text_is_stored_short() -> None:
    packed = Packed().process_bind_param("the same again " * 1000, None)  # type: ignore[arg-type]
    assert packed is not None
    assert len(packed) < 200


@given(st.text(st.characters(codec=None)))
def test_clean_text_has_nothing_a_database_refuses(text: str) -> None:
    cleaned = clean(text)
    assert "\x00" not in cleaned
    cleaned.encode()
    assert Words().process_bind_param(text, None) == cleaned  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "plain", "é 😀 𐍈", "line\nline\ttab"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert clean(text) == text


def test_written_json_is_not_written_twice() -> None:
    from db.columns import Frozen

    assert Frozen(PlanChange).process_bind_param(Written('{"margin":1}'), None) == '{"margin":1}'  # type: ignore[arg-type]
