"""What happens when a migration cannot go on: its status says so, and its thread says why and the way out."""

from agent import told
from db.records import MessageKind, MigrationStatus
from db.store import Store


async def stick(store: Store, migration_id: str, sentence: str) -> None:
    """Stop an open migration with a sentence; one that rests or is over keeps its status and is told only."""
    migration = await store.migrations.get(migration_id)
    if (migration.status, migration.problem) == (MigrationStatus.STUCK, sentence):
        return
    if migration.status in {MigrationStatus.OPEN, MigrationStatus.STUCK}:
        await store.migrations.set_status(migration_id, MigrationStatus.STUCK, by=told.FERRY, problem=sentence)
    await told.tell(store, migration, told.problem_key(migration_id), MessageKind.PROBLEM, body=sentence)
