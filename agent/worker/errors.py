"""What goes wrong in a round's targets: groups for the thread, doubted references for the SMEs. Here, because it computes."""

import asyncio
from collections.abc import Sequence

from agent import corrections, rounds, told
from agent.review import Judged
from agent.state import State
from agent.worker.tools import Tools
from db.keys import corrections_card, errors_card, problem_of
from db.records import MessageKind, ReferenceAnswer
from pipeline.decide.errors import Suspect
from pipeline.records import Criteria, RunResult, Sample, Split


async def errors(tools: Tools, migration_id: str, number: str) -> None:
    """Group the failures of every winner, tell them in the thread, and ask SMEs about the references in doubt.

    The message with the groups comes last: while a round has none, the sweep submits this work again.
    """
    store, migration = tools.store, await tools.store.migrations.get(migration_id)
    plan = await store.plans.get(migration_id, int(number))
    dataset = await rounds.worked_on(store, migration_id, plan.number)
    state: State = {"migration_id": migration_id, "number": plan.number, "dataset_id": dataset.id}
    source, winners = await rounds.finished_arms(store, state)
    others = await rounds.target_results(store, state)
    samples = {split: await tools.shelf.samples(dataset.id, split) for split in Split}
    body = await asyncio.to_thread(_grouped, samples[Split.TEST], source, winners, plan.criteria, others)
    runs = {Split.TEST: [source.result, *others], Split.DEV: await rounds.dev_results(store, state)}
    doubted = await asyncio.to_thread(_doubted, samples, runs)
    await store.references.open(corrections.checks(migration_id, plan.number, dataset, migration.smes, doubted))
    await told.ask_about_references(store, migration, plan.number)
    card = errors_card(migration_id, plan.number)
    await told.tell(store, migration, card, MessageKind.ERRORS, subject=str(plan.number), body=body)
    await told.mended(store, migration, problem_of(card), "What goes wrong is grouped by now.")


def _grouped(
    samples: Sequence[Sample], source: Judged, winners: Sequence[Judged], criteria: Criteria, others: Sequence[RunResult]
) -> str:
    from pipeline.decide.errors import group_failures
    from pipeline.decide.errors.summary import dumps, summarise

    arms = []
    for winner in winners:
        name = f"{winner.result.key.model} · {winner.result.label}"
        groups = group_failures(samples, source.result, winner.result, criteria, others=others, name=name)
        arms.append(summarise(name, groups, samples, winner.result))
    return dumps(arms)


def _doubted(samples: dict[Split, tuple[Sample, ...]], runs: dict[Split, list[RunResult]]) -> list[Suspect]:
    """Of both splits, the most doubtful first: dev drives choices, so a wrong reference misleads there too."""
    from pipeline.decide.errors import suspects

    found = [doubt for split in Split for doubt in suspects(samples[split], runs[split])]
    return sorted(found, key=lambda doubt: (-doubt.weight, doubt.sample_id))


async def errors_failed(tools: Tools, sentence: str, migration_id: str, number: str) -> None:
    """The round goes on without the analysis, and its thread says so."""
    migration = await tools.store.migrations.get(migration_id)
    key = problem_of(errors_card(migration_id, int(number)))
    body = f"What goes wrong could not be grouped yet; Ferry tries again, ever more seldom. {sentence}"
    await told.tell(tools.store, migration, key, MessageKind.PROBLEM, body=body)


async def correct(tools: Tools, migration_id: str, number: str, _check: str) -> None:
    """Once no SME is in the middle of their references, what they corrected is a dataset version; the thread is told at once."""
    store, migration = tools.store, await tools.store.migrations.get(migration_id)
    progress = await store.references.progress(migration_id, int(number))
    if all(done in {0, total} for done, total in progress.values()):
        await corrections.apply(store, migration_id)
    fixed = [c for c in await store.references.listed(migration_id, int(number)) if c.answer is ReferenceAnswer.FIX]
    if fixed:
        key = corrections_card(migration_id, int(number))
        await told.tell(store, migration, key, MessageKind.REFERENCES, subject=number)


async def correct_failed(tools: Tools, sentence: str, migration_id: str, number: str, _check: str) -> None:
    """Nothing is lost: the next plan makes the version."""
    migration = await tools.store.migrations.get(migration_id)
    body = f"The corrected references are kept, and the next plan uses them. {sentence}"
    key = problem_of(corrections_card(migration_id, int(number)))
    await told.tell(tools.store, migration, key, MessageKind.PROBLEM, body=body)
