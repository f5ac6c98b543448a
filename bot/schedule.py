"""The clock of the monitors. APScheduler only rings; that a tick is done once is a unique row, claimed by whoever rings first.

The key of a tick is the local date and time without offset: on the night the clocks go back 01:30 rings twice and is one tick.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from agent.engine import Engine, WorkKind
from bot.settings import weekday_names_only
from db.records import Monitor
from db.store import Store

GRACE = timedelta(minutes=5)
RESYNC_S, LOOK_AHEAD_HOUR = 60, 5
DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": int(GRACE.total_seconds())}
log = structlog.get_logger()


class FireTimeExecutor(AsyncIOExecutor):  # type: ignore[misc]
    """Hands a job the time it was meant to ring at, which APScheduler 3 (it ships no types) keeps to itself."""

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> Any:  # noqa: ANN401  APScheduler's job and future
        if job.kwargs.get("tells_time"):
            job.kwargs = {**job.kwargs, "rang_at": run_times[-1]}
        return super()._do_submit_job(job, run_times)


@dataclass(slots=True, kw_only=True)
class Clock:
    """Rings for every active monitor. Start it on the event loop it shall ring on."""

    store: Store
    engine: Engine
    clock: Callable[[], datetime]
    _wound: dict[str, tuple[str, str]] = field(default_factory=dict)
    _scheduler: AsyncIOScheduler = field(
        default_factory=lambda: AsyncIOScheduler(timezone="UTC", executors={"default": FireTimeExecutor()}, job_defaults=DEFAULTS)
    )

    async def start(self) -> None:
        """Wind the clock, and ring what was missed while nobody was there."""
        await self.resync()
        self._scheduler.add_job(self.resync, "interval", seconds=RESYNC_S, id="resync")
        self._scheduler.add_job(self.look_ahead, CronTrigger(hour=LOOK_AHEAD_HOUR, timezone="UTC"), id="lifecycle")
        self._scheduler.start()
        await self.look_ahead()
        for monitor in await self.store.monitors.active():
            missed = newest_missed(monitor, self.clock())
            if missed:
                await self.ring(monitor.id, rang_at=missed)

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    async def resync(self) -> None:
        """Take over what changed among the monitors, and the ticks whose maker died."""
        active = {monitor.id: (monitor.cron, monitor.timezone) for monitor in await self.store.monitors.active()}
        for monitor_id in self._wound.keys() - active.keys():
            self._scheduler.remove_job(monitor_id)
            del self._wound[monitor_id]
        for monitor_id, when in active.items():
            if self._wound.get(monitor_id) != when:
                self._wind(monitor_id, *when)
        for digest in await self.store.monitors.expired(self.clock()):  # whoever makes it claims it again
            await self._submit(digest.monitor_id, digest.tick)

    async def look_ahead(self) -> None:
        """Once a day and at each start: does a signed target retire? However often it is asked, each thing is told once."""
        day = self.clock().date().isoformat()
        for monitor in await self.store.monitors.active():
            await self.engine.submit(WorkKind.LIFECYCLE, f"{monitor.id}:{day}", monitor.id, day)

    def _wind(self, monitor_id: str, cron: str, timezone: str) -> None:
        """Winding a clock that is wound already would lose a ring that is just due, so it is done only for a changed one.

        APScheduler wants every argument at once; FireTimeExecutor puts the real time in the place of this one.
        """
        kwargs = {"monitor_id": monitor_id, "tells_time": True, "rang_at": self.clock()}
        self._scheduler.add_job(self.ring, trigger_of(cron, timezone), id=monitor_id, kwargs=kwargs, replace_existing=True)
        self._wound[monitor_id] = (cron, timezone)

    async def ring(self, monitor_id: str, *, rang_at: datetime, tells_time: bool = True) -> None:
        """Claim the tick, and have its digest made if it is ours."""
        monitor = await self.store.monitors.get(monitor_id)
        if not monitor.active:
            return
        tick = tick_of(monitor, rang_at)
        if await self.store.monitors.claim(monitor_id, tick, self.clock()):
            log.info("digest_due", monitor=monitor_id, tick=tick)
            await self._submit(monitor_id, tick)

    async def _submit(self, monitor_id: str, tick: str) -> None:
        await self.engine.submit(WorkKind.DIGEST, f"{monitor_id}:{tick}", monitor_id, tick)


def trigger_of(cron: str, timezone: str) -> CronTrigger:
    """`cron` in its time zone; weekdays by name only."""
    return CronTrigger.from_crontab(weekday_names_only(cron), timezone=ZoneInfo(timezone))


def tick_of(monitor: Monitor, rang_at: datetime) -> str:
    """`2026-11-23T09:00` in the monitor's time zone."""
    return rang_at.astimezone(ZoneInfo(monitor.timezone)).strftime("%Y-%m-%dT%H:%M")


def newest_missed(monitor: Monitor, now: datetime) -> datetime | None:
    """The last time it should have rung within the grace before `now`; older ones are not made up for."""
    trigger, newest = trigger_of(monitor.cron, monitor.timezone), None
    found: datetime | None = trigger.get_next_fire_time(None, now - GRACE)
    while found is not None and found <= now:
        newest, found = found, trigger.get_next_fire_time(found, now)  # a sum in local time would forget which of two equal hours
    return newest
