"""Outputs share transactions, few ever wait, and what a transaction failed with is told and tried again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.worker.shelf import Bounded
from agent.worker.sink import Kept, Sink
from db.store import Store
from pipeline.errors import PermanentError
from pipeline.models import ScriptedModel
from pipeline.prompts.template import parse_prompt, render
from pipeline.records import Output, Sample, Score, Step

MOST = 4
SAMPLES = tuple(Sample(id=f"s{n}", variables={"q": "x"}) for n in range(40))


@dataclass(slots=True)
class Rows:
    """Stands where the runs of a store stand: each save waits until the test lets it through."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    saved: list[tuple[str, ...]] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)
    broken: bool = False

    async def save(self, _run_id: str, outputs: Sequence[Output], _scores: Sequence[Score]) -> None:
        await self.gate.wait()
        if self.broken:
            raise PermanentError("The disk is full.")
        self.saved.append(tuple(output.sample_id for output in outputs))
        self.texts += [output.text for output in outputs]


def sink_over(rows: Rows, most: int = MOST) -> Sink:
    store: Any = SimpleNamespace(runs=rows)
    return Sink(cast("Store", store), "run", SAMPLES, (), most)


def output(number: int) -> Output:
    return Output(sample_id=f"s{number}", text="yes")


async def test_outputs_that_come_together_share_a_transaction() -> None:
    rows = Rows()
    rows.gate.set()
    sink = sink_over(rows, most=10)
    for number in range(5):
        await sink.keep(output(number))
    assert rows.saved == []
    await sink.drain()
    assert rows.saved == [tuple(f"s{number}" for number in range(5))]


async def test_no_more_than_the_bound_wait_for_their_transaction() -> None:
    rows = Rows()
    sink, kept = sink_over(rows), list[int]()

    async def bring(number: int) -> None:
        await sink.keep(output(number))
        kept.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(len(SAMPLES)):
            group.create_task(bring(number))
        await asyncio.sleep(0.2)
        assert len(kept) == MOST - 1
        rows.gate.set()
    await sink.drain()
    assert sorted(sample_id for batch in rows.saved for sample_id in batch) == sorted(sample.id for sample in SAMPLES)


async def test_one_that_must_not_wait_is_stored_before_the_next() -> None:
    rows = Rows()
    rows.gate.set()
    sink = sink_over(rows, most=1)
    for number in range(3):
        await sink.keep(output(number))
        assert len(rows.saved) == number + 1


async def test_what_a_transaction_failed_with_is_told_and_tried_again() -> None:
    rows = Rows(broken=True)
    rows.gate.set()
    sink = sink_over(rows, most=2)
    await sink.keep(output(0))
    with pytest.raises(PermanentError, match="disk"):
        await sink.keep(output(1))
    with pytest.raises(PermanentError, match="disk"):
        await sink.drain()
    rows.broken = False
    await sink.drain()
    assert rows.saved == [("s0", "s1")]


async def test_an_answer_is_stored_as_the_steps_of_its_prompt_leave_it() -> None:
    """What is stored is what is scored, shown and signed."""
    rows = Rows()
    rows.gate.set()
    sink, model = sink_over(rows), ScriptedModel({}, default="```json\n{}\n```")
    kept = Kept(Bounded(model), sink, steps=(Step(name="fence"),))
    await kept.answer(render(parse_prompt("Say {q}"), SAMPLES[0]))
    await sink.drain()
    assert rows.texts == ["{}"]
