"""The bot process: Slack in through the inbox, Slack out through the outbox, the monitors' clock. It calls no model."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp

from agent.conversation import open_conversation
from agent.engine import DbosEngine, Engine
from agent.interpret.bedrock import BedrockReader
from agent.worker.boundary import attempt
from bot.app import build_app, slack_client
from bot.desk import Desk
from bot.http import web_app
from bot.inbox import replay
from bot.modals.defaults import read_defaults
from bot.notify import Outbox
from bot.pace import Pace
from bot.poster import Poster
from bot.render import Renderer
from bot.replicas import Replica, join
from bot.schedule import Clock
from bot.settings import Mode, SlackSettings
from bot.socket_mode import Socket
from bot.supervise import interrupted
from db.places import Places
from db.store import Store, open_store
from pipeline.models import ModelSettings
from pipeline.models.catalog import read_benchmarks, read_catalog

log = structlog.get_logger()


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A bot that runs: its app takes deliveries, its outbox sends. `address` is where HTTP mode listens.

    `sending` goes on until the bot is left; it ends before only when the outbox failed for good, and leaving then raises why.
    """

    app: AsyncApp
    desk: Desk
    outbox: Outbox
    sending: asyncio.Task[None]
    address: str | None = None


async def serve(settings: SlackSettings) -> None:
    """Run until SIGTERM or SIGINT; what listeners are doing then is finished, or done again at the next start.

    A bot that cannot send any more ends as well, with the error: a supervisor (`ferry up`) starts it again.
    """
    stopping = interrupted()
    async with running(settings) as bot:
        log.info("bot_ready", mode=settings.mode.value, home=str(settings.places.home))
        await until_over(bot, stopping)


async def until_over(bot: Bot, stopping: asyncio.Event) -> None:
    """Until somebody asks the process to end, or its outbox ended by itself."""
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait({asked, bot.sending}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()


@asynccontextmanager
async def running(
    settings: SlackSettings,
    engine: Engine | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
    opened: Callable[[Places, Callable[[], datetime]], Awaitable[Store]] = open_store,
) -> AsyncIterator[Bot]:
    """A bot connected to Slack, recovered from whatever it was doing before. Left, it drains and disconnects."""
    async with AsyncExitStack() as ends:
        store = await opened(settings.places, clock)
        ends.push_async_callback(store.close)
        replica = await join(store, settings.places)
        desk, outbox = await _desk(ends, settings, store, engine or await _dbos(ends, settings.places), clock, replica)
        app = build_app(desk, settings)
        sending = asyncio.create_task(outbox.run())
        ends.push_async_callback(_stop_sending, outbox, sending)
        ends.push_async_callback(desk.settled)
        address = await _connect(ends, app, desk, settings)
        await _recover(app, desk, replica)
        if replica:
            ends.push_async_callback(_leave, replica, asyncio.create_task(replica.stay(app, desk)))
        monitors = Clock(store=desk.store, engine=desk.engine, clock=clock)
        await monitors.start()
        ends.callback(monitors.stop)
        yield Bot(app=app, desk=desk, outbox=outbox, sending=sending, address=address)


async def _desk(
    ends: AsyncExitStack,
    settings: SlackSettings,
    store: Store,
    engine: Engine,
    clock: Callable[[], datetime],
    replica: Replica | None,
) -> tuple[Desk, Outbox]:
    places, client = settings.places, slack_client(settings)
    catalog = read_catalog(settings.prices)
    opened = open_conversation(
        places,
        store,
        engine,
        clock=clock,
        cron=settings.monitor_cron,
        timezone=settings.timezone,
        catalog=catalog,
        writer=settings.writer,
    )
    conversation = await ends.enter_async_context(opened)
    pace = Pace(post=settings.post_interval_s, burst=settings.post_burst, edit=settings.edit_interval_s, poll=settings.poll_s)
    poster = Poster(client, store.files.path)
    advpo, batch = bool(settings.advpo_bucket), bool(settings.batch_bucket)
    render = Renderer(store=store, clock=clock, prices=catalog.prices, advpo=advpo, batch=batch)
    outbox = Outbox(store=store, poster=poster, render=render, clock=clock, pace=pace)
    desk = Desk(
        store=store,
        conversation=conversation,
        engine=engine,
        client=client,
        outbox=outbox,
        clock=clock,
        files=places.files,
        upload_limit=settings.upload_limit_mb * 1_000_000,
        token=replica.token if replica else "",
        prefill=read_defaults(settings.form_defaults),
        catalog=catalog,
        citations=read_benchmarks(settings.benchmarks),
        advpo=advpo,
        batch=batch,
        reader=BedrockReader(settings.interpreter_model, _bedrock) if settings.interpreter_model else None,
    )
    return desk, outbox


def _bedrock() -> object:
    from pipeline.models.providers.bedrock import make_client

    return make_client("bedrock-runtime", ModelSettings())


async def _dbos(ends: AsyncExitStack, places: Places) -> Engine:
    engine = DbosEngine(places.engine_url)
    ends.push_async_callback(engine.close)
    return engine


async def _connect(ends: AsyncExitStack, app: AsyncApp, desk: Desk, settings: SlackSettings) -> str | None:
    """Open the websocket to Slack, or listen for it."""
    if settings.mode is Mode.SOCKET:
        handler = Socket(app, settings.app_token.get_secret_value(), desk)
        ends.push_async_callback(handler.close_async)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        return None
    runner = web.AppRunner(web_app(app, desk, settings.signing_secret.get_secret_value()), access_log=None)
    await runner.setup()
    ends.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, settings.http_host, settings.http_port)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


async def _recover(app: AsyncApp, desk: Desk, replica: Replica | None) -> None:
    """What was written down but not finished: deliveries, and migrations whose facts the graph has not taken yet."""
    replayed = await replay(app, desk, replica.dead if replica else frozenset())
    for migration in await desk.store.migrations.active():
        await desk.move(migration.id)
    if replayed:
        log.info("deliveries_replayed", count=replayed)


async def _stop_sending(outbox: Outbox, sending: asyncio.Task[None]) -> None:
    outbox.stop()
    await sending


async def _leave(replica: Replica, staying: asyncio.Task[None]) -> None:
    staying.cancel()
    await asyncio.wait([staying])
    await attempt(replica.presence.leave(), task="leave")
