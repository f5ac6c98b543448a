"""A bot at work for tests: the local workspace, the real bot connected to it, an engine that works in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from agent.conversation import Conversation
from agent.engine import WorkKind
from agent.worker.shelf import Shelf, opener
from agent.worker.tools import Tools
from agent.worker.work import perform
from bot.process import Bot, running, utc_now
from bot.settings import Mode, SlackSettings
from bot.workspace.people import GENERAL, OWNER, REQUESTER, SME_1, SME_2, TEAM
from bot.workspace.person import Person
from bot.workspace.server import Workspace
from db.records import Migration, NewMigration
from db.store import Store, open_store
from pipeline.models.settings import ModelSettings
from pipeline.prompts.template import parse_prompt
from pipeline.records import UseCase
from tests.stores import make_tables

NEW = NewMigration(
    origin="test:1", team=TEAM, channel=GENERAL, name="Support tickets", use_case=UseCase.CLASSIFICATION, source="recorded:today",
    targets=("local:a",), requester=REQUESTER, owner=OWNER, smes=(SME_1, SME_2),
    prompt=parse_prompt("Message: {question}\nIntent:"),
)  # fmt: skip


@dataclass(slots=True)
class KeepingEngine:
    """Notes what is submitted; does it only when `tools` are given, one piece of work per key at a time."""

    submitted: list[tuple[WorkKind, str, tuple[str, ...]]] = field(default_factory=list)
    tools: Tools | None = None
    doing: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)

    async def submit(self, kind: WorkKind, key: str, *args: str) -> None:
        self.submitted.append((kind, key, args))
        if self.tools is None:
            return
        name = f"{kind}:{key}"
        if name in self.doing:
            self.again.add(name)
            return
        self.doing[name] = asyncio.create_task(self._do(name, kind, args))

    async def _do(self, name: str, kind: WorkKind, args: tuple[str, ...]) -> None:
        assert self.tools
        await perform(self.tools, kind, args)
        while name in self.again:
            self.again.discard(name)
            await perform(self.tools, kind, args)
        del self.doing[name]

    async def idle(self) -> None:
        while self.doing:
            await asyncio.wait(list(self.doing.values()))


@dataclass(kw_only=True)
class Office:
    workspace: Workspace
    bot: Bot
    engine: KeepingEngine
    settings: SlackSettings

    @property
    def store(self) -> Store:
        return self.bot.desk.store

    @property
    def requester(self) -> Person:
        return self.workspace.person(REQUESTER)

    def person(self, user: str) -> Person:
        return self.workspace.person(user)

    async def migration(self, **changes: Any) -> Migration:
        """An open migration whose thread is in the workspace."""
        migration = await self.store.migrations.open(replace(NEW, **changes))
        await self.bot.desk.move(migration.id)
        await eventually(lambda: self._threaded(migration.id))
        return await self.store.migrations.get(migration.id)

    async def _threaded(self, migration_id: str) -> bool:
        return (await self.store.migrations.get(migration_id)).thread_ts is not None

    async def quiet(self) -> None:
        """Wait until listeners are done and the outbox has nothing left to say."""
        await eventually(self._nothing_to_say)

    async def _nothing_to_say(self) -> bool:
        await self.bot.desk.settled()
        waiting = await self.store.messages.due(utc_now())
        return not waiting and not await self.store.messages.stuck_sending()


async def eventually(true: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until `true()` (awaited) holds."""
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110  nobody sets an event for what is looked for
            await asyncio.sleep(0.02)


def settings_for(workspace: Workspace, home: Path, **changes: Any) -> SlackSettings:
    """A bot that posts without waiting; `changes` are fields of SlackSettings."""
    given: dict[str, Any] = {
        "home": home,
        "mode": Mode.SOCKET,
        "bot_token": SecretStr(workspace.bot_token),
        "app_token": SecretStr(workspace.app_token),
        "signing_secret": SecretStr(workspace.signing_secret),
        "api_url": workspace.base_url,
        "post_interval_s": 0.0,
        "edit_interval_s": 0.05,
        "poll_s": 0.03,
    }
    return SlackSettings(**{**given, **changes})


@asynccontextmanager
async def open_office(
    workspace: Workspace, home: Path, *, works: bool = False, opened: Any = open_store, **changes: Any
) -> AsyncIterator[Office]:
    """The bot in this process, connected; with `works` its engine does what is submitted."""
    settings, engine = settings_for(workspace, home, **changes), KeepingEngine()
    if settings.database_url is None:
        await make_tables(home)
    async with running(settings, engine, opened=opened) as bot:
        if works:
            engine.tools = tools_of(bot, engine, settings)
        yield Office(workspace=workspace, bot=bot, engine=engine, settings=settings)
        await engine.idle()


def tools_of(bot: Bot, engine: KeepingEngine, settings: SlackSettings) -> Tools:
    conversation = bot.desk.conversation
    assert isinstance(conversation, Conversation)
    return Tools(
        store=bot.desk.store,
        engine=engine,
        conversation=conversation,
        shelf=Shelf(store=bot.desk.store, open_ref=opener(ModelSettings())),
        places=settings.places,
        clock=utc_now,
    )
