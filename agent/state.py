"""What a checkpoint holds: ids and short strings. Facts are in the store, so a changed fact never needs a changed checkpoint."""

from typing import TypedDict

GRAPH_VERSION = 1
"""Part of the thread's id: a graph that cannot continue older checkpoints counts it up, and threads start from the facts."""


class State(TypedDict, total=False):
    """`number` counts plans and is the round; `answer` is what the last gate or fork learnt and the next edge looks at.

    Within a number, `rung` counts how often candidates were looked at and `turn` how often people asked for another turn on dev.
    Both are 0 in checkpoints that do not have them.
    """

    migration_id: str
    dataset_id: str
    number: int
    rung: int
    turn: int
    answer: str
    report_hash: str


def thread_id(migration_id: str) -> str:
    """The thread of checkpoints of a migration."""
    return f"{migration_id}:g{GRAPH_VERSION}"
