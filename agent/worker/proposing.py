"""What the next turn on dev could try, and what the turns before it changed, cluster by cluster. Here, because it computes."""

import asyncio
from collections.abc import Iterator, Sequence

from agent import arms, rounds, turns
from agent.worker import asking
from agent.worker.tools import Tools
from db.records import DatasetVersion, Effect, Plan, Run, RunStatus, Turn
from pipeline.decide.errors import group_failures
from pipeline.decide.pairs import together
from pipeline.hashing import canonical_json
from pipeline.prompts.rounds import Outcome, Proposal, Technique, nothing_fits, outcome, proposals, refusals
from pipeline.records import ErrorGroup, PromptVersion, RunResult, Split

MOST, NOTHING = 5, 100
"""Proposals for one target and turn, as many as a person reads; and where the word that there is none stands, behind them all."""


async def propose(tools: Tools, migration_id: str, number: str, turn: str) -> None:
    """Measure the turns that have run, and keep what turn `turn` could try; what is kept already stays as it is."""
    plan = await tools.store.plans.get(migration_id, int(number))
    dataset = await rounds.worked_on(tools.store, migration_id, plan.number)
    for each in await tools.store.rounds.of(migration_id, plan.number):
        if each.prompt_hash and each.effects is None:
            await _measure(tools, plan, dataset, each)
    for target in await turns.unproposed(tools.store, migration_id, plan.number, int(turn)):
        await tools.store.rounds.propose(await _proposed(tools, plan, dataset, target, int(turn)))


async def failed(tools: Tools, sentence: str, migration_id: str, number: str, turn: str) -> None:
    """Nothing can be tried, and the card says why; the prompts can be used all the same."""
    await tools.store.rounds.propose([nothing(migration_id, int(number), int(turn), sentence)])


def nothing(migration_id: str, number: int, turn: int, why: str, target: str = "", parent: str = "") -> Turn:
    """Stands where there is no proposal, so that nobody looks for one again."""
    return Turn(
        id=arms.short_id(migration_id, "turn", number, turn, target, parent, "nothing"), migration_id=migration_id, number=number,
        turn=turn, target=target, position=NOTHING, technique="", group="", sentence=why, proposal="", sample_ids=(),
        parent=parent, refusal=why,
    )  # fmt: skip


async def _proposed(tools: Tools, plan: Plan, dataset: DatasetVersion, target: str, turn: int) -> list[Turn]:
    """For the chosen prompt of a target, the most promising first."""
    store, ask = tools.store, await asking.ask_for(tools, plan, dataset, target)
    parent = await store.prompts.get(plan.migration_id, (await store.prompts.selected(plan.migration_id, plan.number))[target])
    arm = await _result(tools, plan, target, parent.hash)
    if arm is None:
        return []
    groups = await _failures(tools, plan, dataset, arm)
    comments = await _comments(tools, plan)
    found = await asyncio.to_thread(proposals, parent, groups, comments, ask, arm.outputs)
    if not found:
        refused = await asyncio.to_thread(refusals, parent, groups, comments, ask, arm.outputs)
        return [nothing(plan.migration_id, plan.number, turn, nothing_fits(groups, refused), target, parent.hash)]
    shown = [*found[:MOST], *(each for each in found[MOST:] if each.technique is Technique.SHORTER)]  # its own form asks for it
    return [_turn(plan, target, turn, parent, position, proposal) for position, proposal in enumerate(shown)]


def _turn(plan: Plan, target: str, turn: int, parent: PromptVersion, position: int, proposal: Proposal) -> Turn:
    return Turn(
        id=arms.short_id(plan.migration_id, "turn", plan.number, turn, target, parent.hash, proposal.hash),
        migration_id=plan.migration_id,
        number=plan.number,
        turn=turn,
        target=target,
        position=position,
        technique=proposal.technique,
        group=proposal.group,
        sentence=proposal.sentence,
        proposal=canonical_json(proposal),
        sample_ids=proposal.sample_ids,
        parent=parent.hash,
    )


async def _measure(tools: Tools, plan: Plan, dataset: DatasetVersion, turn: Turn) -> None:
    """The effect of a turn's candidate against the prompt it changed, once both have covered dev."""
    before = await _result(tools, plan, turn.target, turn.parent)
    after = await _result(tools, plan, turn.target, turn.prompt_hash or "")
    if before is None or after is None:
        return
    groups = await _failures(tools, plan, dataset, before)
    prompts = [await tools.store.prompts.get(plan.migration_id, run.key.prompt_hash) for run in (before, after)]
    shots = {sample_id for prompt in prompts for sample_id in prompt.shots}
    price = asking.price_of(tools, turn.target)
    samples = await tools.shelf.samples(dataset.id, Split.DEV)
    found: Outcome = await asyncio.to_thread(
        lambda: outcome(before, after, groups, plan.criteria, left_out=shots, clusters=together(samples), price=price)
    )
    effects = tuple(
        Effect(
            group=each.group,
            n=each.n,
            before=each.before,
            after=each.after,
            low=each.interval.low if each.interval else None,
            high=each.interval.high if each.interval else None,
            sentence=each.sentence,
        )
        for each in found.effects
    )
    await tools.store.rounds.measured(turn.id, effects, " ".join([found.sentence, *_beside(found)]))


def _beside(found: Outcome) -> Iterator[str]:
    """What a turn did to length, time and cost, as far as every answer carries them."""
    times = found.latency_before.p50.value, found.latency_after.p50.value
    if found.tokens_before is not None and found.tokens_after is not None:
        yield f"Output tokens an answer: {found.tokens_before:,.1f} before, {found.tokens_after:,.1f} after."
    if times[0] is not None and times[1] is not None:
        yield f"Latency in the median: {times[0]:.2f} s before, {times[1]:.2f} s after."
    if found.usd_before is not None and found.usd_after is not None and (found.usd_before or found.usd_after):
        yield f"1,000 calls: {found.usd_before:,.4f} USD before, {found.usd_after:,.4f} after."


async def _failures(tools: Tools, plan: Plan, dataset: DatasetVersion, arm: RunResult) -> Sequence[ErrorGroup]:
    """What goes wrong on dev with one prompt of one target."""
    samples = await tools.shelf.samples(dataset.id, Split.DEV)
    run = await rounds.source_run(tools.store, plan.migration_id, dataset.id, Split.DEV)
    source = await tools.store.runs.result(run.id)
    return await asyncio.to_thread(group_failures, samples, source, arm, plan.criteria)


async def _result(tools: Tools, plan: Plan, target: str, prompt_hash: str) -> RunResult | None:
    """What a candidate answered on dev; None while its run goes on."""
    runs = await tools.store.runs.listed(plan.migration_id, stage=arms.candidates_stage(plan.number))
    run: Run | None = next((run for run in runs if (run.key.model, run.key.prompt_hash) == (target, prompt_hash)), None)
    return await tools.store.runs.result(run.id) if run and run.status is RunStatus.DONE else None


async def _comments(tools: Tools, plan: Plan) -> tuple[str, ...]:
    """What SMEs and the owner said of the numbers before this one, in their words."""
    said: list[str] = []
    for number in range(1, plan.number):
        said += [given.reason for _, given in await tools.store.reviews.preferences(plan.migration_id, number)]
        decision = await tools.store.questions.decision(plan.migration_id, f"sign_off:{number}")
        said.append(decision.note if decision else "")
    return tuple(dict.fromkeys(text.strip() for text in said if text.strip()))
