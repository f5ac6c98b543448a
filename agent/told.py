"""What people are told besides questions: the outbox messages of the workflow, their keys and where they are shown."""

from collections.abc import Iterable

from db.keys import prompts_card, references_card, review_card
from db.records import Assignment, MessageKind, Migration
from db.store import Store

FERRY = "ferry"
"""Who did what nobody decided: the workflow itself."""

TRIED_AGAIN = "The criteria could not be tried at first; they are tried again now."


def prompts_key(migration_id: str, number: int) -> str:
    return prompts_card(migration_id, number)


def trial_key(migration_id: str, number: int) -> str:
    return f"trial:{migration_id}:{number}"


def evaluation_key(migration_id: str, stage: str) -> str:
    return f"problem:{migration_id}:evaluation:{stage}"


def lifecycle_key(monitor_id: str, what: str) -> str:
    return f"lifecycle:{monitor_id}:{what}"


def misfits_key(migration_id: str, ref: str) -> str:
    return f"problem:{migration_id}:misfits:{ref}"


def publish_key(migration_id: str, name: str) -> str:
    return f"published:{migration_id}:{name}"


def advpo_key(job_id: str) -> str:
    return f"advpo:{job_id}"


BUDGET = "budget"
"""The subject of the message that says that a budget is used up."""


def budget_key(migration_id: str) -> str:
    return f"problem:{migration_id}:{BUDGET}"


def files_key(migration_id: str, number: int) -> str:
    return f"files:{migration_id}:{number}"


def writing_key(migration_id: str, number: int) -> str:
    return f"writing:{migration_id}:{number}"


async def tell(store: Store, migration: Migration, key: str, kind: MessageKind, *, subject: str = "", body: str = "") -> None:
    """Show something in the migration's thread; the same key again edits it."""
    await store.messages.show(
        key, migration_id=migration.id, channel=migration.channel, place="thread", kind=kind, subject=subject, body=body
    )


async def mended(store: Store, migration: Migration, key: str, body: str) -> None:
    """Say under a problem that was told that it is none any more; nothing where none was told."""
    told = await store.messages.get(key)
    if told is not None and told.body != body:
        await tell(store, migration, key, MessageKind.PROBLEM, body=body)


async def hand_out(store: Store, migration: Migration, pairs: Iterable[Assignment]) -> None:
    """Show each SME their first pair, in the conversation Ferry has with them alone."""
    for number, sme in dict.fromkeys((pair.round, pair.sme) for pair in pairs):
        await store.messages.show(
            review_card(migration.id, number, sme),
            migration_id=migration.id,
            channel=migration.channel,
            place=sme,
            kind=MessageKind.REVIEW,
            subject=str(number),
        )


async def ask_about_references(store: Store, migration: Migration, number: int) -> None:
    """Show each SME the first reference they are asked about, behind their pairs."""
    for sme in await store.references.progress(migration.id, number):
        await store.messages.show(
            references_card(migration.id, number, sme),
            migration_id=migration.id,
            channel=migration.channel,
            place=sme,
            kind=MessageKind.REFERENCES,
            subject=str(number),
        )
