"""A migration with a budget: it stops before the call that would pass it, says so, and goes on without paying twice."""

from pathlib import Path

import pytest

from agent.engine import WorkKind
from agent.worker.purse import paying
from agent.worker.runs import spans
from db.records import MessageKind, MigrationStatus, Run, RunStatus
from pipeline.models.catalog import Catalog
from pipeline.models.lanes import AT_ONCE, SAMPLES
from pipeline.models.prices import Entry, Prices
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.records import Lane, Output, Request, RunKey, Split, Usage
from tests.agent.story import REQUESTER, Story, open_story

LONGEST, USD_A_TOKEN, BUDGET = 100, 1e-5, 0.05


class Paid:
    """A target that costs something; `asked` are the samples it answered, each with its prompt."""

    def __init__(self, latency_s: float = 0.0) -> None:
        self.usd, self.asked = 0.0, list[str]()
        self.requests: list[Request] = []
        self.model = ScriptedModel(self._answer, latency_s=latency_s, concurrency=4)

    def _answer(self, request: Request) -> Output:
        self.asked.append(f"{request.sample_id} {hash(request.turns)}")
        self.requests.append(request)
        tokens = min(LONGEST, request.parameters.max_tokens)
        self.usd += tokens * USD_A_TOKEN
        usage = Usage(input_tokens=0, output_tokens=tokens)
        return Output(sample_id=request.sample_id, text="age_limit", usage=usage, latency_s=0.1)

    def enter(self, story: Story) -> None:
        ref = story.migration.targets[0]
        self.model.ref = ref
        open_ref = story.tools.shelf.open_ref
        story.tools.shelf.open_ref = lambda name, samples: self.model if name == ref else open_ref(name, samples)
        entry = Entry(model=ref, provider="scripted", input=0.0, output=10.0, source="a test")
        story.tools.shelf.catalog = Catalog(prices=Prices(overrides={ref: entry}))


async def begun(story: Story, samples: int = 100) -> None:
    await story.conversation.advance(story.id)
    await story.upload(samples)
    await story.work()


async def test_the_budget_stops_the_migration_before_it_is_passed_and_more_of_it_lets_it_go_on(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await begun(story)
        paid = Paid()
        paid.enter(story)
        await story.store.purses.set_budget(story.id, BUDGET, by=REQUESTER)
        await story.answer("plan:1", "approve")

        migration, purse = await story.store.migrations.get(story.id), await story.store.purses.get(story.id)
        assert migration.status is MigrationStatus.PAUSED
        assert "The budget of 0.05 USD does not allow another call" in (migration.problem or "")
        assert "Raise the budget" in (migration.problem or "")
        assert "cancel" in (migration.problem or "")
        told = [m.body for m in await story.store.messages.of(story.id) if m.kind is MessageKind.PROBLEM]
        assert told == [migration.problem]
        assert purse.spent <= BUDGET
        assert purse.spent == pytest.approx(paid.usd)
        assert purse.stopped
        runs = await story.store.runs.listed(story.id, stage="candidates:1")
        assert sum(run.stored for run in runs) == len(paid.asked) > 0
        assert not [run for run in runs if run.status is RunStatus.FAILED]

        before = len(paid.asked)
        await story.conversation.resume(story.id, by=REQUESTER)  # without raising it
        await story.work()
        assert len(paid.asked) == before
        assert (await story.store.migrations.get(story.id)).status is MigrationStatus.PAUSED

        await story.store.purses.set_budget(story.id, 100.0, by=REQUESTER)
        await story.conversation.resume(story.id, by=REQUESTER)
        await story.work()
        assert await story.waits_for() == "review:1"
        assert len(paid.asked) == len(set(paid.asked))
        assert (await story.store.purses.get(story.id)).spent == pytest.approx(paid.usd)
        output = (await story.store.runs.outputs(runs[0].id))[0]
        assert output.usd == pytest.approx((output.usage.output_tokens if output.usage else 0) * USD_A_TOKEN)
        assert output.price_id


async def test_a_target_without_a_price_stops_at_its_first_call_and_is_named(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await begun(story)
        paid = Paid()
        paid.enter(story)
        story.tools.shelf.catalog = Catalog()
        paid.model.ref = "bedrock:nobody.knows-this-v1:0"
        await story.store.purses.set_budget(story.id, 1.0, by=REQUESTER)
        await story.answer("plan:1", "approve")
        problem = (await story.store.migrations.get(story.id)).problem or ""
        assert "the price of bedrock:nobody.knows-this-v1:0 is unknown" in problem
        assert paid.asked == []


async def test_calls_of_nobodys_work_are_charged_to_nobody(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await begun(story, 24)
        paid = Paid()
        paid.enter(story)
        model = await story.tools.shelf.model(story.migration.targets[0], "")
        from tests.pipeline.models.ask import request

        await model.answer(request("?"))
        assert (await story.store.purses.get(story.id)).spent == 0.0
        with paying(story.id):
            await model.answer(request("?"))
        assert (await story.store.purses.get(story.id)).spent == pytest.approx(LONGEST * USD_A_TOKEN)


def test_a_run_on_test_of_a_networked_model_begins_with_its_lane() -> None:
    def run(model: str, split: Split, total: int = 500) -> Run:
        key = RunKey(model=model, prompt_hash="p", split=split)
        return Run(
            id="r", migration_id="m", dataset_id="d", stage="targets:1", key=key, label="", status=RunStatus.QUEUED, total=total
        )

    assert list(spans(run("bedrock:x", Split.TEST))) == [(0, SAMPLES), (SAMPLES, SAMPLES + 200), (240, 440), (440, 500)]
    assert list(spans(run("bedrock:x", Split.TEST, 10))) == [(0, 10)]
    assert next(spans(run("bedrock:x", Split.DEV))) == (0, 200)
    assert next(spans(run("local:x", Split.TEST))) == (0, 64)
    assert next(spans(run("recorded:x", Split.TEST))) == (0, 500)


async def test_latency_is_measured_before_the_bulk_two_at_a_time_and_no_sample_is_asked_twice(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await begun(story, 200)
        dataset = await story.store.datasets.latest(story.id)
        assert dataset is not None
        prompt = await story.store.prompts.original(story.id)
        paid = Paid(latency_s=0.02)
        paid.model.ref = "bedrock:x"
        story.tools.shelf.open_ref = lambda _ref, _samples: paid.model
        key = RunKey(model="bedrock:x", prompt_hash=prompt.hash, split=Split.TEST)
        run = await story.store.runs.add(
            Run(id="lane", migration_id=story.id, dataset_id=dataset.id, stage="baseline", key=key, label="x",
                status=RunStatus.QUEUED, total=dataset.test)
        )  # fmt: skip
        most: dict[bool, int] = {}

        def seen(request: Request) -> Output:
            most[request.stream] = paid.model.most_in_flight
            return paid._answer(request)

        paid.model._answers = seen
        story.engine.waiting.clear()
        await story.engine.submit(WorkKind.RUN, run.id, run.id)
        await story.work(WorkKind.RUN, WorkKind.CHUNK)
        outputs = await story.store.runs.outputs(run.id)
        assert len(outputs) == dataset.test > SAMPLES
        assert len(paid.asked) == len(set(paid.asked)) == dataset.test
        assert [request.stream for request in paid.requests] == [True] * SAMPLES + [False] * (dataset.test - SAMPLES)
        assert {o.lane for o in outputs} == {Lane.LATENCY, Lane.BULK}
        assert sum(o.lane is Lane.LATENCY for o in outputs) == SAMPLES
        assert most == {True: AT_ONCE, False: 4}
