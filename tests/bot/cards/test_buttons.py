"""Every button leads somewhere: its action has a listener, its value fits and says which migration, and it can be read back."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import limits
from bot.buttons import loads
from bot.cards.home import HomeFacts, home_view
from bot.cards.question import BUILDERS
from bot.desk import Desk
from bot.listeners import register
from bot.modals import budget, criteria, edit_details, metrics, new_migration, notes, plan_change, references
from db.records import Question, QuestionKind
from db.store import Store
from tests.bot.cards.prompted import forms
from tests.bot.cards.told import MIGRATION, cards, homes
from tests.bot.office import KeepingEngine
from tests.stores import START

PAGERS = {"home_newer", "home_older"}


class Registering(AsyncApp):
    """A real app that notes the ids its listeners are registered for."""

    actions: set[str]
    views: set[str]

    def action(self, constraints: Any, *args: Any, **more: Any) -> Any:
        if isinstance(constraints, str):
            self.actions.add(constraints)
        return super().action(constraints, *args, **more)

    def view(self, constraints: Any, *args: Any, **more: Any) -> Any:
        if isinstance(constraints, str):
            self.views.add(constraints)
        return super().view(constraints, *args, **more)


class Still:
    """A conversation and an outbox in which nothing happens."""

    async def advance(self, migration_id: str) -> Question | None:
        return None

    async def resume(self, migration_id: str, *, by: str) -> Question | None:
        return None

    def nudge(self) -> None:
        """Nothing is sent."""


@pytest.fixture
def app(sqlite_store: Store, tmp_path: Path) -> Registering:
    desk = Desk(
        store=sqlite_store, conversation=Still(), engine=KeepingEngine(), client=AsyncWebClient("xoxb-test"), outbox=Still(),
        clock=lambda: START, files=tmp_path, upload_limit=1,
    )  # fmt: skip
    app = Registering(client=desk.client, signing_secret="s")
    app.actions, app.views = set(), set()
    register(app, desk)
    return app


def shown() -> Iterator[dict[str, Any]]:
    """Every button of every card and form, and those of the home tab."""
    for _, card in cards():
        yield from _buttons(list(card.blocks))
    for _, form in forms():
        yield from _buttons(form["blocks"])
    pages = [home_view(HomeFacts(migrations=(MIGRATION,) * 60, waiting=(), page=page)) for page in range(3)]
    for view in [*pages, *(view for _, view in homes())]:
        yield from _buttons(view["blocks"])


def _buttons(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("type") == "button":
            yield value
        for each in value.values():
            yield from _buttons(each)
    elif isinstance(value, list):
        for each in value:
            yield from _buttons(each)


async def test_every_button_has_a_listener_and_every_listener_a_button(app: Registering) -> None:
    assert {button["action_id"] for button in shown()} == app.actions


async def test_every_form_has_a_listener_and_every_listener_a_form(app: Registering) -> None:
    of_plan = {plan_change.CALLBACK, metrics.CALLBACK, criteria.CALLBACK}
    shown = of_plan | {new_migration.CALLBACK, edit_details.CALLBACK, notes.NOTE_CALLBACK, notes.REASON_CALLBACK}
    of_prompts = {form["callback_id"] for _, form in forms() if "submit" in form}
    assert shown | of_prompts | {references.CALLBACK, budget.CALLBACK} == app.views


def test_every_button_says_which_migration_it_belongs_to() -> None:
    for button in shown():
        assert len(button["value"]) <= limits.BUTTON_VALUE
        if button["action_id"] in PAGERS:
            assert button["value"].isdecimal()
        elif button["action_id"] == "start_open":
            assert set(json.loads(button["value"])) == {"name", "source", "targets"}
        else:
            assert loads(button["value"]).migration == "m1"


def test_what_a_person_decides_names_its_question_and_its_answer() -> None:
    deciding = re.compile("plan_|prompts_|sign_off_|review_close")
    told = {b["action_id"]: loads(b["value"]) for b in shown() if deciding.match(b["action_id"])}
    assert {action: (press.question, press.answer) for action, press in told.items()} == {
        "plan_approve": ("plan:1", "approve"),
        "plan_change": ("plan:1", "change"),
        "plan_metrics": ("plan:1", "change"),
        "plan_criteria": ("plan:1", "change"),
        "plan_try": ("plan:1", "try"),
        "plan_cancel": ("plan:1", "cancel"),
        "prompts_use": ("prompts:1", "use"),
        "prompts_round": ("prompts:1", "round"),
        "prompts_faster": ("prompts:1", "round"),
        "prompts_cancel": ("prompts:1", "cancel"),
        "review_close": ("review:1", "close"),
        "sign_off_approve": ("sign_off:1", "approve"),
        "sign_off_changes": ("sign_off:1", "request_changes"),
        "sign_off_reject": ("sign_off:1", "reject"),
    }


def test_every_kind_of_question_has_a_card() -> None:
    assert set(BUILDERS) == set(QuestionKind)


def test_a_click_that_ends_something_or_binds_somebody_is_asked_about_first() -> None:
    asked = {button["action_id"] for button in shown() if "confirm" in button}
    stops = {"plan_cancel", "prompts_cancel", "migration_cancel", "migration_pause", "prompt_reject", "advpo_stop"}
    assert asked == stops | {"advpo_ask", "review_close", "sign_off_approve"}
