"""slack_bolt's AsyncApp, unchanged, walks through the workspace in Socket Mode and over signed HTTP."""

from collections.abc import AsyncIterator

import pytest

from bot.workspace.people import ARCHIVED, BOT_USER, GENERAL, OWNER, REQUESTER, WITHOUT_BOT
from bot.workspace.person import Person, WorkspaceError, messages
from bot.workspace.server import Workspace
from tests.bot.workspace.small_app import SmallApp, card, over_http, over_socket


@pytest.fixture(params=["socket", "http"])
async def app(request: pytest.FixtureRequest, workspace: Workspace) -> AsyncIterator[SmallApp]:
    small = SmallApp(workspace)
    connected = over_socket if request.param == "socket" else over_http
    async with connected(small, workspace):
        yield small


async def test_from_a_command_to_a_changed_card(app: SmallApp, requester: Person, workspace: Workspace) -> None:
    await requester.command(command="/order")
    view = await requester.modal("order")
    assert await requester.submit() == {"errors": {"name": "Please complete this required field."}}
    assert await requester.submit({"name": "nobody"}) == {"errors": {"name": "Nobody is not a name."}}
    assert (await requester.see())["modal"]["errors"] == {"name": "Nobody is not a name."}
    assert (await requester.see())["modal"]["state"]["values"]["name"]["text"]["value"] == "nobody"
    assert await requester.submit({"name": "lunch"}, view_id=view["id"]) == {}
    assert (await requester.see())["modal"] is None

    posted = await requester.message(lambda message: message["text"] == "Order for lunch")
    owner = requester.another(OWNER)
    assert await owner.click(posted, "approve") == {}
    changed = await owner.message(lambda message: message["text"] == f"Approved by <@{OWNER}>")
    assert changed["ts"] == posted["ts"]
    assert changed["blocks"][1]["elements"][0]["text"]["text"] == "Again"
    (click,) = app.of("block_actions")
    assert click["user"]["id"] == OWNER
    assert click["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": GENERAL,
        "is_ephemeral": False,
    }
    (action,) = click["actions"]
    assert (action["action_id"], action["block_id"], action["value"]) == ("approve", "choices", "order-1")
    assert click["message"]["text"] == "Order for lunch"
    assert not workspace.log.problems
    assert all(call.ok for call in workspace.log.calls)


@pytest.mark.parametrize("action", ["update", "push", "clear"])
async def test_a_submission_can_change_the_modal(app: SmallApp, requester: Person, action: str) -> None:
    await requester.command(command="/order")
    view = await requester.modal("order")
    assert await requester.submit({"name": action}) == {"response_action": action}
    now = (await requester.see())["modal"]
    if action == "clear":
        assert now is None
    else:
        assert now["private_metadata"] == action
        assert (now["depth"], now["id"] == view["id"]) == ((1, True) if action == "update" else (2, False))


async def test_a_view_that_slack_refuses_is_a_problem(app: SmallApp, requester: Person, workspace: Workspace) -> None:
    await requester.command(command="/order")
    await requester.modal("order")
    with pytest.raises(WorkspaceError, match="title") as refused:
        await requester.submit({"name": "broken"})
    assert refused.value.code == "invalid_response"
    assert len(workspace.log.problems) == 1


async def test_closing_a_modal_is_told(app: SmallApp, requester: Person) -> None:
    await requester.command(command="/order")
    await requester.modal("order")
    await requester.fill({"name": "half a"})
    await requester.close()
    (closed,) = app.of("view_closed")
    assert closed["view"]["callback_id"] == "order"
    assert closed["view"]["state"]["values"]["name"]["text"]["value"] == "half a"
    assert (await requester.see())["modal"] is None


async def test_a_command_is_answered_where_the_bot_is_not(app: SmallApp, requester: Person) -> None:
    await requester.command("help", command="/order", channel=WITHOUT_BOT)
    answer = await requester.message(lambda message: message["is_ephemeral"], channel=WITHOUT_BOT)
    assert answer["text"] == "Type /order to order."
    assert not messages(await requester.another(OWNER).see(), WITHOUT_BOT)


async def test_messages_and_mentions_arrive_as_events(app: SmallApp, requester: Person, workspace: Workspace) -> None:
    root = await requester.say("hello @Ferry, see https://example.org/a & <b>")
    assert root["text"] == f"hello <@{BOT_USER}>, see <https://example.org/a> &amp; &lt;b&gt;"
    await requester.say("a reply", thread_ts=root["ts"])
    await requester.say("unheard", channel=WITHOUT_BOT)
    direct = workspace.state.direct([REQUESTER])
    await requester.say("in private", channel=direct.id)
    await workspace.tasks.idle()
    said = {event["text"]: event for event in app.events("message")}
    assert set(said) == {root["text"], "a reply", "in private"}
    assert said["a reply"]["thread_ts"] == root["ts"]
    assert (said["a reply"]["channel_type"], said["in private"]["channel_type"]) == ("channel", "im")
    (mention,) = app.events("app_mention")
    assert (mention["text"], mention["ts"], mention["channel"]) == (root["text"], root["ts"], GENERAL)
    with pytest.raises(WorkspaceError, match="is_archived"):
        await requester.say("too late", channel=ARCHIVED)


async def test_the_home_tab_is_published(app: SmallApp, requester: Person) -> None:
    assert await requester.open_home() == {"home": None}
    home = await requester.wait(lambda seen: seen["home"])
    assert await requester.click_in(home, "approve") == {}
    (opened,) = app.events("app_home_opened")
    assert (opened["user"], opened["tab"]) == (REQUESTER, "home")
    (click,) = app.of("block_actions")
    assert click["container"] == {"type": "view", "view_id": home["id"]}
    assert "message" not in click
    assert (await requester.another(OWNER).see())["home"] is None


async def test_a_file_in_a_thread_is_told_twice(app: SmallApp, requester: Person, workspace: Workspace) -> None:
    root = await requester.say("here it comes")
    message = await requester.send_file(("data.csv", b"a,b\n1,2\n"), thread_ts=root["ts"], text="the data")
    await workspace.tasks.idle()
    heard = [event for event in app.events("message") if event.get("subtype") == "file_share"]
    (file,) = message["files"]
    assert [event["files"][0]["id"] for event in heard] == [file["id"]]
    assert heard[0]["thread_ts"] == root["ts"]
    (shared,) = app.events("file_shared")
    assert (shared["file_id"], shared["channel_id"], shared["user_id"]) == (file["id"], GENERAL, REQUESTER)
    assert await requester.download(file) == b"a,b\n1,2\n"


async def test_an_old_screen_can_still_click(app: SmallApp, requester: Person, workspace: Workspace) -> None:
    await requester.command(command="/order")
    await requester.modal("order")
    await requester.submit({"name": "lunch"})
    posted = await requester.message(lambda message: message["text"] == "Order for lunch")
    old = {**posted["blocks"][1]["elements"][0], "action_id": "pick", "value": "order-0"}
    with pytest.raises(WorkspaceError, match="action_not_found"):
        await requester.click(posted, "pick")
    await requester.click(posted, "pick", element=old, block_id="gone")
    assert [click["actions"][0]["value"] for click in app.of("block_actions")] == ["order-0"]


async def test_a_click_on_an_ephemeral_answers_through_its_address(
    app: SmallApp, requester: Person, workspace: Workspace
) -> None:
    app.bolt.action("replace")(app.replaced)
    blocks = card()
    blocks[1]["elements"][0]["action_id"] = "replace"
    await app.bolt.client.chat_postEphemeral(channel=GENERAL, user=REQUESTER, text="only you", blocks=blocks)
    shown = await requester.message(lambda message: message["is_ephemeral"])
    await requester.click(shown, "replace")
    await requester.message(lambda message: message["text"] == "replaced" and message["ts"] == shown["ts"])
    (click,) = app.of("block_actions")
    assert click["container"]["is_ephemeral"]
    assert "message" not in click
    with pytest.raises(WorkspaceError, match="message_not_found"):
        await requester.another(OWNER).click(shown, "replace")


async def test_an_unhandled_command_is_shown_as_failed(app: SmallApp, requester: Person, workspace: Workspace) -> None:
    workspace.delivery.ack_seconds = 0.3
    with pytest.raises(WorkspaceError) as failed:
        await requester.command(command="/unknown")
    assert failed.value.code in ("operation_timeout", "dispatch_failed")
