"""The search for a better prompt of one target, where there is a model to write prompts and a gap to close.

It goes its own way again over the journal after a kill or a pause: what was paid for is not paid for again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent import arms, estimates, narrowing, rounds
from agent.engine import WorkKind
from agent.worker import asking
from agent.worker.attend import watch
from agent.worker.journal import Halting, StoredJournal
from agent.worker.tools import Tools
from db.records import DatasetVersion, Improvement, JobState, Plan
from pipeline.decide.pairs import together
from pipeline.decide.selection import Standing, choose, standings
from pipeline.metrics import code_metrics, judged_metrics, score_with
from pipeline.prompts.cost import usage_of_a_call
from pipeline.prompts.methods.gepa import Gepa, why_not
from pipeline.prompts.port import Ask
from pipeline.prompts.search.evolution import Evolved, evolve, slices
from pipeline.prompts.search.loop import RESCORED
from pipeline.prompts.search.meter import Call, Meter, Used
from pipeline.prompts.search.order import shuffled
from pipeline.prompts.search.probe import Paid, Probe
from pipeline.records import Candidate, Output, PromptVersion, RunResult, Sample, Split

TELL_S, GRACE_S = 1.0, 3.0
"""Between two looks at what a search has used; and what calls in flight get to end in once they are not wanted any more."""


@dataclass(slots=True, kw_only=True)
class _Search:
    """One search under way; `dev` in the order in which it is spent, without samples shown in the prompt it starts from."""

    tools: Tools
    plan: Plan
    dataset: DatasetVersion
    now: Improvement
    ask: Ask
    dev: Sequence[Sample]
    model: Halting
    writer: Halting
    journal: StoredJournal
    meter: Meter
    halt: asyncio.Event
    source: tuple[Output, ...] = ()
    found: Evolved | None = None

    async def run(self) -> None:
        """Sets `found`, unless it is cancelled before."""
        writer = Paid(self.writer, self.journal, self.meter)
        judge = self.plan.criteria.judge
        probe = Probe(
            model=self.model,
            criteria=self.plan.criteria,
            journal=self.journal,
            meter=self.meter,
            bench=await self.tools.shelf.bench(judge) if judge else None,
            leave=RESCORED * (len(self.dev) - len(slices(self.dev)[0])),
            source_outputs=self.source,
        )
        self.found = await evolve(replace(self.ask, writer=writer, measure=probe), Gepa().name, self.dev)

    async def tell(self) -> None:
        """What it has used so far, whenever that changed."""
        told = Used()
        while True:
            await asyncio.sleep(TELL_S)
            if self.meter.used != told:
                told = self.meter.used
                await self.tools.store.improvements.spent(self.spent(JobState.RUNNING))

    def spent(self, state: JobState, note: str = "") -> Improvement:
        used = self.meter.used
        return replace(self.now, state=state, calls=used.calls, usd=used.usd if self.meter.prices else None, note=note)


async def improve(tools: Tools, migration_id: str, number: str, target: str) -> None:
    """Search, or say why not; what ended already only moves the migration."""
    plan = await tools.store.plans.get(migration_id, int(number))
    now = await _of(tools, plan, target)
    if now.state in {JobState.QUEUED, JobState.RUNNING} and not await _ended(tools, plan, now):
        return
    await tools.conversation.advance(migration_id)


async def _ended(tools: Tools, plan: Plan, now: Improvement) -> bool:
    """Whether the search came to its end; False where it was stopped before, to go on later."""
    if not await tools.may_spend_on(plan.migration_id):
        return False
    dataset = await rounds.worked_on(tools.store, plan.migration_id, plan.number)
    ask = await asking.ask_for(tools, plan, dataset, now.target)
    best, why = await _start(tools, plan, dataset, ask)
    if best is None:
        await tools.store.improvements.spent(replace(now, state=JobState.DONE, note=why))
        return True
    search = await _search(tools, plan, dataset, now, replace(ask, start=best[0].prompt), best[1])
    await _attend(search)
    if search.found is None:
        await tools.store.improvements.spent(search.spent(JobState.RUNNING))
        return False
    added = await _keep(search, search.found)
    note = f"{added} better prompts found. {search.found.ended}" if added else f"Nothing better found. {search.found.ended}"
    await tools.store.improvements.spent(search.spent(JobState.DONE, note))
    return True


async def failed(tools: Tools, sentence: str, migration_id: str, number: str, target: str) -> None:
    """The migration goes on with the candidates there are; the note says what happened."""
    now = await _of(tools, await tools.store.plans.get(migration_id, int(number)), target)
    note = f"The search for a better prompt ended early. {sentence}"
    await tools.store.improvements.spent(replace(now, state=JobState.FAILED, note=note))
    await tools.conversation.advance(migration_id)


async def _of(tools: Tools, plan: Plan, target: str) -> Improvement:
    begun = {each.target: each for each in await tools.store.improvements.of(plan.migration_id, plan.number)}
    return begun.get(target) or Improvement(migration_id=plan.migration_id, number=plan.number, target=target)


async def _start(tools: Tools, plan: Plan, dataset: DatasetVersion, ask: Ask) -> tuple[tuple[Candidate, RunResult] | None, str]:
    """The best finalist, to start from; or None with the sentence why a search is not worth its calls."""
    if (missing := why_not(ask)) is not None:
        return None, missing.replace("--writer", "FERRY_WRITER, or a judge in the plan,")
    finalists = await narrowing.finalists(tools.store, plan, ask.target)
    shots = narrowing.shown([candidate for candidate, _ in finalists])
    chosen = choose(
        [result for _, result in finalists], plan.criteria, left_out=shots, price=ask.price, clusters=together(ask.dev)
    )
    best = next(each for each in finalists if each[0].prompt.hash == chosen.prompt_hash)
    run = await rounds.source_run(tools.store, plan.migration_id, dataset.id, Split.DEV)
    ours, theirs = standings([best[1], await tools.store.runs.result(run.id)], plan.criteria, left_out=best[0].prompt.shots)
    gaps = {choice.metric: _mean(theirs, choice.metric) - _mean(ours, choice.metric) for choice in plan.criteria.primary}
    if any(gaps[choice.metric] > choice.margin for choice in plan.criteria.primary):
        return best, ""
    figures = ", ".join(f"{name} {_mean(ours, name):.3f} against {_mean(theirs, name):.3f} of the source" for name in gaps)
    return None, f"GEPA was left out: on dev the best candidate has {figures}, so no gap is wider than its margin."


def _mean(standing: Standing, metric: str) -> float:
    values = standing.scores.get(metric, {}).values()
    return sum(values) / len(values) if values else 0.0


async def _search(tools: Tools, plan: Plan, dataset: DatasetVersion, now: Improvement, ask: Ask, start: RunResult) -> _Search:
    """With the budget that people saw in the plan; what the run of `start` answered is not asked again."""
    halt = asyncio.Event()
    refs = (ask.target, asking.writer_ref(tools, plan))
    model, writer = [Halting(await tools.shelf.model(ref, dataset.id), halt) for ref in refs]
    calls, usd = estimates.search_budget(plan, dataset.dev)
    prices = {opened.ref: p for opened, ref in ((model, refs[0]), (writer, refs[1])) if (p := asking.price_of(tools, ref))}
    planned = {model.ref: prices[model.ref].of(usage_of_a_call(ask.prompt, ask.dev))} if model.ref in prices else {}
    usd = usd if len(prices) == len({model.ref, writer.ref}) else None
    known = {Call(model=model.ref, asked=start.key.prompt_hash, sample_id=o.sample_id): o for o in start.outputs}
    shots = ask.start.shots if ask.start else ()
    source = await rounds.source_run(tools.store, plan.migration_id, dataset.id, Split.DEV)
    compares = any(metric.needs_source for metric in judged_metrics(plan.criteria, Split.DEV))
    return _Search(
        tools=tools,
        plan=plan,
        dataset=dataset,
        now=replace(now, state=JobState.RUNNING, most_calls=calls, most_usd=usd),
        ask=ask,
        dev=[sample for sample in shuffled(ask.dev) if sample.id not in shots],
        model=model,
        writer=writer,
        journal=StoredJournal(store=tools.store, migration_id=plan.migration_id, known=known),
        meter=Meter(most_calls=calls, most_usd=usd, prices=prices, planned=planned),
        halt=halt,
        source=await tools.store.runs.outputs(source.id) if compares else (),
    )


async def _attend(search: _Search) -> None:
    """Until it ends or its calls are not wanted any more: within a second no new one is begun, within five none is open."""

    async def wanted() -> bool:
        return await search.tools.may_spend_on(search.plan.migration_id)

    telling = asyncio.create_task(search.tell())
    try:
        await watch(
            wanted, asyncio.create_task(search.run()), search.halt, search.tools.stopping, min(search.tools.stop_s, GRACE_S)
        )
    finally:
        telling.cancel()
        await asyncio.wait([telling])


async def _keep(search: _Search, found: Evolved) -> int:
    """What was found, as candidates with runs on all of dev that begin with the answers paid for; how many there are."""
    store, plan = search.tools.store, search.plan
    for prompt in found.found:
        candidate = Candidate(target=search.ask.target, prompt=prompt)
        await store.prompts.add_candidate(plan.migration_id, plan.number, candidate)
        run = await store.runs.add(arms.candidate(plan, search.dataset, candidate))
        outputs = await _paid(search, prompt)
        scores = tuple(score_with(search.ask.dev, outputs, code_metrics(plan.criteria)))
        await store.runs.save(run.id, outputs, scores)
        await search.tools.engine.submit(WorkKind.RUN, run.id, run.id)
    for candidate in found.refused:
        await store.prompts.add_candidate(plan.migration_id, plan.number, candidate)
    return len(found.found)


async def _paid(search: _Search, prompt: PromptVersion) -> list[Output]:
    """What the search was answered with this prompt."""
    calls = [Call(model=search.model.ref, asked=prompt.hash, sample_id=sample.id) for sample in search.dev]
    found = [await search.journal.get(call) for call in calls]
    return [output for output in found if output is not None]
