"""From a click on a candidate to the candidate: the round, the target, the prompt; and whether people can still choose."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.errors import SlackApiError

from bot import prompt_facts
from bot.access import Act, Refusal
from bot.buttons import Press, loads
from bot.cards.kit import section
from bot.desk import Desk
from bot.listeners.guard import Click, allowed, already, refuse
from bot.modals import kit
from bot.prompt_facts import Round
from bot.trouble import code_of
from db.records import MigrationStatus, Question, QuestionKind
from db.store import Store
from pipeline.errors import InputError
from pipeline.records import Candidate

UNKNOWN = "This candidate is not known any more. The prompts card in the migration's thread lists the ones that are."
NOT_NOW = (
    "Prompts can be chosen once all candidates are measured and *Use these prompts* is asked, and until it is answered. "
    "The status card at the top of the thread says where the migration is."
)
CLOSED = frozenset({"not_found", "view_not_found"})
"""What Slack answers to an update of a form that the person has closed meanwhile."""
PAUSED = "This migration is paused, so nothing is spent on trying prompts. Press *Resume* on the status card first."


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a click is about. `place` is the target's in the plan; `candidate` is None where the button names none."""

    click: Click
    number: int
    found: Round
    place: int
    candidate: Candidate | None

    @property
    def target(self) -> str:
        return self.found.plan.targets[self.place]

    @property
    def named(self) -> Candidate:
        """The candidate a button names. Raises InputError when it does not."""
        if self.candidate is None:
            raise InputError(UNKNOWN)
        return self.candidate


async def about(desk: Desk, args: AsyncArgs, act: Act, press: Press | None = None) -> About:
    """The click on a button or form by somebody who may `act`. Raises InputError for what does not exist."""
    click = await allowed(desk, args, press or loads(args.payload["value"]), act)
    number, (place, prompt_hash) = number_of(click.press), read_answer(click.press)
    found = await prompt_facts.round_of(desk.store, click.migration.id, number)
    if place >= len(found.plan.targets):
        raise InputError(UNKNOWN)
    candidates = {each.prompt.hash: each for each in found.of(found.plan.targets[place])}
    if prompt_hash and prompt_hash not in candidates:
        raise InputError(UNKNOWN)
    return About(click=click, number=number, found=found, place=place, candidate=candidates.get(prompt_hash))


def number_of(press: Press) -> int:
    """The round of `prompts:2`, also of a question's key that counts further, such as `prompts:2:1`."""
    number = press.question.split(":")[1:2]
    if not number or not number[0].isdecimal():
        raise InputError(UNKNOWN)
    return int(number[0])


def read_answer(press: Press) -> tuple[int, str]:
    """Place of the target and hash of the prompt, the hash empty where the button is about the whole target."""
    place, _, prompt_hash = press.answer.partition(":")
    if not place.isdecimal():
        raise InputError(UNKNOWN)
    return int(place), prompt_hash


async def asked(store: Store, migration_id: str, number: int) -> Question | None:
    """The question that accepts the prompts of round `number`, while it is asked and nobody has answered."""
    pending = await store.questions.pending(migration_id)
    if pending is None or pending.kind is not QuestionKind.PROMPTS or pending.subject != str(number):
        return None
    return None if await store.questions.decision(migration_id, pending.key) else pending


def next_turn(press: Press) -> int:
    """The turn after those that a question's key counts: 1 for `prompts:2`, 2 for `prompts:2:1`."""
    turns = press.question.split(":")[2:3]
    return 1 + (int(turns[0]) if turns and turns[0].isdecimal() else 0)


async def still_choosing(desk: Desk, it: About) -> Question:
    """Raises RefusedError once the prompts are settled (with who decided), or while they are still measured."""
    question = await asked(desk.store, it.click.migration.id, it.number)
    if question is not None:
        return question
    prefix = f"{QuestionKind.PROMPTS}:{it.number}"
    decisions = await desk.store.questions.decisions(it.click.migration.id)
    settled = [each for each in decisions if each.question == prefix or each.question.startswith(f"{prefix}:")]
    if settled and settled[-1].answer != "round":
        await refuse(desk, it.click, already(settled[-1]))
    return await refuse(desk, it.click, Refusal(code="stale", sentence=NOT_NOW))


async def not_paused(desk: Desk, it: About) -> None:
    if it.click.migration.status is MigrationStatus.PAUSED:
        await refuse(desk, it.click, Refusal(code="paused", sentence=PAUSED))


async def put_up(desk: Desk, args: AsyncArgs, view: Mapping[str, Any]) -> str:
    """Open a form, or lay it on top of the one that was clicked in; its id."""
    opens = desk.client.views_push if "view" in args.body else desk.client.views_open
    return str((await opens(trigger_id=args.body["trigger_id"], view=dict(view)))["view"]["id"])


async def put_up_slowly(desk: Desk, args: AsyncArgs, view: Awaitable[Mapping[str, Any]]) -> None:
    """Open a form whose content takes longer to read than the three seconds Slack gives for opening one."""
    view_id = await put_up(
        desk, args, kit.modal("prompt_wait", "One moment", [section("Reading the figures …")], submit="", meta={})
    )
    await _show(desk, view_id, await view)


async def renew(desk: Desk, args: AsyncArgs, view: Mapping[str, Any]) -> None:
    """Show in the form that was clicked in what came of the click."""
    await _show(desk, args.body["view"]["id"], view)


async def _show(desk: Desk, view_id: str, view: Mapping[str, Any]) -> None:
    """In a form, unless the person has closed it."""
    try:
        await desk.client.views_update(view_id=view_id, view=dict(view))
    except SlackApiError as error:
        if code_of(error) not in CLOSED:
            raise
