"""What every attempt of a call passes: room among the open calls, then the buckets of requests and of tokens."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pipeline.models.limits.bucket import Bucket
from pipeline.models.limits.burndown import burndown
from pipeline.models.limits.estimate import Asked, Estimator
from pipeline.models.limits.line import Ledger
from pipeline.models.limits.rules import NONE, Limits
from pipeline.models.limits.window import Window
from pipeline.records import Output

WAIT_S = 0.001  # less is no wait
FREE = frozenset(
    {"throttled", "transient", "validation", "access", "model_not_enabled", "unknown_model", "needs_inference_profile"}
)
"""Failures of calls that used no tokens, where the provider counted none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What a gate does right now. `in_flight` of at most `most` calls may be open; `pace` is the share of the limit that is
    used after throttles, `waited_s` what calls have waited in all. Both are of this process."""

    key: str
    ref: str
    limits: Limits
    in_flight: int
    most: int
    pace: float
    waited_s: float
    throttled: int


@dataclass(slots=True, kw_only=True)
class Grant:
    """One attempt that may be made; `settle` it whatever comes of it."""

    gate: "Gate"
    asked: Asked
    tokens: float = 0.0
    booked_s: float = 0.0

    def settle(self, output: Output | None) -> None:
        """Correct what was reserved by what was used. None: the call was cancelled, and may have used all of it."""
        self.gate.settle(self, output)


@dataclass(kw_only=True)
class Gate:
    """The limits of one model in one account, region or address. They are looked up at the first call."""

    key: str
    ref: str
    window: Window
    ledger: Ledger
    look_up: Callable[[], Awaitable[Limits]]
    limits: Limits = NONE
    requests: Bucket | None = None
    tokens: Bucket | None = None
    estimator: Estimator = field(default_factory=Estimator)
    waited_s: float = 0.0
    throttled: int = 0
    _opened: bool = False
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def admit(self, asked: Asked) -> Grant:
        """Returns when an attempt may begin. Cancelled, it has used nothing."""
        if not self._opened:
            await self._open()
        grant = Grant(gate=self, asked=asked)
        if self.tokens is not None:
            grant.tokens = await self.estimator.tokens(asked) + asked.most_output
        came = asyncio.get_running_loop().time()
        try:
            await self._wait(grant)
        finally:
            waited = asyncio.get_running_loop().time() - came
            self.waited_s += waited if waited > WAIT_S else 0.0
        self.window.called()
        return grant

    async def _wait(self, grant: Grant) -> None:
        await self.window.enter()
        request_s, through = 0.0, False
        try:
            if self.requests is not None:
                request_s = await self.requests.take(1)
            if self.tokens is not None:
                grant.booked_s = await self.tokens.take(grant.tokens)
            through = True
        finally:
            if not through:
                self.window.leave()
                if self.requests is not None and request_s:
                    self.requests.give(request_s)

    def settle(self, grant: Grant, output: Output | None) -> None:
        self.window.ended()
        self.window.leave()
        kind = output.failure.kind if output is not None and output.failure is not None else ""
        if output is not None:
            self._correct(grant, output, kind)
        if kind == "throttled":
            self.throttled += 1
        for part in (self.window, self.requests, self.tokens):
            if part is not None and kind == "throttled":
                part.throttled()
            elif part is not None and output is not None and not kind:
                part.went_well()

    def _correct(self, grant: Grant, output: Output, kind: str) -> None:
        usage = output.usage
        if usage is not None and usage.input_tokens:
            self.estimator.counted(grant.asked, usage.input_tokens)
        if self.tokens is None or not grant.tokens:
            return
        if usage is not None:
            used = usage.input_tokens + usage.output_tokens * burndown(self.ref).rate
            self.tokens.give(grant.booked_s * (1 - used / grant.tokens))
        elif kind in FREE:
            self.tokens.give(grant.booked_s)

    def in_force(self) -> InForce:
        buckets = [bucket.pace for bucket in (self.requests, self.tokens) if bucket is not None]
        return InForce(
            key=self.key, ref=self.ref, limits=self.limits, in_flight=self.window.limit, most=self.window.most,
            pace=min(buckets, default=1.0), waited_s=self.waited_s, throttled=self.throttled,
        )  # fmt: skip

    def close(self) -> None:
        for bucket in (self.requests, self.tokens):
            if bucket is not None:
                bucket.close()

    async def _open(self) -> None:
        async with self._opening:
            if not self._opened:
                self.limits = await self.look_up()
                if self.limits.in_flight is not None:
                    self.window.narrow(self.limits.in_flight)
                self.requests = self._bucket("requests", self.limits.requests_per_minute)
                self.tokens = self._bucket("tokens", self.limits.tokens_per_minute)
                self._opened = True

    def _bucket(self, dimension: str, per_minute: float | None) -> Bucket | None:
        return None if per_minute is None else Bucket(f"{self.key} {dimension}", per_minute, self.ledger)


def admitted(
    gate: Gate | None, asked: Callable[[], Asked], attempt: Callable[[], Awaitable[Output]]
) -> Callable[[], Awaitable[Output]]:
    """`attempt`, each time it is made, behind the gate: a retry is admitted anew, and waiting is no part of its latency."""
    if gate is None:
        return attempt

    async def through() -> Output:
        grant = await gate.admit(asked())
        output: Output | None = None
        try:
            output = await attempt()
        finally:
            grant.settle(output)
        return output

    return through
