"""The gate before test: use these prompts, cancel, or one more round on dev with a proposal or a person's own words."""

import json
from collections.abc import Mapping

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from agent import prompts, turns
from agent.arms import short_id
from bot.access import Act, Refusal
from bot.boundary import Handler, listener, submission
from bot.buttons import Press
from bot.desk import Desk
from bot.listeners.guard import Click, allowed, clicked, decide, refuse, still_asked
from bot.listeners.portfolio import NOT_NOW, asked, next_turn, number_of
from bot.modals import prompt_round
from bot.modals.prompt_round import Offer, Wanted
from db.codec import reader
from db.records import Turn
from db.store import Store
from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.prompts.rounds import Proposal, Technique

READ = reader(Proposal)
GONE = "These proposals are not the newest any more. Press *Another round* again to see what is proposed now."


async def answer(desk: Desk, args: AsyncArgs) -> None:
    """Use or cancel, as the button says."""
    await decide(desk, await clicked(desk, args, Act.DECIDE_PROMPTS))


async def open_form(desk: Desk, args: AsyncArgs) -> None:
    """The proposals for the turn that would come; they were looked for when the prompts were chosen."""
    click = await clicked(desk, args, Act.DECIDE_PROMPTS)
    await still_asked(desk, click)
    plan = await desk.store.plans.get(click.migration.id, number_of(click.press))
    found = await proposed(desk.store, click.press)
    offers = [[_offer(turn) for turn in found if turn.target == target] for target in plan.targets]
    none = await nothing(desk.store, click.press) or prompt_round.LOOKING
    view = prompt_round.view(click.press, plan.targets, offers, none)
    await desk.client.views_open(trigger_id=args.body["trigger_id"], view=view)


def _offer(turn: Turn) -> Offer:
    usd = READ(json.loads(turn.proposal)).usd_per_1000
    cost = f"{usd:+,.4f} USD for 1,000 calls, as far as lengths and prices tell." if usd else ""
    return Offer(id=turn.id, technique=turn.technique, group=turn.group, sentence=turn.sentence, cost=cost)


async def submitted(desk: Desk, args: AsyncArgs) -> None:
    wanted, _ = prompt_round.read(args.body["view"])
    if wanted is not None:
        await start(desk, args, wanted)


async def start(desk: Desk, args: AsyncArgs, wanted: Wanted) -> None:
    """The decision and the turn it asks for are one fact: of two people at once the first one's turn begins, and no other."""
    click = await allowed(desk, args, wanted.press, Act.DECIDE_PROMPTS)
    await still_asked(desk, click)
    turn = await _wanted(desk, click, wanted)
    await decide(desk, click, note=turn.sentence, turn=turn.id)


async def _wanted(desk: Desk, click: Click, wanted: Wanted) -> Turn:
    if wanted.proposal:
        return await offered(desk.store, wanted.press, wanted.proposal)
    plan = await desk.store.plans.get(click.migration.id, number_of(wanted.press))
    if wanted.target >= len(plan.targets):
        raise InputError(GONE)
    return await _own(desk, click, plan.targets[wanted.target], wanted.words)


async def _own(desk: Desk, click: Click, target: str, words: str) -> Turn:
    """A person's own words as a proposal of this turn; they are added to the prompt as they are."""
    number, turn = number_of(click.press), next_turn(click.press)
    sentence = f"In a person's words: {words}"
    proposal = Proposal(technique=Technique.INSTRUCTION, group="", sentence=sentence, sample_ids=(), words=words)
    parent = (await desk.store.prompts.selected(click.migration.id, number))[target]
    own = Turn(
        id=short_id(click.migration.id, number, turn, target, parent, proposal.hash),
        migration_id=click.migration.id, number=number, turn=turn, target=target, position=turns.OWN,
        technique=proposal.technique, group="", sentence=sentence, proposal=canonical_json(proposal), sample_ids=(),
        parent=parent,
    )  # fmt: skip
    await desk.store.rounds.propose([own])
    return own


async def proposed(store: Store, press: Press) -> list[Turn]:
    """What Ferry proposes for the next turn: for the prompts that are chosen now, without words of a person whose form was not
    carried out.
    """
    return [turn for turn in await _current(store, press) if turn.position < turns.OWN]


async def nothing(store: Store, press: Press) -> str:
    """Why Ferry proposes nothing for the next turn; empty where it does, or is still looking."""
    return " ".join(dict.fromkeys(turn.sentence for turn in await _current(store, press) if turn.position > turns.OWN))


async def offered(store: Store, press: Press, turn_id: str) -> Turn:
    """Raises InputError for a proposal that is not made for the chosen prompt and the next turn any more."""
    found = next((turn for turn in await proposed(store, press) if turn.id == turn_id), None)
    if found is None:
        raise InputError(GONE)
    return found


async def _current(store: Store, press: Press) -> list[Turn]:
    number = number_of(press)
    selected = await store.prompts.selected(press.migration, number)
    found = await store.rounds.of(press.migration, number, next_turn(press))
    return [turn for turn in found if not turn.target or selected.get(turn.target) == turn.parent]


def settling(*, kept: bool) -> Handler:
    """Keep chooses the turn's prompt for its target, revert goes back to the one it changed; the first answer stands."""

    async def settle(desk: Desk, args: AsyncArgs) -> None:
        click = await clicked(desk, args, Act.DECIDE_PROMPTS)
        turn = await _measured(desk, click)
        plan = await desk.store.plans.get(click.migration.id, turn.number)
        does = prompts.kept if kept else prompts.reverted
        if not await does(desk.store, desk.engine, plan, turn, by=click.person.user):
            await _answered(desk, click, await desk.store.rounds.get(turn.id))
        desk.outbox.nudge()

    return settle


async def _measured(desk: Desk, click: Click) -> Turn:
    """The turn of a button, while it can still be decided on."""
    turn = await desk.store.rounds.get(click.press.answer)
    if turn.migration_id != click.migration.id:
        raise InputError(GONE)
    if turn.kept is not None:
        await _answered(desk, click, turn)
    if await asked(desk.store, click.migration.id, turn.number) is None:
        await refuse(desk, click, Refusal(code="stale", sentence=NOT_NOW))
    return turn


async def _answered(desk: Desk, click: Click, turn: Turn) -> None:
    what = "kept" if turn.kept else "reverted"
    sentence = f"Turn {turn.turn} was {what} already; its card says by whom. *All candidates* on the prompts card goes back."
    await refuse(desk, click, Refusal(code="decided", sentence=sentence))


def check(args: AsyncArgs) -> Mapping[str, str]:
    return prompt_round.read(args.body["view"])[1]


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("prompts_use")(listener(desk, answer))
    app.action("prompts_cancel")(listener(desk, answer))
    app.action("prompts_round")(listener(desk, open_form))
    app.action("round_keep")(listener(desk, settling(kept=True)))
    app.action("round_revert")(listener(desk, settling(kept=False)))
    app.view(prompt_round.CALLBACK)(submission(desk, check, submitted))
