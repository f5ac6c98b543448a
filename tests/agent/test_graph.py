"""The graph's shape, and that threads which waited in an older one go on in today's."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from langgraph.types import Command

from agent.checkpoints import serializer
from agent.graph import EDGES, FORKS, build, picture
from db.records import QuestionKind
from tests.agent import stored

FOLLOWING = {start: end for start, end in EDGES if start.startswith("gate_")}
WAYS = [(gate, "done", (end,)) for gate, end in FOLLOWING.items()]
WAYS += [(gate, answer, (end,)) for gate, ways in FORKS.items() if gate.startswith("gate_") for answer, end in ways.items()]
KEYS = {
    "gate_dataset": (QuestionKind.DATASET, "dataset:1", ""),
    "gate_plan": (QuestionKind.PLAN, "plan:2", "2"),
    "gate_baseline": (QuestionKind.RUNS, "runs:baseline:2", "baseline"),
    "gate_candidates": (QuestionKind.RUNS, "runs:candidates:2", "candidates:2"),
    "gate_improved": (QuestionKind.IMPROVED, "improved:2", "2"),
    "gate_prompts": (QuestionKind.PROMPTS, "prompts:2", "2"),
    "gate_targets": (QuestionKind.RUNS, "runs:targets:2", "targets:2"),
    "gate_review": (QuestionKind.REVIEW, "review:2", "2"),
    "gate_report": (QuestionKind.REPORT, "report:2", "2"),
    "gate_sign_off": (QuestionKind.SIGN_OFF, "sign_off:2", "abc123"),
}


def test_node_names_are_those_that_waiting_migrations_know() -> None:
    """Renaming or removing one ends waiting threads silently: raise GRAPH_VERSION first, then change the list."""
    known = (stored.GOLDEN / "nodes.txt").read_text(encoding="utf-8").split()
    assert sorted(name for name in build().nodes if not name.startswith("__")) == sorted(known)


def test_every_gate_has_a_stored_checkpoint() -> None:
    assert {path.stem for path in stored.FOLDER.glob("*.sql")} == set(stored.gates()) == set(KEYS)


@pytest.mark.parametrize(("gate", "answer", "following"), WAYS)
async def test_a_stored_checkpoint_goes_on(tmp_path: Path, gate: str, answer: str, following: tuple[str, ...]) -> None:
    stored.load(gate, tmp_path)
    async with stored.graph_in(tmp_path) as graph:
        snapshot = await graph.aget_state(stored.THREAD)
        (waiting,) = snapshot.interrupts
        kind, key, subject = KEYS[gate]
        assert waiting.value == {"kind": kind.value, "key": key, "subject": subject}
        resume: Command[str] = Command(resume={waiting.id: answer})
        await graph.ainvoke(resume, stored.THREAD, durability="sync", interrupt_before="*")
        assert (await graph.aget_state(stored.THREAD)).next == following


def test_the_picture_shows_every_node() -> None:
    mermaid = picture()
    assert mermaid.count("gate_sign_off") >= 4
    assert all(name in mermaid for name in build().nodes if not name.startswith("__"))


@dataclass
class Unforeseen:
    value: int


def test_checkpoints_are_read_strictly() -> None:
    """A class that somebody put into a checkpoint is not revived, and langgraph itself is told so before it is imported."""
    assert not isinstance(serializer().loads_typed(serializer().dumps_typed(Unforeseen(1))), Unforeseen)
    assert serializer().loads_typed(serializer().dumps_typed({"number": 2, "answer": "done"})) == {"number": 2, "answer": "done"}
    program = "import agent.graph; from langgraph.checkpoint.serde import _msgpack; print(_msgpack.STRICT_MSGPACK_ENABLED)"
    assert run(program) == "True"


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


HEAVY = ("xllamacpp", "boto3", "botocore", "matplotlib", "scipy", "numpy", "sacrebleu", "openpyxl", "dbos")


def test_what_the_slack_process_imports_is_light() -> None:
    program = (
        "import sys, agent.conversation, agent.engine, agent.interpret, agent.worker; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert run(program) == "[]"
