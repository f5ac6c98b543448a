"""Triggers, stacks, hashes and inputs of modals."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.people import OWNER, REQUESTER, SME_1, SME_2
from bot.workspace.person import Person, WorkspaceError
from bot.workspace.server import Workspace
from tests.bot.workspace.small_app import SmallApp, modal, over_socket, text

Json = dict[str, Any]


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


async def code(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_a_trigger_works_once_and_for_three_seconds() -> None:
    clock = Clock()
    async with await Workspace.start(clock=clock) as workspace:
        client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.base_url)
        used, late = workspace.state.trigger(REQUESTER), workspace.state.trigger(REQUESTER)
        clock.now += 2.9
        await client.views_open(trigger_id=used, view=modal("one"))
        assert await code(client.views_open(trigger_id=used, view=modal("two"))) == "exchanged_trigger_id"
        clock.now += 0.2
        assert await code(client.views_open(trigger_id=late, view=modal("two"))) == "expired_trigger_id"
        assert (await workspace.person(REQUESTER).modal())["callback_id"] == "one"


async def test_an_invalid_view_does_not_use_up_its_trigger(client: AsyncWebClient, workspace: Workspace) -> None:
    trigger = workspace.state.trigger(REQUESTER)
    assert await code(client.views_open(trigger_id=trigger, view=modal("c" * 256))) == "invalid_arguments"
    assert (await client.views_open(trigger_id=trigger, view=modal("ok")))["ok"]


async def test_three_modals_at_most(client: AsyncWebClient, workspace: Workspace, requester: Person) -> None:
    first = await client.views_open(trigger_id=workspace.state.trigger(REQUESTER), view=modal("1", external_id="x-1"))
    for number in ("2", "3"):
        await client.views_push(trigger_id=workspace.state.trigger(REQUESTER), view=modal(number))
    top = await requester.modal("3")
    assert (top["depth"], top["root_view_id"]) == (3, first["view"]["id"])
    assert await code(client.views_push(trigger_id=workspace.state.trigger(REQUESTER), view=modal("4"))) == "push_limit_reached"
    again = modal("5", external_id="x-1")
    assert await code(client.views_open(trigger_id=workspace.state.trigger(OWNER), view=again)) == "duplicate_external_id"
    await requester.close()
    assert (await requester.modal())["callback_id"] == "2"
    await requester.close(everything=True)
    assert (await requester.see())["modal"] is None
    assert await code(client.views_update(view_id=first["view"]["id"], view=modal("1"))) == "not_found"


async def test_updates_are_found_by_either_id_and_guarded_by_hash(client: AsyncWebClient, workspace: Workspace) -> None:
    opened = await client.views_open(trigger_id=workspace.state.trigger(REQUESTER), view=modal("1", external_id="x"))
    old = opened["view"]["hash"]
    updated = await client.views_update(external_id="x", view=modal("2", external_id="x"), hash=old)
    assert updated["view"]["id"] == opened["view"]["id"]
    assert await code(client.views_update(external_id="x", view=modal("3"), hash=old)) == "hash_conflict"
    home = await client.views_publish(user_id=OWNER, view={"type": "home", "blocks": []})
    await client.views_publish(user_id=OWNER, view={"type": "home", "blocks": []}, hash=home["view"]["hash"])
    stale = client.views_publish(user_id=OWNER, view={"type": "home", "blocks": []}, hash=home["view"]["hash"])
    assert await code(stale) == "hash_conflict"


def asks(block_id: str, element: Json, **more: object) -> Json:
    return {"type": "input", "block_id": block_id, "label": text(block_id), "element": {"action_id": "a", **element}, **more}


def options(*values: str) -> list[Json]:
    return [{"text": text(value.title()), "value": value} for value in values]


EVERY_INPUT = modal(
    "order",
    asks("name", {"type": "plain_text_input", "max_length": 5}),
    asks("file", {"type": "file_input", "filetypes": ["csv"], "max_files": 1}),
    asks("case", {"type": "static_select", "options": options("chat", "code")}),
    asks("targets", {"type": "multi_static_select", "options": options("a", "b", "c")}),
    asks("smes", {"type": "multi_users_select", "initial_users": [SME_2]}),
    asks("owner", {"type": "users_select", "initial_user": OWNER}),
    asks("checks", {"type": "checkboxes", "options": options("x", "y")}, optional=True),
    asks("radio", {"type": "radio_buttons", "options": options("l", "r"), "initial_option": options("r")[0]}),
    asks("day", {"type": "datepicker"}, optional=True),
)


@pytest.fixture
async def app(workspace: Workspace) -> AsyncIterator[SmallApp]:
    small = SmallApp(workspace)
    async with over_socket(small, workspace):
        yield small


async def test_every_input_reports_its_state(
    app: SmallApp, client: AsyncWebClient, workspace: Workspace, requester: Person
) -> None:
    await client.views_open(trigger_id=workspace.state.trigger(REQUESTER), view={**EVERY_INPUT, "callback_id": "every"})
    app.bolt.view("every")(app.acked)
    given = {"name": "much too long", "case": "code", "targets": ["a", "c"], "smes": [SME_1, SME_2]}
    refused = await requester.submit(given)
    assert refused["errors"] == {
        "name": "Please enter at most 5 characters.",
        "file": "Please complete this required field.",
    }
    (file_id,) = await requester.upload(("data.csv", b"a,b\n1,2\n"))
    assert await requester.submit({"name": "short", "file": file_id}) == {}
    (submission,) = app.of("view_submission")
    values = {block: actions["a"] for block, actions in submission["view"]["state"]["values"].items()}
    (file,) = values.pop("file")["files"]
    assert (file["id"], file["name"], file["size"]) == (file_id, "data.csv", 8)
    assert values == {
        "name": {"type": "plain_text_input", "value": "short"},
        "case": {"type": "static_select", "selected_option": options("code")[0]},
        "targets": {"type": "multi_static_select", "selected_options": options("a", "c")},
        "smes": {"type": "multi_users_select", "selected_users": [SME_1, SME_2]},
        "owner": {"type": "users_select", "selected_user": OWNER},
        "checks": {"type": "checkboxes", "selected_options": []},
        "radio": {"type": "radio_buttons", "selected_option": options("r")[0]},
        "day": {"type": "datepicker", "selected_date": None},
    }


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"case": "none"}, "no_such_choice"),
        ({"smes": ["U0NOBODY"]}, "no_such_choice"),
        ({"owner": "U0NOBODY"}, "no_such_choice"),
        ({"file": "F0NONE"}, "file_not_found"),
        ({"nothing": "x"}, "no_such_input"),
    ],
)
async def test_nobody_can_choose_what_is_not_there(
    values: Json, error: str, client: AsyncWebClient, workspace: Workspace, requester: Person
) -> None:
    await client.views_open(trigger_id=workspace.state.trigger(REQUESTER), view=EVERY_INPUT)
    with pytest.raises(WorkspaceError, match=error):
        await requester.submit(values)


async def test_a_modal_belongs_to_its_person(client: AsyncWebClient, workspace: Workspace, requester: Person) -> None:
    opened = await client.views_open(trigger_id=workspace.state.trigger(REQUESTER), view=EVERY_INPUT)
    with pytest.raises(WorkspaceError, match="not_found"):
        await requester.another(OWNER).submit({}, view_id=opened["view"]["id"])
    with pytest.raises(WorkspaceError, match="no_modal"):
        await requester.another(OWNER).submit({})


async def test_an_input_that_dispatches_is_an_action(
    app: SmallApp, client: AsyncWebClient, workspace: Workspace, requester: Person
) -> None:
    select = {"type": "static_select", "action_id": "pick", "options": options("chat", "code")}
    quiet = {"type": "static_select", "action_id": "quiet", "options": options("chat")}
    view = modal("order", asks("case", select, dispatch_action=True), asks("other", quiet))
    await client.views_open(trigger_id=workspace.state.trigger(REQUESTER), view=view)
    shown = await requester.modal("order")
    await requester.click_in(shown, "pick", "code")
    (click,) = app.of("block_actions")
    assert click["actions"][0]["selected_option"]["value"] == "code"
    assert click["view"]["state"]["values"]["case"]["pick"]["selected_option"]["value"] == "code"
    with pytest.raises(WorkspaceError, match="action_not_found"):
        await requester.click_in(shown, "quiet", "chat")
    kept = await client.views_update(view_id=shown["id"], view=view)
    assert kept["view"]["id"] == shown["id"]
    now = (await requester.see())["modal"]
    assert now["state"]["values"]["case"]["pick"]["selected_option"]["value"] == "code"
