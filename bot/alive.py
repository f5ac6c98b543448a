"""Who is alive and what waits, as sentences for the operator."""

from db.places import Places
from db.records import LimitTold, Process, ProcessKind
from db.store import Store, look_into
from pipeline.errors import TemporaryError

SKEW_S = 1.0


async def at_work(places: Places) -> tuple[list[str], list[str]]:
    """Problems, and what there is to know."""
    try:
        store = await look_into(places)
    except TemporaryError:
        return ["The database cannot be reached from here. Check FERRY_DATABASE_URL, and whether Postgres runs."], []
    if store is None:
        return [], ["There is no data of this version yet: `ferry up` makes the tables at its start."]
    try:
        known = [*(_told(each) for each in await store.processes.listed()), await _waiting(store)]
        return await _problems(store), [*known, *(_limit(each) for each in await store.quotas.told())]
    finally:
        await store.close()


async def _problems(store: Store) -> list[str]:
    problems = []
    if not any(each.alive and each.kind is ProcessKind.WORKER for each in await store.processes.listed()):
        problems.append("No worker is alive, so nothing is worked on. Start one with `ferry worker`, or both with `ferry up`.")
    ahead = await store.processes.ahead_s()
    if abs(ahead) > SKEW_S:
        way = "Have both keep time by NTP: messages and moves are held by the clock."
        problems.append(f"This host's clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} the database's. {way}")
    return problems


def _told(process: Process) -> str:
    who = f"The {process.kind} {process.name} on {process.host}"
    if process.alive:
        return f"{who} is alive: last beat {process.silent_s:.1f} s ago, started {process.started_at:%Y-%m-%d %H:%M} UTC."
    return f"{who} is gone: last beat {process.silent_s:.0f} s ago. What it had begun is done by the living ones."


def _limit(told: LimitTold) -> str:
    """What a worker holds the calls of a model to, who says so, and what came of it."""
    rates = (("requests", told.requests_per_minute), ("tokens", told.tokens_per_minute))
    held = " and ".join(f"{rate:,.0f} {what}" for what, rate in rates if rate is not None)
    pace = f", at {told.pace:.0%} of it after throttles" if told.pace < 1 else ""
    limit = f"{held} a minute ({told.source}){pace}" if held else f"no rate ({told.source})"
    calls = f"{told.in_flight} of at most {told.most} calls at once"
    came = f"Calls waited {told.waited_s:,.0f} s in all, {told.throttled:,} were throttled."
    return f"Limits of {told.key} in {told.worker}, {told.at:%Y-%m-%d %H:%M} UTC: {limit}, {calls}. {came}"


async def _waiting(store: Store) -> str:
    runs = await store.runs.unfinished()
    samples = sum(run.total - run.stored for run in runs)
    migrations = await store.migrations.active()
    files = [upload for each in migrations for upload in await store.datasets.uploads(each.id) if upload.state == "waiting"]
    messages = await store.messages.due(store.clock(), limit=1000)
    return (
        f"Waiting: {len(runs)} runs ({samples:,} samples without an answer), {len(files)} datasets to read, "
        f"{len(messages)} messages to send."
    )
