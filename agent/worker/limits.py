"""Limits that all workers share: their lines in the database, and what each worker tells the operator of those in force."""

import asyncio
import math
from datetime import datetime

import structlog

from db.records import LimitTold
from db.store import Store
from pipeline.models.limits import InForce, Ledger, Limiter, MemoryLedger, Rules
from pipeline.models.limits.line import HORIZON_S, Lease
from pipeline.models.limits.service_quotas import ServiceQuotas
from pipeline.models.settings import ModelSettings

CLOCKS_S = 60.0
log = structlog.get_logger()


def limiter(settings: ModelSettings, rules: Rules, store: Store, *, shared: bool) -> Limiter:
    """For one worker: the operator's rules, the account's quotas, and lines in the database where there may be other workers."""
    quotas = ServiceQuotas(settings=settings, say=lambda why: log.warning("limits unknown", why=why))
    return Limiter(rules=rules, quotas=quotas, ledger=_ledger(store, shared=shared))


def _ledger(store: Store, *, shared: bool) -> Ledger:
    return SharedLedger(store) if shared else MemoryLedger()


class SharedLedger:
    """The lines in the database, in seconds of this loop's clock.

    How the two clocks differ is what they differed by when an answer came fastest: a slow one would shift its lease, and the
    next would run into it. Looked at anew each minute, because clocks drift.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ahead_s = self._ahead_now_s = math.inf
        self._since = 0.0

    async def lease(self, key: str, seconds: float, back: float) -> Lease:
        lent = await self._store.quotas.lease(key, seconds, back, HORIZON_S)
        ahead = self._ahead(lent.now)
        if lent.start is None:
            return Lease(start=None, end=lent.line - HORIZON_S + ahead, mark=lent.line)
        return Lease(start=lent.start + ahead, end=lent.line + ahead, mark=lent.line)

    async def hand_back(self, key: str, seconds: float, mark: float) -> None:
        await self._store.quotas.hand_back(key, seconds, mark)

    def _ahead(self, database: float) -> float:
        """Seconds to add to the database's clock for the loop's."""
        now = asyncio.get_running_loop().time()
        if now - self._since >= CLOCKS_S:
            self._since, self._ahead_s, self._ahead_now_s = now, self._ahead_now_s, math.inf
        self._ahead_now_s = min(self._ahead_now_s, now - database)
        return min(self._ahead_s, self._ahead_now_s)


class Teller:
    """Says what is in force whenever that changed; `worker` is whose limits they are."""

    def __init__(self, limiter: Limiter, store: Store, worker: str) -> None:
        self._limiter, self._store, self._worker = limiter, store, worker
        self._said: tuple[InForce, ...] = ()

    async def __call__(self) -> None:
        now = self._limiter.in_force()
        if now != self._said:
            at = self._store.clock()
            await self._store.quotas.tell([_told(each, self._worker, at) for each in now])
            self._said = now


def _told(now: InForce, worker: str, at: datetime) -> LimitTold:
    return LimitTold(
        key=now.key,
        worker=worker,
        ref=now.ref,
        requests_per_minute=now.limits.requests_per_minute,
        tokens_per_minute=now.limits.tokens_per_minute,
        source=now.limits.source,
        in_flight=now.in_flight,
        most=now.most,
        pace=now.pace,
        waited_s=now.waited_s,
        throttled=now.throttled,
        at=at,
    )
