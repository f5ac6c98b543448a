"""Every delivery is written down before it is acknowledged, under a key that makes a redelivery the same delivery.

Slack redelivers events up to three times and Socket Mode may deliver anything again; the retry header says nothing about whether
the first one arrived (docs.slack.dev/apis/events-api), so only the key counts.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.desk import Desk
from pipeline.hashing import content_hash

Next = Callable[[], Awaitable[BoltResponse]]
Middleware = Callable[..., Awaitable[BoltResponse | None]]
SPOKEN = frozenset({"message", "app_mention"})
HEARD = SPOKEN | {"app_home_opened"}
"""Events that a listener takes; any other, and what bots do, is answered and forgotten."""
NOT_KEPT = frozenset({"token", "authorizations", "event_context"})
FORM = "view:"
UNHANDLED = 404
SEEN_TO = frozenset({"done", "taken"})
PATIENCE_S = 0.5
DELIVERY = "delivery"
"""Where the key is found in Bolt's context."""


def key_of(body: Mapping[str, Any]) -> str | None:
    """What makes this delivery the one it is; None for what has no effect to protect."""
    if body.get("type") == "event_callback":
        return _event(body)
    if body.get("type") == "block_actions":
        return _action(body)
    if body.get("type") == "view_submission":
        view = body["view"]
        return f"view:{view['id']}:{view.get('hash')}:{content_hash(view['state']['values'])[:16]}"
    return f"command:{body['trigger_id']}" if body.get("command") else None


def _event(body: Mapping[str, Any]) -> str | None:
    event = body["event"]
    if event["type"] not in HEARD or event.get("bot_id") or (event["type"] == "message" and _small_talk(event)):
        return None
    if event["type"] in SPOKEN and event.get("ts"):
        return f"event:{event['type']}:{event.get('subtype', '')}:{event.get('channel')}:{event['ts']}"
    return f"event:{body.get('event_id')}"


def _small_talk(event: Mapping[str, Any]) -> bool:
    """Whether a message is none of Ferry's business: outside of threads, or an edit; it is neither kept nor read."""
    return event.get("subtype") not in (None, "file_share", "thread_broadcast") or not event.get("thread_ts")


def _action(body: Mapping[str, Any]) -> str:
    action = body["actions"][0]
    place = body.get("container", {})
    where = place.get("message_ts") or place.get("view_id")
    return f"action:{body['user']['id']}:{where}:{action['action_id']}:{action.get('action_ts')}"


async def take(app: AsyncApp, desk: Desk, body: dict[str, Any]) -> bool:
    """Write a delivery down and see that it is worked on afterwards; True when Slack needs no more than an empty answer.

    That holds for one that is done, being worked on, or none of our business as well. False is for what Bolt answers itself: a
    form, whose answer may be the errors of its fields, and Slack's handshakes.
    """
    key = key_of(body)
    if key is None:
        return body.get("type") == "event_callback"
    if key.startswith(FORM):
        return False
    if key not in desk.in_flight and await _to_do(desk, key, body):
        _work(app, desk, key, body)
    return True


def record(app: AsyncApp, desk: Desk) -> Middleware:
    """Middleware for what reaches Bolt: taken as anything else, but for forms, which are worked on at once.

    A form is worked on a second time even when it was done, because its answer counts; its effect has a key of its own.
    """

    async def middleware(body: dict[str, Any], context: AsyncBoltContext, next_: Next) -> BoltResponse | None:
        if context.get(DELIVERY):
            return await next_()
        if await take(app, desk, body):
            return BoltResponse(status=200, body="")
        key = key_of(body)
        if key and (key in desk.in_flight or not await _to_do(desk, key, body)):
            return BoltResponse(status=200, body="")
        context[DELIVERY] = key
        return await next_()

    return middleware


def _work(app: AsyncApp, desk: Desk, key: str, body: dict[str, Any]) -> None:
    """Dispatch a delivery that is written down, when there is room; nobody waits for it but `Desk.settled`."""
    task = asyncio.create_task(_dispatch(app, desk, key, body))
    desk.tasks.add(task)
    task.add_done_callback(desk.tasks.discard)


async def _dispatch(app: AsyncApp, desk: Desk, key: str, body: dict[str, Any]) -> None:
    """Work comes after intake: it waits, a moment at most, until nothing is being written down."""
    request = AsyncBoltRequest(mode="socket_mode", body=body, context={DELIVERY: key})
    async with desk.at_work:
        await desk.intake.over(PATIENCE_S)
        answer = await app.async_dispatch(request)
    if answer.status == UNHANDLED:
        desk.in_flight.discard(key)
        await desk.store.deliveries.done(key)


async def _to_do(desk: Desk, key: str, body: Mapping[str, Any]) -> bool:
    """Write the delivery down; whether there is anything left to do about it. It is in flight from here until it is settled."""
    desk.in_flight.add(key)
    to_do = False
    try:
        with desk.intake:
            kind, receive = key.split(":", maxsplit=1)[0], desk.store.deliveries.receive
            state = await receive(key, kind, kept(body), desk.clock(), desk.token)
        to_do = state not in SEEN_TO or key.startswith(FORM)
    finally:
        if not to_do:
            desk.in_flight.discard(key)
    return to_do


def kept(body: Mapping[str, Any]) -> str:
    """The delivery as JSON, without Slack's shared token."""
    return json.dumps({key: value for key, value in body.items() if key not in NOT_KEPT})


async def replay(app: AsyncApp, desk: Desk, dead: frozenset[str] = frozenset()) -> int:
    """Work on what was written down and never finished, oldest first; returns how many.

    What another living bot works on is left to it; `dead` are some that are known to be.
    """
    waiting = await desk.store.deliveries.waiting(desk.clock(), desk.token, dead)
    for delivery in waiting:
        if delivery.key not in desk.in_flight:
            desk.in_flight.add(delivery.key)
            _work(app, desk, delivery.key, json.loads(delivery.body_json))
    return len(waiting)
