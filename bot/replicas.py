"""One bot of several behind one Slack app: it says that it lives, and finishes the deliveries of one that died.

Only with Postgres: on SQLite there is one bot, and what its predecessor left is everything that is not done.
"""

import asyncio
from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp

from agent.presence import Presence
from agent.worker.boundary import attempt
from bot.desk import Desk
from bot.inbox import replay
from db.places import Places
from db.records import ProcessKind
from db.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """This bot among the others; `dead` are those that this data folder had before, if they are known to be."""

    presence: Presence
    dead: frozenset[str]

    @property
    def token(self) -> str:
        return self.presence.holder

    async def stay(self, app: AsyncApp, desk: Desk) -> None:
        """Until cancelled. One that was taken for dead goes on: every effect has its key, so what others did is done once."""

        async def look_after() -> None:
            await desk.store.processes.forget(ProcessKind.BOT, 0)
            await replay(app, desk)

        while True:
            await attempt(self.presence.stay(look_after), task="staying")
            await attempt(self.presence.arrive(), task="arriving")
            await asyncio.sleep(self.presence.beat_s)


async def join(store: Store, places: Places) -> Replica | None:
    """Become one of the bots of this database; None where there is only one."""
    if places.database_url is None:
        return None
    presence = Presence(store=store, home=places.home, kind=ProcessKind.BOT)
    return Replica(presence=presence, dead=await presence.arrive())
