"""A process is somebody while it beats: restarts wait for nobody, the same name twice is refused, the silent are replaced."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.presence import Lock, Presence
from db import Store, open_store
from db.places import Places
from db.records import ProcessKind
from pipeline.errors import RefusedError, TemporaryError
from tests.bot.office import eventually
from tests.stores import make_tables

BEAT_S, DEAD_S = 0.05, 0.3


Made = Callable[..., Presence]


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Store]:
    """A store whose clock moves."""
    await make_tables(tmp_path)
    store = await open_store(Places(home=tmp_path))
    yield store
    await store.close()


@pytest.fixture
def presence(live: Store, tmp_path: Path) -> Iterator[Made]:
    """Makes processes of the worker `one`, by data folder, or bots."""
    made: list[Presence] = []

    def make(folder: str = "here", *, kind: ProcessKind = ProcessKind.WORKER, start_s: float = DEAD_S) -> Presence:
        name = "one" if kind is ProcessKind.WORKER else ""
        made.append(
            Presence(store=live, home=tmp_path / folder, kind=kind, name=name, beat_s=BEAT_S, dead_s=DEAD_S, start_s=start_s)
        )
        return made[-1]

    yield make
    for each in made:
        killed(each)


def killed(one: Presence) -> None:
    """What a kill does: the lock is let go of, the row stays."""
    one._lock.close()


async def nothing() -> None:
    return


@asynccontextmanager
async def staying(one: Presence, looked: list[float] | None = None) -> AsyncIterator[asyncio.Task[None]]:
    async def look_after() -> None:
        (looked if looked is not None else []).append(asyncio.get_running_loop().time())

    task = asyncio.create_task(one.stay(look_after))
    yield task
    task.cancel()
    await asyncio.wait([task])


async def test_a_restart_after_a_kill_takes_the_name_at_once(presence: Made) -> None:
    one = presence()
    assert await one.arrive() == frozenset()
    killed(one)
    began = asyncio.get_running_loop().time()
    assert await presence().arrive() == {one.holder}
    assert asyncio.get_running_loop().time() - began < DEAD_S


@pytest.mark.parametrize("times", [1, 3])
async def test_a_restart_takes_the_name_at_once_from_those_killed_before_they_could_tell_that_they_had_it(
    live: Store, presence: Made, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Found by a kill between the commit and the next line: the restart was refused, because the dead one counted as starting."""
    first, real = presence(), live.processes.take
    await first.arrive()
    killed(first)

    async def take(*args: Any, **named: Any) -> str | None:
        await real(*args, **named)
        raise SystemExit

    gone = [presence(start_s=60.0) for _ in range(times)]
    with monkeypatch.context() as patch:
        patch.setattr(live.processes, "take", take)
        for each in gone:
            with pytest.raises(SystemExit):
                await each.arrive()
            killed(each)
    began, last = asyncio.get_running_loop().time(), presence()
    assert await last.arrive() == {each.holder for each in (first, *gone)}
    assert asyncio.get_running_loop().time() - began < DEAD_S
    killed(last)
    last = presence()
    assert len(await last.arrive()) == times + 2, "whose work is not taken over yet, is not forgotten"
    async with staying(last):
        await asyncio.sleep(BEAT_S)
    killed(last)
    assert await presence().arrive() == {last.holder}


async def test_a_file_of_an_earlier_version_tells_who_had_the_name(presence: Made, tmp_path: Path) -> None:
    one = presence()
    await one.arrive()
    killed(one)
    (tmp_path / "here" / "names" / "worker-one").write_text(one.holder)
    assert await presence().arrive() == {one.holder}


def test_a_kill_between_the_writes_of_a_signature_leaves_whole_tokens(tmp_path: Path) -> None:
    old, new = [letter * 16 for letter in "abc"], "d" * 16
    file = tmp_path / "lock"
    file.write_text("\n".join(old) + "\n")
    lock = Lock(file)
    assert lock.take()
    assert lock.inherits == set(old)
    os.pwrite(lock._file.fileno(), f"{new}\n".encode(), 0)
    lock.close()
    again = Lock(file)
    assert again.take()
    assert again.inherits == {new, *old[1:]}
    again.sign(new)
    assert file.read_text() == f"{new}\n"
    again.close()


async def test_a_restart_elsewhere_outwaits_one_that_was_killed_while_it_started(presence: Made) -> None:
    one = presence(start_s=4 * DEAD_S)
    await one.arrive()
    assert await presence("there").arrive() == {one.holder}


async def test_a_restart_elsewhere_waits_until_the_dead_one_is_silent_for_long_enough(presence: Made) -> None:
    one = presence()
    await one.arrive()
    assert await presence("there").arrive() == {one.holder}


@pytest.mark.parametrize("folder", ["here", "there"])
async def test_the_name_of_a_living_process_is_refused(presence: Made, folder: str, tmp_path: Path) -> None:
    one = presence()
    await one.arrive()
    async with staying(one):
        for _ in range(2):
            with pytest.raises(RefusedError, match="A worker named one is running already"):
                await presence(folder).arrive()
    assert not one.lost.is_set()
    assert (tmp_path / folder / "names" / "worker-one").read_text() == (f"{one.holder}\n" if folder == "here" else "")


async def test_who_was_buried_learns_it_at_the_next_beat(live: Store, presence: Made) -> None:
    one = presence()
    await one.arrive()
    await asyncio.sleep(DEAD_S + 0.05)
    await live.processes.bury(ProcessKind.WORKER)
    async with staying(one):
        await asyncio.wait_for(one.lost.wait(), 5)


async def test_nobody_looks_after_the_dead_before_there_was_time_for_every_beat(presence: Made) -> None:
    one, looked, began = presence(), list[float](), asyncio.get_running_loop().time()
    await one.arrive()

    async def has_looked() -> bool:
        return bool(looked)

    async with staying(one, looked):
        await eventually(has_looked)
    assert looked[0] - began >= DEAD_S


async def test_a_database_that_is_away_kills_nobody(live: Store, presence: Made) -> None:
    one, looked = presence(), list[float]()
    await one.arrive()
    away = asyncio.Event()
    real = live.processes.beat

    async def beat(kind: ProcessKind, name: str, holder: str, seconds: float) -> bool:
        if away.is_set():
            raise TemporaryError("The database cannot be reached right now.")
        return await real(kind, name, holder, seconds)

    object.__setattr__(live.processes, "beat", beat)
    async with staying(one, looked):
        away.set()
        await asyncio.sleep(2 * DEAD_S)
        back = asyncio.get_running_loop().time()
        looked.clear()
        away.clear()

        async def has_looked() -> bool:
            return bool(looked)

        await eventually(has_looked)
    assert looked[0] - back >= DEAD_S - BEAT_S * 2
    assert not one.lost.is_set()


async def test_any_number_may_be_nobody_in_particular(live: Store, presence: Made) -> None:
    bots = [presence(kind=ProcessKind.BOT) for _ in range(3)]
    assert [await bot.arrive() for bot in bots] == [frozenset()] * 3
    assert len(await live.processes.listed()) == 3
    for bot in bots:
        killed(bot)
    assert await presence(kind=ProcessKind.BOT).arrive() == {bots[0].holder}
