"""What people are told besides questions: the outbox messages of the workflow, their keys and where they are shown."""

from collections.abc import Iterable

from db.keys import review_card
from db.records import Assignment, MessageKind, Migration
from db.store import Store

FERRY = "ferry"
"""Who did what nobody decided: the workflow itself."""


def findings_key(migration_id: str, upload_id: str) -> str:
    return f"findings:{migration_id}:{upload_id}"


def prompts_key(migration_id: str, number: int) -> str:
    return f"prompts:{migration_id}:{number}"


def table_key(migration_id: str, number: int) -> str:
    return f"table:{migration_id}:{number}"


def costs_key(migration_id: str, number: int) -> str:
    return f"costs:{migration_id}:{number}"


def charts_key(migration_id: str, number: int) -> str:
    return f"charts:{migration_id}:{number}"


def part_of_report(report_hash: str, part: str) -> str:
    """The subject of a message that shows one part of a report: `costs` of a table, `charts` of the files."""
    return f"{report_hash}#{part}"


def files_key(migration_id: str, number: int) -> str:
    return f"files:{migration_id}:{number}"


def digest_key(monitor_id: str, tick: str) -> str:
    return f"digest:{monitor_id}:{tick}"


def problem_key(migration_id: str) -> str:
    return f"problem:{migration_id}"


async def tell(store: Store, migration: Migration, key: str, kind: MessageKind, *, subject: str = "", body: str = "") -> None:
    """Show something in the migration's thread; the same key again edits it."""
    await store.messages.show(
        key, migration_id=migration.id, channel=migration.channel, place="thread", kind=kind, subject=subject, body=body
    )


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
