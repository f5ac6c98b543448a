"""Checkpoints as earlier versions of the graph left them, one SQL file per gate, and how they are made.

`python -m tests.agent.stored` writes the files of gates that have none yet. A file is never made anew: it is what a waiting
migration has on disk, and today's graph must go on from it.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from agent.checkpoints import open_checkpoints
from agent.graph import EDGES, FORKS, Graph, build
from agent.state import State, thread_id
from db.places import Places

GOLDEN = Path(__file__).parent / "golden"
FOLDER = GOLDEN / "checkpoints"
THREAD: Any = {"configurable": {"thread_id": thread_id("m1")}}
AT_GATE: State = {"migration_id": "m1", "dataset_id": "d1", "number": 2, "answer": "done", "report_hash": "abc123"}


@asynccontextmanager
async def graph_in(home: Path) -> AsyncIterator[Graph]:
    async with open_checkpoints(Places(home=home)) as saver:
        yield build(saver)


def gates() -> list[str]:
    return [name for name in build().nodes if name.startswith("gate_")]


def load(gate: str, home: Path) -> None:
    """Put the stored thread of a gate into `home`."""
    with closing(sqlite3.connect(home / "graph.db")) as connection:
        connection.executescript((FOLDER / f"{gate}.sql").read_text(encoding="utf-8"))


async def _store(gate: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        async with graph_in(home) as graph:
            await _wait_at(graph, gate)
        with closing(sqlite3.connect(home / "graph.db")) as connection:
            text = "\n".join(connection.iterdump()) + "\n"
    (FOLDER / f"{gate}.sql").write_text(text, encoding="utf-8")


async def _wait_at(graph: Graph, gate: str) -> None:
    if gate == "gate_dataset":
        await graph.ainvoke({"migration_id": "m1"}, THREAD, durability="sync")
        return
    before = [start for start, end in EDGES if end == gate] + [start for start, ways in FORKS.items() if gate in ways.values()]
    answers = {start: answer for start, ways in FORKS.items() for answer, end in ways.items() if end == gate}
    await graph.aupdate_state(THREAD, {**AT_GATE, "answer": answers.get(before[0], "done")}, as_node=before[0])
    await graph.ainvoke(None, THREAD, durability="sync")


if __name__ == "__main__":
    for each in gates():
        if not (FOLDER / f"{each}.sql").exists():
            asyncio.run(_store(each))
