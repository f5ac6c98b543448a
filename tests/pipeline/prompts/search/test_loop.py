"""The whole search in a world whose best prompt is known: what it finds, what it pays, what it never returns."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from pipeline.errors import PermanentError, TemporaryError
from pipeline.models.failures import failure
from pipeline.models.providers.recorded import RecordedModel
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.port import Ask
from pipeline.prompts.search import events
from pipeline.prompts.search.journal import MemoryJournal
from pipeline.prompts.search.loop import search
from pipeline.prompts.search.meter import Meter
from pipeline.records import Candidate, Output, Request, Sample
from tests.pipeline.prompts.search.world import (
    LESSONS,
    SECRET,
    TASK,
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


async def test_it_finds_less_with_less_and_never_passes_its_budget() -> None:
    for calls in (60, 100, 150):
        model = task()
        end = ended(await searched(model, calls=calls))
        assert model.calls <= calls
        assert end.winner is not None
        assert "budget" in end.why


async def test_without_calls_for_one_candidate_on_all_of_dev_there_is_no_winner() -> None:
    end = ended(await searched(task(), calls=20))
    assert (end.winner, end.selection) == (None, None)
    assert end.why.startswith("The budget of 20 calls is used up: 0 were made, the next step takes 56.")


async def test_the_same_seed_gives_the_same_search() -> None:
    one, other = await searched(task()), await searched(task(latency_s=0.001))
    told = [[type(event) for event in stream] for stream in (one, other)]
    assert told[0] == told[1]
    found = [(end.winner, end.selection, end.why, end.candidates, end.dropped) for end in map(ended, (one, other))]
    assert found[0] == found[1]


async def test_a_search_resumes_over_its_journal_without_a_call() -> None:
    journal, model = MemoryJournal(), task()
    first = ended(await searched(model, journal=journal))
    paid = model.calls
    again = ended(await searched(model, journal=journal))
    assert model.calls == paid
    assert again == first


@pytest.mark.parametrize(("plant", "said"), [(SECRET, "repeats text of"), ("Be careful. " * 700, "characters; the cap is")])
async def test_a_leaking_or_overlong_winner_is_refused_with_its_reason(plant: str, said: str) -> None:
    end = ended(await searched(task(), plant=plant))
    refused = [candidate for candidate in end.candidates if candidate.refusal]
    assert refused
    assert all(said in (candidate.refusal or "") for candidate in refused)
    assert end.winner is not None
    assert plant not in end.winner.user
    assert any(lesson in end.winner.user for lesson in LESSONS.values()), "the writer was told, and wrote another text"


async def test_closing_the_stream_stops_the_spending_at_once() -> None:
    model = task(latency_s=0.01)
    meter = Meter(most_calls=500)
    probe = probing(model, meter)
    ask = replace(asking(DEV), writer=paid_writer(writer(), probe))
    async with aclosing(search(ask, portfolio, probe)) as stream:
        async for event in stream:
            if isinstance(event, events.BudgetUsed) and event.used.calls >= 70:  # GEPA's thread is waiting for an answer
                break
    made = model.calls
    await asyncio.sleep(0.05)
    assert model.calls == made
    assert model.in_flight == 0
    assert made <= 70 + 4 * model.concurrency  # on a busy machine events are heard a batch late; the budget is 500


async def test_what_is_not_worse_than_the_source_is_not_improved() -> None:
    dev = tuple(replace(sample, recorded=None) for sample in DEV)
    ask = replace(asking(dev), source="scripted:source")
    probe = probing(task(), Meter())
    source = replace(probe, model=ScriptedModel(lambda _request: "BAD", ref="scripted:source"))
    told = [event async for event in search(ask, portfolio, probe, source)]
    assert ended(told).why == "as is is not worse than the source on 56 dev samples, so nothing dearer was tried."


@pytest.mark.parametrize(
    ("n", "written", "said"), [(40, True, "dev has 40 samples and it needs 50"), (56, False, "no model writes")]
)
async def test_gepa_says_why_it_does_not_start(n: int, written: bool, said: str) -> None:
    probe = probing(task(), Meter())
    ask = replace(asking(samples(n, "dev")), writer=paid_writer(writer(), probe) if written else None)
    told = [event async for event in search(ask, portfolio, probe)]
    assert any(isinstance(event, events.LeftOut) and said in event.reason for event in told)
    assert said in ended(told).why


async def test_rivals_fall_out_rung_by_rung_and_are_told_why() -> None:
    async def many(ask: Ask) -> tuple[Candidate, ...]:
        found = list(await portfolio(ask))
        rules = list(LESSONS.values())
        for count in range(1, 5):
            taught = replace(ask.prompt, user="\n".join([ask.prompt.user, *rules[:count]]), method=f"rules {count}")
            found.append(Candidate(target=TASK, prompt=taught))
        return tuple(found)

    model = task()
    told = [event async for event in search(asking(DEV), many, probing(model, Meter()))]
    fell = [event for event in told if isinstance(event, events.Dropped)]
    assert [event.prompt.method for event in fell] == ["rules 1", "rules 2"]
    assert all("Fell out after 30 dev samples" in event.reason for event in fell)
    assert [event.total for event in told if isinstance(event, events.RungDone)] == [30, 56]
    assert model.calls == 56 + 4 * 30 + 2 * 26
    end = ended(told)
    assert end.winner is not None
    assert end.winner.method == "rules 4"
    assert set(end.dropped) == {event.prompt.hash for event in fell}


async def test_samples_shown_in_a_candidate_count_for_none() -> None:
    async def shown(ask: Ask) -> tuple[Candidate, ...]:
        few = replace(ask.prompt, user=ask.prompt.user + "\nAs before.", method="few-shot", shots=("dev-0", "dev-1"))
        return (*await portfolio(ask), Candidate(target=TASK, prompt=few))

    end = ended([event async for event in search(asking(DEV), shown, probing(task(), Meter()))])
    assert end.selection is not None
    assert {row.n for row in end.selection.table} == {54}


async def test_where_every_dev_sample_is_shown_nobody_is_asked() -> None:
    async def shown(ask: Ask) -> tuple[Candidate, ...]:
        few = replace(ask.prompt, method="few-shot", user=f"{ask.prompt.user}!", shots=tuple(s.id for s in ask.dev))
        return (*await portfolio(ask), Candidate(target=TASK, prompt=few))

    model = task()
    end = ended([event async for event in search(asking(DEV), shown, probing(model, Meter()))])
    assert (end.winner, model.calls) == (None, 0)
    assert "Add dev samples" in end.why


@pytest.mark.parametrize(("kind", "error"), [("throttled", TemporaryError), ("access", PermanentError)])
async def test_a_provider_that_fails_ends_the_search_and_counts_for_no_prompt(kind: str, error: type[Exception]) -> None:
    inner, journal = task(), MemoryJournal()

    def answer(request: Request) -> Output | str:
        if inner.calls >= 60:  # in the middle of GEPA
            return Output(sample_id=request.sample_id, text=None, failure=failure(kind))
        inner.calls += 1
        return inner._answers(request)  # type: ignore[operator]

    probe = probing(ScriptedModel(answer, ref=TASK), Meter(), journal)
    ask = replace(asking(DEV), writer=paid_writer(writer(), probe))
    with pytest.raises(error, match="could not be asked"):
        _ = [event async for event in search(ask, portfolio, probe)]
    again = ended(await searched(task(), journal=journal))
    assert again == ended(await searched(task()))
