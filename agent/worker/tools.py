"""What every kind of work is handed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from agent.conversation import Conversation
from agent.engine import Engine
from agent.worker.shelf import Shelf
from db.places import Places
from db.records import RESTING, MigrationStatus, Run, RunStatus
from db.store import Store
from pipeline.metrics.evaluations.jobs import Bedrock
from pipeline.models.batch.jobs import BatchInference
from pipeline.models.catalog import Catalog
from pipeline.models.settings import ModelSettings
from pipeline.prompts.advpo.jobs import Advpo

GOING = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """`stopping` is set once this process shall end: nothing new is begun, what is in flight may finish.

    `catalog` is what is known of models and their prices, `live` how AWS is asked about one (None: it is not). Where the operator
    has set them up, `opinion` gives second opinions, `advpo` optimises prompts and `batch` runs batch jobs; `writer` is the model
    that writes prompts.
    """

    store: Store
    engine: Engine
    conversation: Conversation
    shelf: Shelf
    places: Places
    clock: Callable[[], datetime]
    stop_s: float = 5.0
    catalog: Catalog = field(default_factory=Catalog)
    live: ModelSettings | None = None
    opinion: Bedrock | None = None
    advpo: Advpo | None = None
    batch: BatchInference | None = None
    writer: str = ""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def may_spend(self, run_id: str) -> Run | None:
        """The run, if its calls are still wanted: not by a worker that stops, nor for a migration that rests or is over."""
        if self.stopping.is_set():
            return None
        run = await self.store.runs.get(run_id)
        return run if run.status in GOING and await self.may_spend_on(run.migration_id) else None

    async def winds_down(self, migration_id: str) -> bool:
        """Whether the budget is why nothing may be called any more: then calls in flight have the time they need."""
        rests = (await self.store.migrations.get(migration_id)).status is MigrationStatus.PAUSED
        return rests and not self.stopping.is_set() and (await self.store.purses.get(migration_id)).stopped is not None

    async def may_spend_on(self, migration_id: str) -> bool:
        """Whether calls for a migration are still wanted: not by a worker that stops, nor for one that rests or is over."""
        migration = await self.store.migrations.get(migration_id)
        return not self.stopping.is_set() and migration.status not in RESTING
