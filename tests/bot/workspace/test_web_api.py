"""Each refusal of the Web API, as slack_sdk reports it, and what the methods answer when they do not refuse."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.people import ARCHIVED, BOT, BOT_USER, GENERAL, OWNER, PRIVATE, REQUESTER, SME_1, TEAM, WITHOUT_BOT, User
from bot.workspace.person import Person
from bot.workspace.server import Workspace
from tests.bot.workspace.small_app import card, modal

Calling = Callable[[AsyncWebClient], Awaitable[Any]]
GONE = "1.000000"

REFUSALS: dict[str, tuple[str, Calling]] = {
    "no such channel": ("channel_not_found", lambda c: c.chat_postMessage(channel="C0NOWHERE", text="x")),
    "private channel without the bot": ("channel_not_found", lambda c: c.chat_postMessage(channel=PRIVATE, text="x")),
    "channel without the bot": ("not_in_channel", lambda c: c.chat_postMessage(channel=WITHOUT_BOT, text="x")),
    "archived channel": ("is_archived", lambda c: c.chat_postMessage(channel=ARCHIVED, text="x")),
    "nothing to say": ("no_text", lambda c: c.api_call("chat.postMessage", json={"channel": GENERAL, "text": " "})),
    "51 blocks": ("invalid_blocks", lambda c: c.chat_postMessage(channel=GENERAL, text="x", blocks=[{"type": "divider"}] * 51)),
    "blocks that are no list": ("invalid_blocks_format", lambda c: c.chat_postMessage(channel=GENERAL, text="x", blocks="no")),
    "image of no file": (
        "invalid_blocks",
        lambda c: c.chat_postMessage(
            channel=GENERAL, text="x", blocks=[{"type": "image", "alt_text": "a", "slack_file": {"id": "F0NONE"}}]
        ),
    ),
    "metadata without type": (
        "invalid_metadata_format",
        lambda c: c.chat_postMessage(channel=GENERAL, text="x", metadata={"event_payload": {}}),
    ),
    "metadata without payload": (
        "invalid_metadata_format",
        lambda c: c.chat_postMessage(channel=GENERAL, text="x", metadata={"event_type": "a"}),
    ),
    "thread of nothing": ("thread_not_found", lambda c: c.chat_postMessage(channel=GENERAL, text="x", thread_ts=GONE)),
    "update of nothing": ("message_not_found", lambda c: c.chat_update(channel=GENERAL, ts=GONE, text="x")),
    "delete of nothing": ("message_not_found", lambda c: c.chat_delete(channel=GENERAL, ts=GONE)),
    "link to nothing": ("message_not_found", lambda c: c.chat_getPermalink(channel=GENERAL, message_ts=GONE)),
    "replies to nothing": ("thread_not_found", lambda c: c.conversations_replies(channel=GENERAL, ts=GONE)),
    "history without the bot": ("not_in_channel", lambda c: c.conversations_history(channel=WITHOUT_BOT)),
    "no such conversation": ("channel_not_found", lambda c: c.conversations_info(channel="C0NOWHERE")),
    "bad cursor": ("invalid_cursor", lambda c: c.conversations_list(cursor="?")),
    "bad limit": ("invalid_limit", lambda c: c.conversations_list(limit=-1)),
    "bad oldest": ("invalid_ts_oldest", lambda c: c.conversations_history(channel=GENERAL, oldest="yesterday")),
    "unknown type": ("invalid_types", lambda c: c.conversations_list(types="secret")),
    "direct message with nobody": ("user_not_found", lambda c: c.conversations_open(users="U0NOBODY")),
    "direct message without users": ("users_list_not_supplied", lambda c: c.conversations_open(users="")),
    "direct message with itself": ("cannot_dm_bot", lambda c: c.conversations_open(users=BOT_USER)),
    "join of a private channel": ("channel_not_found", lambda c: c.conversations_join(channel=PRIVATE)),
    "join of an archived channel": ("is_archived", lambda c: c.conversations_join(channel=ARCHIVED)),
    "no such user": ("user_not_found", lambda c: c.users_info(user="U0NOBODY")),
    "ephemeral to nobody": ("user_not_found", lambda c: c.chat_postEphemeral(channel=GENERAL, user="U0NOBODY", text="x")),
    "pin of nothing": ("message_not_found", lambda c: c.pins_add(channel=GENERAL, timestamp=GONE)),
    "reaction to nothing": ("message_not_found", lambda c: c.reactions_add(channel=GENERAL, timestamp=GONE, name="eyes")),
    "reaction without name": ("invalid_name", lambda c: c.reactions_add(channel=GENERAL, timestamp=GONE, name="")),
    "modal without a trigger": ("invalid_trigger_id", lambda c: c.views_open(trigger_id="1.2", view=modal("x"))),
    "a home as modal": ("invalid_arguments", lambda c: c.views_open(trigger_id="1.2", view={"type": "home", "blocks": []})),
    "invalid modal": ("invalid_arguments", lambda c: c.views_open(trigger_id="1.2", view=modal("c" * 256))),
    "modal of 250 KB": (
        "view_too_large",
        lambda c: c.views_open(
            trigger_id="1.2",
            view=modal("x", *[{"type": "section", "text": {"type": "plain_text", "text": "t" * 3000}} for _ in range(90)]),
        ),
    ),
    "update of no view": ("not_found", lambda c: c.views_update(view_id="V0NONE", view=modal("x"))),
    "home of nobody": ("user_not_found", lambda c: c.views_publish(user_id="U0NOBODY", view={"type": "home", "blocks": []})),
    "a modal as home": ("invalid_arguments", lambda c: c.views_publish(user_id=OWNER, view=modal("x"))),
    "no such file": ("file_not_found", lambda c: c.files_info(file="F0NONE")),
    "completing no upload": ("file_not_found", lambda c: c.files_completeUploadExternal(files=[{"id": "F0NONE"}])),
    "empty upload": ("invalid_arguments", lambda c: c.files_getUploadURLExternal(filename="a", length=0)),
    "no such bot": ("bot_not_found", lambda c: c.bots_info(bot="B0NONE")),
    "no such team": ("team_not_found", lambda c: c.team_info(team="T0NONE")),
    "no such method": ("unknown_method", lambda c: c.api_call("chat.whisper")),
    "no token": ("not_authed", lambda c: AsyncWebClient(base_url=c.base_url).auth_test()),
    "wrong token": ("invalid_auth", lambda c: AsyncWebClient(base_url=c.base_url, token="xoxb-wrong").auth_test()),
    "bot token for a socket": ("not_allowed_token_type", lambda c: c.apps_connections_open(app_token=str(c.token))),
}


async def refusal(call: Awaitable[Any]) -> Any:
    with pytest.raises(SlackApiError) as refused:
        await call
    return refused.value.response


@pytest.mark.parametrize("kind", REFUSALS)
async def test_it_refuses_what_slack_refuses(kind: str, client: AsyncWebClient, workspace: Workspace) -> None:
    code, call = REFUSALS[kind]
    assert (await refusal(call(client)))["error"] == code
    assert (workspace.log.calls[-1].ok, workspace.log.calls[-1].error) == (False, code)


async def test_invalid_blocks_are_explained(client: AsyncWebClient) -> None:
    answer = await refusal(client.chat_postMessage(channel=GENERAL, text="x", blocks=[{"type": "header"}]))
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: text [json-pointer:/blocks/0]"]


async def test_a_message_is_posted_changed_and_deleted(client: AsyncWebClient, requester: Person) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="one", blocks=card())
    assert posted["message"]["bot_id"] == BOT
    assert all(block["block_id"] for block in posted["message"]["blocks"])
    ts = posted["ts"]
    await client.chat_update(channel=GENERAL, ts=ts, text="two", blocks=card("New"))
    seen = await requester.message(lambda message: message["text"] == "two")
    assert "edited" not in seen
    await client.chat_update(channel=GENERAL, ts=ts, text="three")
    seen = await requester.message(lambda message: message["text"] == "three")
    assert "blocks" not in seen
    assert seen["edited"]["user"] == BOT_USER
    answer = await refusal(client.chat_update(channel=GENERAL, ts=ts, text="x" * 4001))
    assert answer["error"] == "msg_too_long"
    assert (await client.chat_getPermalink(channel=GENERAL, message_ts=ts))["permalink"].endswith(ts.replace(".", ""))
    await client.chat_delete(channel=GENERAL, ts=ts)
    assert (await refusal(client.chat_update(channel=GENERAL, ts=ts, text="x")))["error"] == "message_not_found"


async def test_an_update_without_text_keeps_nothing_but_blocks(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    updated = await client.api_call("chat.update", json={"channel": GENERAL, "ts": posted["ts"], "blocks": card()})
    assert updated["text"] == "This content can't be displayed."


async def test_a_message_of_somebody_else_stays(client: AsyncWebClient, requester: Person) -> None:
    ts = (await requester.say("mine"))["ts"]
    assert (await refusal(client.chat_update(channel=GENERAL, ts=ts, text="x")))["error"] == "cant_update_message"
    assert (await refusal(client.chat_delete(channel=GENERAL, ts=ts)))["error"] == "cant_delete_message"


async def test_a_thread_is_read_back_with_its_metadata(client: AsyncWebClient, requester: Person) -> None:
    metadata = {"event_type": "card", "event_payload": {"key": "k-1"}}
    root = await client.chat_postMessage(channel=GENERAL, text="root", metadata=metadata)
    for number in range(3):
        await client.chat_postMessage(channel=GENERAL, text=str(number), thread_ts=root["ts"], metadata=metadata)
    await requester.say("four", thread_ts=root["ts"])
    thread = await client.conversations_replies(channel=GENERAL, ts=root["ts"], include_all_metadata=True)
    assert [message["text"] for message in thread["messages"]] == ["root", "0", "1", "2", "four"]
    assert [message.get("metadata") for message in thread["messages"]] == [metadata] * 4 + [None]
    assert thread["messages"][0]["reply_count"] == 4
    assert thread["messages"][0]["reply_users"] == [BOT_USER, REQUESTER]
    plain = await client.conversations_replies(channel=GENERAL, ts=root["ts"])
    assert not any("metadata" in message for message in plain["messages"])
    history = await client.conversations_history(channel=GENERAL)
    assert [message["text"] for message in history["messages"]] == ["root"]
    later = await client.conversations_replies(channel=GENERAL, ts=root["ts"], oldest=thread["messages"][2]["ts"])
    assert [message["text"] for message in later["messages"]] == ["root", "2", "four"]


async def test_lists_come_in_pages(client: AsyncWebClient) -> None:
    for number in range(5):
        await client.chat_postMessage(channel=GENERAL, text=str(number))
    texts = [[m["text"] for m in each["messages"]] async for each in await client.conversations_history(channel=GENERAL, limit=2)]
    assert texts == [["4", "3"], ["2", "1"], ["0"]]
    channels = [c["id"] async for each in await client.conversations_list(limit=1) for c in each["channels"]]
    assert channels == [GENERAL, WITHOUT_BOT, ARCHIVED]
    assert len((await client.conversations_list(types="public_channel", exclude_archived=True))["channels"]) == 2
    assert len((await client.users_list())["members"]) == 5
    assert (await client.conversations_members(channel=GENERAL))["members"][-1] == BOT_USER


async def test_a_deleted_parent_leaves_a_tombstone_or_nothing(client: AsyncWebClient, workspace: Workspace) -> None:
    parent, lonely = [(await client.chat_postMessage(channel=GENERAL, text="x"))["ts"] for _ in range(2)]
    await client.chat_postMessage(channel=GENERAL, text="reply", thread_ts=parent)
    for ts in (parent, lonely):
        await client.chat_delete(channel=GENERAL, ts=ts)
    thread = await client.conversations_replies(channel=GENERAL, ts=parent)
    assert [message.get("subtype") for message in thread["messages"]] == ["tombstone", None]
    assert (await client.chat_postMessage(channel=GENERAL, text="y", thread_ts=parent))["ok"]
    answer = await refusal(client.chat_postMessage(channel=GENERAL, text="y", thread_ts=lonely))
    assert answer["error"] == "thread_not_found"
    assert (await refusal(client.chat_update(channel=GENERAL, ts=parent, text="y")))["error"] == "cant_update_message"


async def test_direct_messages(client: AsyncWebClient, requester: Person) -> None:
    channel = (await client.conversations_open(users=REQUESTER))["channel"]["id"]
    assert (await client.conversations_open(users=[REQUESTER]))["channel"]["id"] == channel
    await client.chat_postMessage(channel=REQUESTER, text="psst")
    await requester.message(lambda message: message["text"] == "psst", channel=channel)
    assert (await client.conversations_info(channel=channel))["channel"]["user"] == REQUESTER
    group = await client.conversations_open(users=[REQUESTER, OWNER])
    assert group["channel"]["id"] not in (channel, REQUESTER)
    assert channel not in [each["id"] for each in (await requester.another(OWNER).see())["channels"]]


async def test_an_ephemeral_is_for_one_person(client: AsyncWebClient, requester: Person, workspace: Workspace) -> None:
    ts = (await client.chat_postEphemeral(channel=GENERAL, user=REQUESTER, text="you only"))["message_ts"]
    assert (await requester.message(lambda message: message["is_ephemeral"]))["ts"] == ts
    assert not [m for c in (await requester.another(OWNER).see())["channels"] for m in c["messages"]]
    assert (await client.conversations_history(channel=GENERAL))["messages"] == []
    assert (await refusal(client.chat_update(channel=GENERAL, ts=ts, text="x")))["error"] == "message_not_found"
    workspace.state.add_user(User(id="U0OUTSIDE", name="Outside"), into=())
    answer = await refusal(client.chat_postEphemeral(channel=GENERAL, user="U0OUTSIDE", text="x"))
    assert answer["error"] == "user_not_in_channel"


async def test_pins_and_reactions(client: AsyncWebClient, requester: Person) -> None:
    ts = (await client.chat_postMessage(channel=GENERAL, text="card"))["ts"]
    await client.pins_add(channel=GENERAL, timestamp=ts)
    await client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
    (general,) = [each for each in (await requester.see())["channels"] if each["id"] == GENERAL]
    assert general["pins"] == [ts]
    assert general["messages"][0]["reactions"] == [{"name": "eyes", "users": [BOT_USER], "count": 1}]
    assert (await refusal(client.pins_add(channel=GENERAL, timestamp=ts)))["error"] == "already_pinned"
    again = await refusal(client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes"))
    assert again["error"] == "already_reacted"
    assert len((await client.pins_list(channel=GENERAL))["items"]) == 1
    await client.pins_remove(channel=GENERAL, timestamp=ts)
    await client.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")
    assert (await refusal(client.pins_remove(channel=GENERAL, timestamp=ts)))["error"] == "no_pin"
    assert (await refusal(client.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")))["error"] == "no_reaction"


async def test_the_app_knows_who_and_where_it_is(client: AsyncWebClient) -> None:
    me = await client.auth_test()
    assert (me["user_id"], me["bot_id"], me["team_id"]) == (BOT_USER, BOT, TEAM)
    assert (await client.bots_info(bot=BOT))["bot"]["user_id"] == BOT_USER
    assert (await client.team_info())["team"]["id"] == TEAM
    assert (await client.users_info(user=SME_1))["user"]["real_name"] == "SME 1"
    joined = await client.conversations_join(channel=WITHOUT_BOT)
    assert joined["channel"]["is_member"]
    assert (await client.chat_postMessage(channel="#without-ferry", text="here"))["channel"] == WITHOUT_BOT


async def test_forms_and_broken_bodies(client: AsyncWebClient, workspace: Workspace) -> None:
    form = {"channel": GENERAL, "text": "x", "blocks": '[{"type": "divider"}]'}
    posted = await client.api_call("chat.postMessage", data=form)
    assert posted["message"]["blocks"][0]["type"] == "divider"
    answer = await client.api_call("chat.postMessage", params={"channel": GENERAL, "text": "in the query"})
    assert answer["message"]["text"] == "in the query"
    broken = await refusal(client.api_call("chat.postMessage", json=[]))  # type: ignore[arg-type]
    assert broken["error"] == "invalid_json"
    assert not any("token" in call.args for call in workspace.log.calls)
