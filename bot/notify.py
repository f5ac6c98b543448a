"""The outbox's sender: says everything once, edits afterwards, and keeps to Slack's pace.

What a message says is read from the facts when it is sent, so that the last state wins. After a lost connection or a crash a
message is looked for in Slack before it is posted again: chat.postMessage has no idempotency key.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.blocks.escape import literal
from bot.cards.kit import Card, mention
from bot.fit import Payload, payloads
from bot.pace import Lane, Pace, monotonic
from bot.poster import Poster
from bot.subjects import MRKDWN
from bot.trouble import SLACK_FAILURES, WAYS_OUT, Kind, Trouble, trouble_of
from db.keys import UNDER, lane_of
from db.records import Message, MessageKind
from db.store import Store
from pipeline.errors import FerryError, TemporaryError

Render = Callable[[Message], Awaitable[Card]]
LEASE = "outbox"
EDITED_OFTEN = frozenset({MessageKind.PROGRESS, MessageKind.STATUS, MessageKind.PROMPTS})
WAITS = {Kind.UNREACHABLE: 5.0, Kind.REFUSED: 60.0}
"""Seconds until a message is tried again; the lane itself rests longer with each failure, so that nobody is hammered."""
log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Outbox:
    """`run` until `stop`. `holder` names this sender: several bots may run, one of them sends."""

    store: Store
    poster: Poster
    render: Render
    clock: Callable[[], datetime]
    pace: Pace = field(default_factory=Pace)
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _nudged: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _broken: BaseException | None = None
    _leads_until: float = 0.0

    def nudge(self) -> None:
        """Something new is in the outbox: look now instead of at the next turn."""
        self._nudged.set()

    def stop(self) -> None:
        self._stopping = True
        self._nudged.set()

    async def run(self) -> None:
        """Send what is due until `stop`; what is being sent then is finished first. Raises what no later turn would mend."""
        while not self._stopping:
            if self._broken is not None:
                raise self._broken
            await self._attempt(self._lead_and_turn())
            try:
                await asyncio.wait_for(self._nudged.wait(), self.pace.poll)
            except TimeoutError:
                continue
            self._nudged.clear()
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=10)
        await self._attempt(self.store.leases.release(LEASE, self.holder))

    async def _attempt(self, step: Awaitable[None]) -> None:
        """A database that is away for a moment delays messages; it never ends the sending."""
        try:
            await step
        except TemporaryError as error:
            log.warning("outbox_waits", error=type(error).__name__)

    async def _lead_and_turn(self) -> None:
        if await self._leads():
            await self.turn()

    async def turn(self) -> None:
        """Start working in every conversation that has something to settle or to send and is not being worked on."""
        lanes: dict[str, list[Message]] = defaultdict(list)
        for message in await self.store.messages.stuck_sending():
            lanes[lane_of(message.channel, message.place)].append(message)
        for message in await self.store.messages.due(self.clock()):
            if self._ripe(message):
                lanes[lane_of(message.channel, message.place)].append(message)
        for name, messages in lanes.items():
            if name not in self._busy and self._lane(name).rests_until <= monotonic():
                task = asyncio.create_task(self._work(self._lane(name), messages))
                self._busy[name] = task
                task.add_done_callback(partial(self._free, name))

    def _free(self, name: str, done: asyncio.Task[None]) -> None:
        del self._busy[name]
        error = None if done.cancelled() else done.exception()
        if error is not None:  # the database, in a way that waiting does not mend: silence would look like peace
            self._broken = error
            self._nudged.set()

    async def _leads(self) -> bool:
        if self._leads_until > monotonic() + self.pace.lease / 2:
            return True
        asked = monotonic()
        taken = await self.store.leases.take(LEASE, self.holder, self.pace.lease, self.clock())
        self._leads_until = asked + self.pace.lease if taken else 0.0
        return taken

    def _ripe(self, message: Message) -> bool:
        """Whether an edit of a living card may be made already; waiting is what coalesces edits."""
        if message.ts is None or message.sent_at is None or message.kind not in EDITED_OFTEN:
            return True
        return self.clock() - message.sent_at >= timedelta(seconds=self.pace.edit)

    def _lane(self, name: str) -> Lane:
        return self._lanes.setdefault(name, Lane(tokens=float(self.pace.burst), at=monotonic()))

    async def _work(self, lane: Lane, messages: Sequence[Message]) -> None:
        for message in messages:
            if self._stopping or lane.rests_until > monotonic():
                return
            step = self._settle(message, lane) if message.state == "sending" else self._send(message.key, lane)
            working = asyncio.ensure_future(step)
            await asyncio.wait({working})
            await self._attempt(self._check(message, working.exception()))
        self.nudge()

    async def _check(self, message: Message, error: BaseException | None) -> None:
        """A message that cannot be made is put aside, so that it keeps no other from going out."""
        if error is None:
            return
        if not isinstance(error, Exception):
            raise error
        if isinstance(error, TemporaryError):  # one that was being sent is looked for first, the others are still waiting
            log.warning("message_waits", key=message.key)
            return
        reference = secrets.token_hex(4)
        log.error("message_not_made", key=message.key, reference=reference, exc_info=error)
        said = error.message if isinstance(error, FerryError) else f"reference {reference}"
        await self.store.messages.hold(message.key, said, None)

    async def _settle(self, message: Message, lane: Lane) -> None:
        """Find out whether a message arrived whose sending was cut short, by us or by a process before us."""
        try:
            ts = None if message.ts else await self.poster.find(message, await self._thread(message))
            if ts and message.place == "root":
                await self.poster.pin(message, ts)
        except SLACK_FAILURES as error:
            lane.rest(monotonic(), trouble_of(error))
            return
        if ts is None:
            await self.store.messages.release(message.key)
        else:  # which revision arrived is not known: all but a first one are edited once more
            await self.store.messages.sent(message.key, max(1, message.revision - 1), ts, self.clock())

    async def _send(self, key: str, lane: Lane) -> None:
        message = await self.store.messages.get(key)
        if message is None or message.sent >= message.revision:
            return
        if message.ts is None:
            await asyncio.sleep(lane.take(monotonic(), self.pace))
        card, thread = await self.render(message), await self._thread(message)
        if not await self.store.messages.begin(key, message.revision, self.clock()):
            return
        if self._leads_until <= monotonic():  # this process stood still: another sender looks for the message, and sends it
            return
        try:
            ts = await self._put(message, card, thread)
        except SLACK_FAILURES as error:
            await self._failed(message, trouble_of(error), lane)
            return
        lane.failures = 0
        await self.store.messages.sent(key, message.revision, ts, self.clock())

    async def _thread(self, message: Message) -> str | None:
        if message.place.startswith(UNDER):
            return message.place.removeprefix(UNDER)
        if message.place != "thread" or message.migration_id is None:
            return None
        return (await self.store.migrations.get(message.migration_id)).thread_ts

    async def _put(self, message: Message, card: Card, thread: str | None) -> str:
        if card.files:
            return message.ts or await self.poster.upload(message, card, thread)
        ts = await self._say(message, card, thread)
        if message.place == "root" and message.ts is None:
            await self.poster.pin(message, ts)
        return ts

    async def _say(self, message: Message, card: Card, thread: str | None) -> str:
        """Post or edit in the richest form Slack takes; the last form is text alone."""
        *rich, simple = list(payloads(card))
        for payload in rich:
            try:
                return await self._once(message, payload, thread)
            except SLACK_FAILURES as error:
                if trouble_of(error).kind is not Kind.TOO_RICH:
                    raise
                log.warning("message_simplified", key=message.key, error=trouble_of(error).code)
        return await self._once(message, simple, thread)

    async def _once(self, message: Message, payload: Payload, thread: str | None) -> str:
        if message.ts is None:
            return await self.poster.post(message, payload, thread)
        await self.poster.edit(message, message.ts, payload)
        return message.ts

    async def _failed(self, message: Message, trouble: Trouble, lane: Lane) -> None:
        """Decide what becomes of a message Slack did not take."""
        lane.rest(monotonic(), trouble)
        if trouble.kind is Kind.UNKNOWN:  # it may have arrived: it stays `sending`, so that it is looked for
            return
        if trouble.kind is Kind.GONE and message.ts:
            lane.rests_until = 0.0
            await self.store.messages.forget_ts(message.key)
            return
        wait = timedelta(seconds=WAITS.get(trouble.kind, trouble.seconds or 1.0))
        log.warning("message_held", key=message.key, error=trouble.code, seconds=wait.total_seconds())
        await self.store.messages.hold(message.key, trouble.code, self.clock() + wait)
        if trouble.kind is Kind.UNREACHABLE:
            await self._tell_unreachable(message, trouble)

    async def _tell_unreachable(self, message: Message, trouble: Trouble) -> None:
        """Tell the requester once, where they can be reached, what keeps a message from arriving and what to do about it."""
        if message.migration_id is None or message.kind is MessageKind.PROBLEM:
            return
        migration = await self.store.migrations.get(message.migration_id)
        to_person = lane_of(message.channel, message.place) != message.channel
        key = f"unreachable:{migration.id}" + (f":{message.place}" if to_person else "")
        if await self.store.messages.get(key):
            return
        way = WAYS_OUT.get(trouble.code, f"Slack answers {literal(trouble.code, 60)}")
        if to_person:
            body = (
                f"I cannot write to {mention(message.place)}: {way}. Name somebody else with *Edit details* on the status card."
            )
        else:
            where = f"*{literal(migration.name, 200)}* in <#{migration.channel}>"
            body = f"I cannot post about {where}: {way}. I go on working, and post what was missed once it is repaired."
        place = "thread" if to_person else migration.requester
        await self.store.messages.show(
            key,
            migration_id=migration.id,
            channel=migration.channel,
            place=place,
            kind=MessageKind.PROBLEM,
            subject=MRKDWN,
            body=body,
        )
