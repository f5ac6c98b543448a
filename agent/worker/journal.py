"""What a search has paid for, kept in the database; and its models, which begin no call once somebody wants them to stop."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.worker.shelf import Bounded
from db.codec import reader
from db.store import Store
from pipeline.hashing import canonical_json, content_hash
from pipeline.prompts.search.meter import Call
from pipeline.records import Output, Request

READ = reader(Output)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJournal:
    """A journal of the pipeline's. `known` are answers that the runs of candidates have paid for already."""

    store: Store
    migration_id: str
    known: Mapping[Call, Output] = field(default_factory=dict)

    async def get(self, call: Call) -> Output | None:
        if call in self.known:
            return self.known[call]
        entry = await self.store.probes.get(self.migration_id, content_hash(call))
        return None if entry is None else READ(json.loads(entry))

    async def keep(self, call: Call, output: Output) -> None:
        await self.store.probes.put(self.migration_id, content_hash(call), canonical_json(output))


class Halting:
    """A model of the shelf that keeps a place around each call; after `halt` a call that has not begun waits to be cancelled.

    So does one that the budget does not allow: the migration rests then, and the search goes on after that.
    """

    def __init__(self, model: Bounded, halt: asyncio.Event) -> None:
        self.ref, self.concurrency = model.ref, model.concurrency
        self._model, self._halt = model, halt

    async def answer(self, request: Request) -> Output:
        async with self._model.place():
            if self._halt.is_set():
                await asyncio.Event().wait()
            output = await self._model.answer(request)
        if output.failure and output.failure.kind == "budget":
            await asyncio.Event().wait()
        return output

    async def close(self) -> None:
        """The model belongs to the shelf."""
