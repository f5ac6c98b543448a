"""The form "Metrics and judge": second opinions have a field of their own, can be asked for and never decide."""

from typing import Any

from bot.blocks.validate import validate_view
from bot.buttons import Press
from bot.modals import metrics
from db.records import Plan, PlanChange
from pipeline.records import Criteria, MetricChoice

PRESS = Press(migration="m1", question="plan:1")
CHOSEN = (MetricChoice(metric="exact_match", primary=True), MetricChoice(metric="bedrock_refusal"))
PLAN = Plan(
    migration_id="m1",
    number=1,
    criteria=Criteria(metrics=CHOSEN),
    source="recorded:today",
    targets=("local:a",),
    review_pairs=6,
    estimates=(),
    offered=("chrf", "bedrock_correctness", "bedrock_coherence"),
)


def opened() -> dict[str, Any]:
    return metrics.view(PRESS, PLAN)


def options(view: dict[str, Any], field: str) -> list[str]:
    block = next(block for block in view["blocks"] if block["block_id"] == field)
    return [option["value"] for option in block["element"]["options"]]


def sent(view: dict[str, Any], **chosen: list[str]) -> dict[str, Any]:
    """As it opened, but for what was chosen in these fields."""
    values = {}
    for block in view["blocks"]:
        element, name = block["element"], block["block_id"]
        kept = [option["value"] for option in element.get("initial_options", [])]
        picked = [{"value": value} for value in chosen.get(name, kept)]
        text = {"value": element.get("initial_value")} if element["type"] == "plain_text_input" else {"selected_options": picked}
        values[name] = {"value": {"type": element["type"], **text}}
    return {**view, "state": {"values": values}}


def test_second_opinions_are_offered_apart_and_cannot_be_made_to_decide() -> None:
    view = opened()
    assert validate_view(view) == ()
    assert options(view, "second") == ["bedrock_correctness", "bedrock_coherence"]
    assert options(view, "more") == ["chrf"]
    assert options(view, "deciding") == ["exact_match", "chrf"]


def test_one_that_is_chosen_is_added() -> None:
    change, errors = metrics.read(sent(opened(), second=["bedrock_correctness"], more=["chrf"]))
    assert errors == {}
    assert change == PlanChange(add_metrics=("chrf", "bedrock_correctness"))


def test_one_that_is_unticked_is_removed() -> None:
    change, _ = metrics.read(sent(opened(), measured_1=["exact_match"]))
    assert change == PlanChange(remove_metrics=("bedrock_refusal",))
