"""The outbox's sender: says everything once, edits afterwards, and keeps to Slack's pace.

One message of a conversation at a time, in the order they were written down; what a message says is read from the facts when it
is sent, so that the last state wins. After a lost connection or a crash a message is looked for before it is posted again.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.blocks.escape import literal
from bot.cards.kit import Card, mention
from bot.fit import payloads
from bot.poster import Poster
from bot.trouble import SLACK_FAILURES, WAYS_OUT, Kind, Trouble, trouble_of
from db.records import Message, MessageKind
from db.store import Store
from pipeline.errors import FerryError

Render = Callable[[Message], Awaitable[Card]]
LEASE = "outbox"
EDITED_OFTEN = frozenset({MessageKind.PROGRESS, MessageKind.STATUS})
RETRY_S = 60.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. Slack takes about one post a second and channel, with short bursts; living cards are edited every `edit` at most."""

    post: float = 1.0
    burst: int = 3
    edit: float = 3.0
    poll: float = 0.3
    lease: float = 3.0


@dataclass(slots=True)
class Lane:
    """One conversation: how many posts it may take at once, and until when it is left alone."""

    tokens: float
    at: float
    quiet_until: float = 0.0
    failures: int = 0

    def take(self, now: float, pace: Pace) -> float:
        """Take the next post; returns the seconds until it may be made."""
        if pace.post <= 0:
            return 0.0
        self.tokens = min(float(pace.burst), self.tokens + (now - self.at) / pace.post) - 1
        self.at = now
        return max(0.0, -self.tokens * pace.post)


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
    _lease_until: float = 0.0

    def nudge(self) -> None:
        """Something new is in the outbox: look now instead of at the next turn."""
        self._nudged.set()

    async def run(self) -> None:
        """Send what is due until `stop`; what is being sent then is finished first."""
        while not self._stopping:
            if await self._leads():
                await self.turn()
            try:
                await asyncio.wait_for(self._nudged.wait(), self.pace.poll)
            except TimeoutError:
                continue
            self._nudged.clear()
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=10)
        await self.store.leases.release(LEASE, self.holder)

    def stop(self) -> None:
        self._stopping = True
        self._nudged.set()

    async def turn(self) -> None:
        """Start sending in every conversation that has something due and is not being sent to."""
        lanes: dict[str, list[Message]] = defaultdict(list)
        for message in await self.store.messages.due(self.clock()):
            if self._ripe(message):
                lanes[lane_of(message)].append(message)
        for name, messages in lanes.items():
            if name not in self._busy and self._lane(name).quiet_until <= _now():
                task = asyncio.create_task(self._work(name, messages))
                self._busy[name] = task
                task.add_done_callback(lambda _, name=name: self._busy.pop(name, None))

    async def idle(self) -> None:
        """Wait for what is being sent."""
        while self._busy:
            await asyncio.wait(self._busy.values())

    async def _leads(self) -> bool:
        if self._lease_until > _now() + self.pace.lease / 2:
            return True
        asked = _now()
        taken = await self.store.leases.take(LEASE, self.holder, self.pace.lease, self.clock())
        self._lease_until = asked + self.pace.lease if taken else 0.0
        return taken

    def _ripe(self, message: Message) -> bool:
        """Whether an edit of a living card may be made already; coalescing is waiting."""
        if message.ts is None or message.sent_at is None or message.kind not in EDITED_OFTEN:
            return True
        return self.clock() - message.sent_at >= timedelta(seconds=self.pace.edit)

    def _lane(self, name: str) -> Lane:
        return self._lanes.setdefault(name, Lane(tokens=float(self.pace.burst), at=_now()))

    async def _work(self, name: str, messages: Sequence[Message]) -> None:
        lane = self._lane(name)
        for message in messages:
            if self._stopping or lane.quiet_until > _now():
                return
            sending = asyncio.create_task(self._send(message.key, lane))
            await asyncio.wait({sending})
            await self._after(message, sending, lane)

    async def _after(self, message: Message, sending: asyncio.Task[None], lane: Lane) -> None:
        """One message that cannot be made must not keep the others of its conversation from going out."""
        error = sending.exception()
        if error is None:
            lane.failures = 0
            return
        if not isinstance(error, Exception):
            raise error
        reference = secrets.token_hex(4)
        said = error.message if isinstance(error, FerryError) else f"reference {reference}"
        log.error("message_not_made", key=message.key, reference=reference, exc_info=error)
        await self.store.messages.hold(message.key, said, self.clock() + timedelta(seconds=RETRY_S))

    async def _send(self, key: str, lane: Lane) -> None:
        message = await self.store.messages.get(key)
        if message is None or message.sent >= message.revision:
            return
        card = await self.render(message)
        thread = await self._thread(message)
        try:
            ts = message.ts or await self._arrived(message, thread)
        except SLACK_FAILURES as error:
            self._rest(lane, trouble_of(error))
            return
        if ts is None:
            await asyncio.sleep(lane.take(_now(), self.pace))
        await self.store.messages.begin(key, message.revision, self.clock())
        try:
            ts = await self._put(message, card, ts, thread)
        except SLACK_FAILURES as error:
            await self._failed(message, trouble_of(error), lane)
            return
        await self.store.messages.sent(key, message.revision, ts, self.clock())

    async def _thread(self, message: Message) -> str | None:
        if message.place != "thread" or message.migration_id is None:
            return None
        return (await self.store.migrations.get(message.migration_id)).thread_ts

    async def _arrived(self, message: Message, thread: str | None) -> str | None:
        """The ts of a message that was being sent when the connection or the process was lost."""
        return await self.poster.find(message, thread) if message.state == "sending" else None

    async def _put(self, message: Message, card: Card, ts: str | None, thread: str | None) -> str:
        if card.files:
            return ts or await self.poster.upload(message, card, thread)
        ts = await self._say(message, card, ts, thread)
        if message.place == "root" and message.sent == 0:
            await self.poster.pin(message, ts)
        return ts

    async def _say(self, message: Message, card: Card, ts: str | None, thread: str | None) -> str:
        """Post or edit in the richest form Slack takes; the last form is text alone."""
        *rich, simple = list(payloads(card))
        for payload in rich:
            try:
                return await self._once(message, payload, ts, thread)
            except SLACK_FAILURES as error:
                if trouble_of(error).kind is not Kind.TOO_RICH:
                    raise
                log.warning("message_simplified", key=message.key, error=trouble_of(error).code)
        return await self._once(message, simple, ts, thread)

    async def _once(self, message: Message, payload: dict[str, object], ts: str | None, thread: str | None) -> str:
        if ts is None:
            return await self.poster.post(message, payload, thread)
        await self.poster.edit(message, ts, payload)
        return ts

    async def _failed(self, message: Message, trouble: Trouble, lane: Lane) -> None:
        """Decide what becomes of a message Slack did not take."""
        if trouble.kind is Kind.UNKNOWN:  # it may have arrived: it stays `sending`, so that it is looked for
            self._rest(lane, trouble)
        elif trouble.kind is Kind.GONE and message.ts:
            await self.store.messages.forget_ts(message.key)
            self.nudge()
        elif trouble.kind is Kind.SLOW:
            self._rest(lane, trouble)
            await self.store.messages.hold(message.key, "Slack asked to wait", self.clock() + timedelta(seconds=trouble.seconds))
        else:
            log.warning("message_held", key=message.key, error=trouble.code)
            await self.store.messages.hold(message.key, trouble.code, self.clock() + timedelta(seconds=RETRY_S))
            if trouble.kind is Kind.UNREACHABLE:
                await self._tell_unreachable(message, trouble)

    def _rest(self, lane: Lane, trouble: Trouble) -> None:
        """Leave the conversation alone: as long as Slack says, else a little longer with each failure."""
        lane.failures += 1
        lane.quiet_until = _now() + (trouble.seconds or min(30.0, 0.25 * 2**lane.failures))

    async def _tell_unreachable(self, message: Message, trouble: Trouble) -> None:
        """Tell the requester once, where they can be reached, what keeps a message from arriving and what to do about it."""
        if message.migration_id is None or message.kind is MessageKind.PROBLEM:
            return
        migration = await self.store.migrations.get(message.migration_id)
        person = message.place not in {"root", "thread"}
        key = f"unreachable:{migration.id}" + (f":{message.place}" if person else "")
        if await self.store.messages.get(key):
            return
        name = literal(migration.name, 200)
        way = WAYS_OUT.get(trouble.code, f"Slack answers {trouble.code}")
        in_channel = f"I cannot post about *{name}* in <#{migration.channel}>: {way}; I go on working and post what was missed."
        to_person = f"I cannot write to {mention(message.place)} ({trouble.code}). Name somebody else with *Edit details*."
        await self.store.messages.show(
            key,
            migration_id=migration.id,
            channel=migration.channel,
            place="thread" if person else migration.requester,
            kind=MessageKind.PROBLEM,
            subject="mrkdwn",
            body=to_person if person else in_channel,
        )


def lane_of(message: Message) -> str:
    """The conversation in which the order of messages is kept."""
    return message.channel if message.place in {"root", "thread"} else message.place


def _now() -> float:
    return asyncio.get_running_loop().time()
