"""What every listener works with: the facts, the conversation, Slack, the clock. Built once by the composition root."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from slack_sdk.web.async_client import AsyncWebClient

from agent.engine import Engine
from agent.interpret import Reader
from bot.modals.new_migration import Prefill
from db.records import Person, Question
from db.store import Store
from pipeline.models.catalog import Catalog, Citation

AT_WORK = 6
"""Listeners that work at once; the others wait acknowledged, so that new deliveries are written down without queueing."""


class Intake:
    """Counts the deliveries that are being written down; whoever works can let them go first."""

    def __init__(self) -> None:
        self._open, self._none = 0, asyncio.Event()
        self._none.set()

    def __enter__(self) -> None:
        self._open += 1
        self._none.clear()

    def __exit__(self, *_: object) -> None:
        self._open -= 1
        if self._open == 0:
            self._none.set()

    async def over(self, seconds: float) -> None:
        """Wait until none is, or so long."""
        try:
            await asyncio.wait_for(self._none.wait(), seconds)
        except TimeoutError:
            return


class Mover(Protocol):
    """What moves a migration once a fact is written: `agent.conversation.Conversation`."""

    async def advance(self, migration_id: str) -> Question | None:
        """Take the facts that are there."""
        ...

    async def resume(self, migration_id: str, *, by: str) -> Question | None:
        """Go on after a pause or a problem."""
        ...


class Nudge(Protocol):
    """What is told that the outbox has something new: `bot.notify.Outbox`."""

    def nudge(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`files` is where uploads and reports lie, `reader` the model that reads free text, if any.

    `prefill` is what an empty form opens with, `in_flight` are the deliveries this process is working on; `tasks` keeps their
    tasks from being forgotten; `token` tells this bot from others of the same app. `catalog` knows the models and `citations`
    what others measured of them. `advpo` and `batch` say whether the operator set up Advanced Prompt
    Optimization and batch jobs.
    """

    store: Store
    conversation: Mover
    engine: Engine
    client: AsyncWebClient
    outbox: Nudge
    clock: Callable[[], datetime]
    files: Path
    upload_limit: int  # bytes
    token: str = ""
    reader: Reader | None = None
    prefill: Prefill = field(default_factory=Prefill)
    catalog: Catalog = field(default_factory=Catalog)
    citations: Sequence[Citation] = ()
    advpo: bool = False
    batch: bool = False
    in_flight: set[str] = field(default_factory=set)
    tasks: set[asyncio.Task[object]] = field(default_factory=set)
    intake: Intake = field(default_factory=Intake)
    at_work: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_WORK))

    async def move(self, migration_id: str) -> Question | None:
        """Let the graph take the new fact, and the outbox what came of it."""
        question = await self.conversation.advance(migration_id)
        self.outbox.nudge()
        return question

    async def settled(self, seconds: float = 10.0) -> None:
        """Wait for the deliveries in flight; what is not done by then is done again at the next start."""
        end = asyncio.get_running_loop().time() + seconds
        while self.in_flight and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110  nobody sets an event per delivery
            await asyncio.sleep(0.01)


def person_of(body: dict[str, object]) -> Person:
    """Who clicked, wrote or commanded, from any Slack payload; the team is the one the app is installed in."""
    team, user = body.get("team"), body.get("user")
    event = body.get("event")
    team_id = team.get("id") if isinstance(team, dict) else body.get("team_id")
    user_id = user.get("id") if isinstance(user, dict) else body.get("user_id")
    if isinstance(event, dict):
        user_id = event.get("user")
    return Person(team=str(team_id or ""), user=str(user_id or ""))
