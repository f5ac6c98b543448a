"""The one error boundary of the bot: a listener never raises, so no acknowledgement is ever lost.

Bolt drops the ack of a listener that raises right after it, and Slack then shows an error and delivers again. An error a person
caused becomes its own sentence; anything else becomes a reference id for the person and a stack trace in the log.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from aiohttp import ClientError
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.blocks.escape import cut
from bot.cards.kit import Card
from bot.desk import Desk, person_of
from bot.fit import Payload, payloads
from bot.inbox import DELIVERY
from bot.trouble import code_of
from pipeline.errors import FerryError

Handler = Callable[[Desk, AsyncArgs], Awaitable[None]]
Check = Callable[[AsyncArgs], Mapping[str, str]]
Examine = Callable[[Desk, AsyncArgs], Awaitable[Mapping[str, str]]]
Listener = Callable[[AsyncArgs], Awaitable[None]]
log = structlog.get_logger()

EXAMINED_S = 2.0
"""Seconds a form may be examined: Slack waits three for the acknowledgement."""

LATE = {"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "invalid_trigger_id"}


def listener(desk: Desk, handler: Handler) -> Listener:
    """`handler` as Bolt calls it: acknowledged at once, then worked on, never raising."""

    async def in_turn(desk: Desk, args: AsyncArgs) -> None:
        async with desk.at_work:
            await handler(desk, args)

    async def guarded(args: AsyncArgs) -> None:
        await args.ack()
        await _settle(desk, args, in_turn)

    return guarded


def submission(desk: Desk, check: Check, handler: Handler) -> Listener:
    """A form's `handler`: the errors of `check` (pure, by field) go back in the acknowledgement, else it is worked on."""

    async def examine(_: Desk, args: AsyncArgs) -> Mapping[str, str]:
        return check(args)

    return examination(desk, examine, handler)


def examination(desk: Desk, examine: Examine, handler: Handler) -> Listener:
    """The same with a check that reads the facts; the form stays open meanwhile, so it has EXAMINED_S and no more.

    What takes longer is worked on as it is: `handler` has to check again, and what is wrong is told instead of shown in the form.
    """

    async def check_first(desk: Desk, args: AsyncArgs) -> None:
        errors = await _in_time(examine(desk, args))
        if errors:
            await args.ack(response_action="errors", errors=dict(errors))
            return
        await args.ack()
        async with desk.at_work:
            await handler(desk, args)

    async def guarded(args: AsyncArgs) -> None:
        await _settle(desk, args, check_first)
        if args.ack.response is None:  # the check itself failed: an empty ack closes the form, and the sentence is told
            await args.ack()

    return guarded


async def _in_time(examined: Awaitable[Mapping[str, str]]) -> Mapping[str, str]:
    try:
        return await asyncio.wait_for(examined, EXAMINED_S)
    except TimeoutError:
        log.info("examination_too_slow")
        return {}


async def _settle(desk: Desk, args: AsyncArgs, handler: Handler) -> None:
    task, key = asyncio.current_task(), args.context.get(DELIVERY)
    if task:
        desk.tasks.add(task)
    try:
        await _finish(desk, args, await _attempt(desk, args, handler), key)
    except Exception:
        log.exception("listener_not_finished", delivery=key)
    finally:
        desk.in_flight.discard(str(key))
        if task:
            desk.tasks.discard(task)


async def _attempt(desk: Desk, args: AsyncArgs, handler: Handler) -> str | None:
    """Run the handler; what the person is to be told, None when all went well."""
    try:
        await handler(desk, args)
    except FerryError as error:
        return error.message
    except Exception as error:
        if isinstance(error, SlackApiError) and code_of(error) in LATE:
            return "Slack's three seconds for opening a form were over. Please press again."
        reference = secrets.token_hex(4)
        log.exception("listener_failed", reference=reference, delivery=args.context.get(DELIVERY))
        return f"Something went wrong on Ferry's side. Nothing you did is lost; quote reference `{reference}` to the operator."
    return None


async def _finish(desk: Desk, args: AsyncArgs, sentence: str | None, key: str | None) -> None:
    if sentence:
        await tell(desk, args, sentence)
    if key:
        await desk.store.deliveries.done(key)


async def tell(desk: Desk, args: AsyncArgs, sentence: str) -> None:
    """Say `sentence` to the person alone, where they are: at the click, in the thread, else as a direct message."""
    await _tell(desk, args, ({"text": cut(sentence, 3000)},))


async def show(desk: Desk, args: AsyncArgs, card: Card) -> None:
    """Show `card` to the person alone, in the richest form Slack takes."""
    await _tell(desk, args, tuple(payloads(card)))


async def _tell(desk: Desk, args: AsyncArgs, forms: Sequence[Payload]) -> None:
    for form in forms:
        if await _responded(args, form):
            return
    text = forms[-1]["text"]
    body: dict[str, Any] = args.body
    user = person_of(body).user
    event = body.get("event", {})
    channel = (body.get("channel") or {}).get("id") or event.get("channel") or body.get("channel_id")
    thread = event.get("thread_ts") or (body.get("message") or {}).get("thread_ts")
    try:
        if channel:
            await desk.client.chat_postEphemeral(channel=channel, user=user, text=text, thread_ts=thread)
            return
    except SlackApiError as error:
        log.info("ephemeral_refused", error=code_of(error))
    await desk.client.chat_postMessage(channel=user, text=text)


async def _responded(args: AsyncArgs, form: Payload) -> bool:
    """Whether the response_url of a command or click took it; it needs no membership of the channel."""
    if not args.body.get("response_url"):
        return False
    try:
        answer = await args.respond(
            text=form["text"], blocks=form.get("blocks") or None, response_type="ephemeral", replace_original=False
        )
    except (ClientError, SlackClientError, TimeoutError, ValueError) as error:
        log.info("response_url_refused", error=type(error).__name__)
        return False
    return bool(answer.status_code == 200)
