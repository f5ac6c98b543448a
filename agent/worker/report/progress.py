"""How far a large report is: one message in the thread, edited as it goes. Others are written before anybody would read it."""

from dataclasses import dataclass

from agent import told
from db.records import MessageKind, Migration
from db.store import Store
from pipeline.report.records import LARGE

READ, FIGURES, FILES = 40, 45, 70
"""Percent once all cells are read, while figures are made, while files are written; most of the time is the bootstrap's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of the report `number` over `samples` samples; silent up to `large` of them."""

    store: Store
    migration: Migration
    number: int
    samples: int
    large: int = LARGE

    async def read(self, runs: int, of: int) -> None:
        """So many runs are read."""
        await self._say(f"{READ * runs // of} %, {runs} of {of} runs are read.")

    async def figures(self) -> None:
        await self._say(f"{FIGURES} %, the figures are being made.")

    async def files(self) -> None:
        await self._say(f"{FILES} %, the files are being written.")

    async def done(self) -> None:
        await self._say("done.")

    async def _say(self, how_far: str) -> None:
        if self.samples > self.large:
            key, body = (
                told.writing_key(self.migration.id, self.number),
                f"Writing the report over {self.samples:,} samples: {how_far}",
            )
            await told.tell(self.store, self.migration, key, MessageKind.REPLY, body=body)
