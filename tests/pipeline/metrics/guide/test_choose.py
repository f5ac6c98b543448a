"""The metric guide: the form of the references decides, and a plan says what it cannot conclude."""

import json

import pytest

from pipeline.metrics.guide import Form, form, propose
from pipeline.records import Criteria, RecordedOutput, Sample, UseCase

INTENTS = ["card_lost", "top_up", "exchange_rate"] * 10
NUMBERS = ["$1,577.00", "8 %", "12 million USD", "42"] * 5
OBJECTS = [json.dumps({"name": f"n{i}", "total": i}) for i in range(10)]
CALLS = ["[]", *(json.dumps([{"name": "look", "arguments": {"n": i}}]) for i in range(9))]
LONG = [f"The customer number {i} asked for a refund and the agent promised to send it within three days." for i in range(10)]
NAMES = [f"Person {i}" for i in range(20)]


def samples(references: list[str | None]) -> list[Sample]:
    return [Sample(id=f"s{i}", variables={"q": str(i)}, reference=r) for i, r in enumerate(references)]


def primary(criteria: Criteria) -> list[str]:
    return [choice.metric for choice in criteria.primary]


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ([], Form.NONE),
        (CALLS, Form.CALLS),
        (["[]"] * 9, Form.JSON),
        ([json.dumps([{"name": "n"}, 1])] * 9, Form.JSON),
        (INTENTS, Form.CLOSED),
        (NUMBERS, Form.NUMBER),
        (OBJECTS, Form.JSON),
        (LONG, Form.LONG),
        (NAMES, Form.SHORT),
    ],
)
def test_the_form_of_references(references: list[str], expected: Form) -> None:
    assert form(references) is expected


@pytest.mark.parametrize(
    ("use_case", "references", "deciding", "others"),
    [
        (UseCase.CLASSIFICATION, INTENTS, "normalised_match", {"exact_match", "refusal"}),
        (UseCase.EXTRACTION, OBJECTS, "json_fields", {"json_valid", "refusal"}),
        (UseCase.RAG, NUMBERS, "number_match", {"normalised_match", "refusal"}),
        (UseCase.SUMMARIZATION, LONG, "rouge_l", {"chrf", "length_ratio", "number_match", "refusal"}),
        (UseCase.RAG, NAMES, "normalised_match", {"exact_match", "refusal"}),
    ],
)
def test_metrics_follow_the_references(use_case: UseCase, references: list[str], deciding: str, others: set[str]) -> None:
    criteria = propose(use_case, samples([*references]))
    assert primary(criteria) == [deciding]
    assert {c.metric for c in criteria.metrics} == {deciding, *others}
    assert all(c.reason and c.margin > 0 for c in criteria.metrics)


def test_the_plan_counts_references() -> None:
    criteria = propose(UseCase.CLASSIFICATION, samples([*INTENTS, None, " "]))
    assert "30 of 32 samples have a reference" in criteria.metrics[0].reason


def test_without_references_the_plan_says_what_it_cannot_conclude() -> None:
    criteria = propose(UseCase.CHAT, samples([None, None]))
    assert primary(criteria) == ["refusal"]
    assert all("cannot conclude whether answers are right" in c.reason for c in criteria.metrics)


def test_without_references_recorded_json_asks_for_json() -> None:
    known = [Sample(id=f"s{i}", variables={}, recorded=RecordedOutput(text='{"a": 1}')) for i in range(5)]
    assert primary(propose(UseCase.CHAT, known)) == ["json_valid", "refusal"]
    assert primary(propose(UseCase.EXTRACTION, samples([None]))) == ["json_valid", "refusal"]


def test_margins_follow_the_use_case() -> None:
    assert propose(UseCase.CLASSIFICATION, samples([*INTENTS])).primary[0].margin == 0.05
    assert propose(UseCase.EXTRACTION, samples([*OBJECTS])).primary[0].margin == 0.03


def test_calls_of_tools_are_decided_by_the_tools_called() -> None:
    criteria = propose(UseCase.CHAT, samples(list(CALLS)))
    assert primary(criteria) == ["tool_call"]
    assert criteria.primary[0].reason == "10 of 10 samples have a reference, the calls of tools it wants: all must be right"
