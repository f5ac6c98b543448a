"""Short messages: answers, proposals that a click confirms, problems, and the button that starts a migration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bot.blocks.escape import EMPTY, literal, plain
from bot.buttons import Press
from bot.cards.kit import Block, Card, actions, button, context, lines, section
from db.records import Migration

PREFILLED, CARRIED = ("name", "source", "targets"), 300
"""Fields of the form that the start button carries, and characters of each: escaped, less than the 2,000 a button takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What Ferry understood and would do; only the click does it. `value` belongs to the kind (a margin, a model).

    `told` are lines of Ferry's own that a person reads before it.
    """

    kind: str
    value: str
    sentence: str
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFacts:
    """`mrkdwn` bodies are Ferry's own sentences, others are shown as they are written. `start` is what a mention named.

    `budget` says that a budget is used up and waits for somebody.
    """

    key: str
    body: str
    mrkdwn: bool = False
    migration: Migration | None = None
    proposal: Proposal | None = None
    start: Mapping[str, str] | None = None
    retry: bool = False
    budget: bool = False


def reply_card(facts: NoteFacts) -> Card:
    """An answer in the thread, with the button that confirms it when it is a proposal, or that starts what was asked for."""
    if facts.start is not None:
        return start_card(facts.body, facts.start)
    if facts.proposal and facts.migration:
        return _proposal(facts.migration.id, facts.key, facts.proposal)
    return Card(text=_fallback(facts), blocks=[_body(facts)])


def _proposal(migration_id: str, key: str, proposal: Proposal) -> Card:
    press = Press(migration=migration_id, question=key, answer=proposal.kind)  # its value is read from the store
    blocks: list[Block] = [
        *([lines(proposal.told.split("\n"))] if proposal.told else []),
        section(f"{literal(proposal.sentence, 1500)}\nNothing has changed yet."),
        actions(
            button("Do it", "proposal_confirm", press.dumps(), style="primary"),
            button("Leave it", "proposal_dismiss", press.dumps()),
        ),
    ]
    return Card(text=literal(proposal.sentence, 1500), blocks=blocks)


def problem_card(facts: NoteFacts) -> Card:
    """What went wrong, as a sentence with the way out; with a retry button where trying again can help."""
    blocks: list[Block] = [section(":warning: *Something needs you*"), _body(facts)]
    if facts.retry and facts.migration:
        retry = button("Retry", "migration_retry", Press(migration=facts.migration.id).dumps(), style="primary")
        blocks.append(actions(retry))
    if facts.budget and facts.migration:
        value = Press(migration=facts.migration.id).dumps()
        over = "The migration ends; nothing is deleted."
        cancel = button("Cancel", "migration_cancel", value, style="danger", confirm=over)
        blocks.append(actions(button("Budget", "budget_open", value, style="primary"), cancel))
    return Card(text=_fallback(facts), blocks=blocks)


def start_card(sentence: str, prefill: Mapping[str, str]) -> Card:
    """The button that opens the form with what was read from the text; a form needs a click to open."""
    told = {key: plain(prefill[key], CARRIED) for key in PREFILLED if key in prefill}
    value = json.dumps({key: text for key, text in told.items() if text != EMPTY}, ensure_ascii=False)
    blocks: list[Block] = [
        section(literal(sentence, 1500)),
        actions(button("Start a migration", "start_open", value, style="primary")),
        context("The form opens with what you wrote; everything in it can be changed."),
    ]
    return Card(text=literal(sentence, 1500), blocks=blocks)


def _body(facts: NoteFacts) -> Block:
    return lines(facts.body.split("\n")) if facts.mrkdwn else section(literal(facts.body, 2900))


def _fallback(facts: NoteFacts) -> str:
    return facts.body[:3000] if facts.mrkdwn and facts.body else literal(facts.body, 3000)
