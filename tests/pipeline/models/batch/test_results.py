"""Results as outputs, whatever the file holds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.batch.lines import record_id
from pipeline.models.batch.results import Tally, answers
from pipeline.models.prices import Prices
from pipeline.records import Lane, Output, RunKey, Sample, Split, Step
from tests.pipeline.models.batch.peer import REF, converse

KEY = RunKey(model=REF, prompt_hash="p", split=Split.TEST)
SAMPLES = tuple(Sample(id=f"s{n}", variables={"q": str(n)}) for n in range(3))
PRICE = Prices().of(REF)


def line(sample_id: str, **said: object) -> str:
    return json.dumps({"recordId": record_id(KEY, sample_id), "modelInput": {}, **said})


def read(*lines: str, steps: tuple[Step, ...] = ()) -> tuple[list[Output], Tally]:
    tally = Tally()
    return list(answers(lines, SAMPLES, KEY, PRICE, tally, steps)), tally


def test_answers_are_joined_by_record_and_cost_half() -> None:
    found, tally = read(line("s2", modelOutput=converse("two")), "", line("s0", modelOutput=converse("zero")))
    assert [(o.sample_id, o.text) for o in found] == [("s2", "two"), ("s0", "zero")]
    one = found[0]
    assert (one.lane, one.tier, one.latency_s, one.ttft_s) == (Lane.BULK, "batch", None, None)
    assert PRICE.batch_input is not None
    assert PRICE.batch_output is not None
    assert one.usd == pytest.approx((10 * PRICE.batch_input + 3 * PRICE.batch_output) / 1e6)
    assert tally.usd == pytest.approx(2 * (one.usd or 0))
    assert one.price_id == PRICE.id


def test_what_brings_no_output_is_counted() -> None:
    _, tally = read(
        line("s0", error={"errorCode": 400, "errorMessage": "no"}),
        line("s1", modelOutput=converse()),
        line("s1", modelOutput=converse("again")),
        line("stranger", modelOutput=converse()),
        "{torn",
        "[]",
        line("s2", modelOutput={"output": 7}),
        line("s2", modelOutput=None),
    )
    assert (dict(tally.failed), tally.doubled, tally.foreign, tally.unreadable) == ({"400": 1}, 1, 1, 4)


def test_a_stop_that_is_no_answer_is_a_failure() -> None:
    (found,), _ = read(line("s0", modelOutput=converse("", stop="guardrail_intervened")))
    assert found.failure is not None
    assert found.failure.kind == "guardrail"
    assert found.text is None


@given(st.lists(st.one_of(st.text(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))))
def test_any_file_is_read_without_an_error(lines: list[str]) -> None:
    found, _ = read(*lines)
    assert found == []


@given(st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_any_reply_is_read_without_an_error(reply: object) -> None:
    found, tally = read(line("s0", modelOutput=reply))
    assert len(found) + tally.unreadable == 1
