"""Brings events, clicks and commands to the app and watches for its acknowledgement.

An event that is not acknowledged within three seconds comes again, at once and then spaced, at most three times, as
docs.slack.dev/apis/events-api#retries says. Clicks, submissions and commands are never repeated: the person sees an error.
"""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, TypeAlias

from bot.blocks import limits
from bot.workspace.faults import Faults
from bot.workspace.log import Log, Sent
from bot.workspace.tasks import Tasks
from bot.workspace.wire import Json, NotAckedError

Kind: TypeAlias = Literal["events_api", "interactive", "slash_commands"]
RETRIES: Sequence[float] = (0.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One delivery; `attempt` counts the repetitions, `reason` says why it is repeated."""

    kind: Kind
    payload: Json
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    attempt: int = 0
    reason: str = ""

    @property
    def name(self) -> str:
        """What it is, for the log: `command /migrate`, `block_actions`, `event app_mention`."""
        if self.kind == "slash_commands":
            return f"command {self.payload['command']}"
        if self.kind == "events_api":
            return f"event {self.payload['event']['type']}"
        return str(self.payload["type"])


class Transport(Protocol):
    """A way to the app: returns what it acknowledged with, or raises NotAckedError."""

    async def deliver(self, envelope: Envelope, seconds: float) -> Json | None: ...


class Delivery:
    """Sends envelopes over the transport in use, which can be changed while running."""

    def __init__(self, log: Log, faults: Faults, tasks: Tasks, transport: Transport) -> None:
        self.transport = transport
        self.retries = RETRIES
        self.ack_seconds = limits.ACK_SECONDS
        self._log, self._faults, self._tasks = log, faults, tasks

    async def ask(self, kind: Kind, payload: Json) -> Json | None:
        """Delivers a click, a submission or a command once and returns what it was acknowledged with (NotAckedError)."""
        envelope = Envelope(kind=kind, payload=payload)
        answer = await self._once(envelope)
        self._again(envelope)
        return answer

    def publish(self, payload: Json) -> None:
        """Delivers an event in the background, with retries."""
        self._tasks.start(self._publish(Envelope(kind="events_api", payload=payload)))

    async def _publish(self, envelope: Envelope) -> None:
        for attempt, wait in enumerate((0.0, *self.retries)):
            await asyncio.sleep(wait)
            envelope = replace(envelope, attempt=attempt)
            try:
                await self._once(envelope)
            except NotAckedError as error:
                if not error.retry:
                    return
                envelope = replace(envelope, reason=error.reason)
            else:
                self._again(envelope)
                return

    async def _once(self, envelope: Envelope) -> Json | None:
        entry = self._log.delivery(envelope.id, envelope.kind, time.time(), envelope.attempt, envelope.name)
        start = time.perf_counter()
        try:
            answer = await self.transport.deliver(envelope, self.ack_seconds)
        except NotAckedError as error:
            entry.error = error.reason
            raise
        _acked(entry, start)
        return answer

    def _again(self, envelope: Envelope) -> None:
        """Repeats an acknowledged delivery as the fault says: Slack may do that at any time."""
        fault = self._faults.take(envelope.kind, "redeliver")
        for repetition in range(fault.again if fault else 0):
            self._tasks.start(self._repeat(_repetition(envelope, repetition + 1, fresh=bool(fault and fault.fresh))))

    async def _repeat(self, envelope: Envelope) -> None:
        try:
            await self._once(envelope)
        except NotAckedError:
            return  # the log has it


def _repetition(envelope: Envelope, number: int, *, fresh: bool) -> Envelope:
    """The same delivery once more; `fresh` gives an event a new id, which Slack has been seen to do."""
    if envelope.kind != "events_api":
        return envelope
    if fresh:
        return Envelope(kind=envelope.kind, payload={**envelope.payload, "event_id": f"{envelope.payload['event_id']}R{number}"})
    return replace(envelope, attempt=number, reason="timeout")


def _acked(entry: Sent, start: float) -> None:
    entry.ms = (time.perf_counter() - start) * 1_000


def acknowledged(answer: object) -> Json | None:
    """What came with an acknowledgement: an object, a text (which Slack takes as a message), or nothing."""
    if isinstance(answer, str) and answer.strip():
        return {"text": answer}
    return dict(answer) if isinstance(answer, Mapping) and answer else None
