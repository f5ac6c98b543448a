"""Words about money: what 1,000 calls may cost, and what a whole migration may."""

import pytest

from agent.interpret import IntentKind
from agent.interpret.rules import read
from tests.agent.interpret.test_rules import FACTS


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("at most 2 USD per 1,000 calls", 2.0),
        ("at most $0.0125 per 1000 calls", 0.0125),
        ("cost cap 0,05", 0.05),
        ("no cost cap", 0.0),
        ("change the cost cap", None),
    ],
)
def test_a_cap_is_usd_for_a_thousand_calls(text: str, usd: float | None) -> None:
    intent = read(text, FACTS)
    assert (intent.kind, intent.usd) == (IntentKind.CHANGE_CAP, usd)


@pytest.mark.parametrize(
    ("text", "usd"),
    [("set the budget to 20 USD", 20.0), ("budget $1,200.50", 1200.5), ("the budget is 0.5 usd", 0.5), ("no budget please", 0.0),
     ("change the budget", None)],
)  # fmt: skip
def test_a_budget_is_an_amount_or_none_or_asked_back(text: str, usd: float | None) -> None:
    found = read(text, FACTS)
    assert (found.kind, found.budget) == (IntentKind.SET_BUDGET, usd)


@pytest.mark.parametrize("text", ["what is the budget?", "our budget meeting is on monday", "do not set the budget to 20 USD"])
def test_talk_about_a_budget_sets_none(text: str) -> None:
    assert read(text, FACTS).kind is not IntentKind.SET_BUDGET
