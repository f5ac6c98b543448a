"""The whole search in a world whose best prompt is known: what it finds, what it pays, what it never returns."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from pipeline.models.providers.recorded import RecordedModel
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.search import events
from pipeline.prompts.search.journal import MemoryJournal
from pipeline.prompts.search.loop import search
from pipeline.prompts.search.meter import Meter
from pipeline.records import Sample
from tests.pipeline.prompts.search.world import (
    LESSONS,
    asking,
    paid_writer,
    portfolio,
    probing,
    samples,
    task,
    writer,
)

DEV, TEST = samples(56, "dev"), samples(80, "test")


async def searched(
    model: ScriptedModel,
    *,
    calls: int = 200,
    journal: MemoryJournal | None = None,
    plant: str | None = None,
    dev: Sequence[Sample] = DEV,
    source: bool = True,
) -> list[events.Event]:
    meter = Meter(most_calls=calls)
    probe = probing(model, meter, journal)
    ask = replace(asking(dev, TEST), writer=paid_writer(writer(plant=plant), probe))
    before = replace(probe, model=RecordedModel("before", dev)) if source else None
    async with aclosing(search(ask, portfolio, probe, before)) as stream:
        return [event async for event in stream]


def ended(told: Sequence[events.Event]) -> events.Ended:
    last = told[-1]
    assert isinstance(last, events.Ended)
    return last


async def test_it_finds_the_lessons_within_200_calls() -> None:
    model = task()
    told = await searched(model)
    end = ended(told)
    assert end.winner is not None
    assert [name for name, lesson in LESSONS.items() if lesson in end.winner.user] == list(LESSONS)
    assert end.winner.method == "gepa"
    assert model.calls <= 200
    used = [event.used.calls for event in told if isinstance(event, events.BudgetUsed)]
    assert max(used) <= 200
    assert next(edit.reason for edit in end.winner.edits if edit.rule == "gepa") == "It names what the failed samples needed."
