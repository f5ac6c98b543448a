"""The workflow as a picture: nodes do one thing, gates (`gate_*`) wait for one answer, edges say what comes next.

Never rename or remove a gate while migrations may wait in it: a waiting thread would end silently. `GRAPH_VERSION` is the way.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agent import nodes
from agent.nodes import Deps
from agent.state import State

Graph = CompiledStateGraph[State, Deps, State, State]

NODES: tuple[Callable[..., Awaitable[State]], ...] = (
    nodes.gate_dataset,
    nodes.draft_plan,
    nodes.gate_plan,
    nodes.start_baseline,
    nodes.gate_baseline,
    nodes.propose_prompts,
    nodes.gate_candidates,
    nodes.narrow_prompts,
    nodes.improve_prompts,
    nodes.gate_improved,
    nodes.choose_prompts,
    nodes.gate_prompts,
    nodes.start_round,
    nodes.start_targets,
    nodes.gate_targets,
    nodes.open_review,
    nodes.gate_review,
    nodes.write_report,
    nodes.gate_report,
    nodes.gate_sign_off,
    nodes.publish,
    nodes.cancel,
    nodes.reject,
)

EDGES = (
    (START, "gate_dataset"),
    ("gate_dataset", "draft_plan"),
    ("draft_plan", "gate_plan"),
    ("start_baseline", "gate_baseline"),
    ("gate_baseline", "propose_prompts"),
    ("propose_prompts", "gate_candidates"),
    ("gate_candidates", "narrow_prompts"),
    ("improve_prompts", "gate_improved"),
    ("gate_improved", "gate_candidates"),
    ("choose_prompts", "gate_prompts"),
    ("start_round", "gate_candidates"),
    ("start_targets", "gate_targets"),
    ("gate_targets", "open_review"),
    ("gate_review", "write_report"),
    ("write_report", "gate_report"),
    ("gate_report", "gate_sign_off"),
    ("publish", END),
    ("cancel", END),
    ("reject", END),
)

FORKS = {
    "gate_plan": {"approve": "start_baseline", "change": "draft_plan", "cancel": "cancel"},
    "narrow_prompts": {"more": "gate_candidates", "improve": "improve_prompts", "done": "choose_prompts"},
    "gate_prompts": {"use": "start_targets", "round": "start_round", "cancel": "cancel"},
    "open_review": {"review": "gate_review", "skip": "write_report"},
    "gate_sign_off": {"approve": "publish", "request_changes": "draft_plan", "reject": "reject"},
}


def build(checkpointer: BaseCheckpointSaver[Any] | None = None) -> Graph:
    """The compiled workflow; without a `checkpointer` it is good for its picture only."""
    graph = StateGraph(State, context_schema=Deps)
    for node in NODES:
        graph.add_node(node.__name__, node)
    for start, end in EDGES:
        graph.add_edge(start, end)
    for start, ways in FORKS.items():
        graph.add_conditional_edges(start, _answer, ways)  # type: ignore[arg-type]
    return graph.compile(checkpointer=checkpointer)


def picture() -> str:
    """The graph as Mermaid text, as it is compiled."""
    return build().get_graph().draw_mermaid()


def _answer(state: State) -> str:
    return state["answer"]
