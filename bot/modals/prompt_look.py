"""What changed in one candidate against the source's prompt, by section, why, and what a person can do with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.blocks.escape import literal
from bot.buttons import Press, loads
from bot.cards.kit import Block, actions, button, context, lines, section, text_section
from bot.cards.prompts import CandidateFacts, row
from bot.modals import kit
from pipeline.prompts.diff import Change, changes
from pipeline.records import Edit, PromptVersion

CALLBACK = "prompt_look"
MOST_EDITS = 20
SHOWN = 300
"""Characters of one line of a prompt; the file has all of them."""
NOTHING = "Nothing changed: the model sees the source's prompt as it is."
WHOLE = "Lines that changed, without those that stayed. *Post as a file* puts the whole text and every line into the thread."


@dataclass(frozen=True, slots=True, kw_only=True)
class LookFacts:
    """A candidate of `target` beside the source's prompt; `open` while people can still choose."""

    press: Press
    target: str
    candidate: CandidateFacts
    before: PromptVersion
    after: PromptVersion
    dev: int
    open: bool


def view(facts: LookFacts) -> dict[str, Any]:
    """The differences; its submit button posts them in full."""
    blocks: list[Block] = [
        section(f"*{literal(facts.target, 150)}*"),
        section(row(facts.candidate, facts.dev)),
        *([actions(*_buttons(facts))] if facts.open else []),
        *differences(facts.before, facts.after),
        *_edits(facts.after.edits),
        context(WHOLE),
    ]
    meta = {"press": facts.press.dumps()}
    return kit.modal(CALLBACK, "What changed", blocks, submit="Post as a file", meta=meta)


def read(submitted: kit.View) -> Press:
    return loads(kit.meta(submitted).get("press", ""))


def differences(before: PromptVersion, after: PromptVersion) -> Iterator[Block]:
    """A sentence and the changed lines of each section; lines of people and models stay plain text."""
    found = changes(before, after)
    if not found:
        yield section(NOTHING)
    for change in found:
        yield section(f"*{change.section.capitalize()}*: {literal(change.summary, 600)}")
        if told := list(_lines(change)):
            yield text_section("\n".join(_fitting(told)))


def _lines(change: Change) -> Iterator[str]:
    for line in change.lines:
        if line.kind == "same":
            continue
        if line.before is not None and line.before.strip():
            yield f"– {_short(line.before)}"
        if line.after is not None and line.after.strip():
            yield f"+ {_short(line.after)}"


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text):,} characters)"


def _fitting(told: list[str], room: int = 2_900) -> list[str]:
    """Whole lines; how many are left out is said."""
    kept: list[str] = []
    length = 0
    for line in told:
        length += len(line) + 1
        if length > room:
            return [*kept, f"… and {len(told) - len(kept)} more changed lines"]
        kept.append(line)
    return kept


def _edits(edits: tuple[Edit, ...]) -> Iterator[Block]:
    if not edits:
        return
    told = [_edit(edit) for edit in edits[:MOST_EDITS]]
    yield section("*Why*")
    for at in range(0, len(told), 4):
        yield lines(told[at : at + 4], what="changes")
    if len(edits) > MOST_EDITS:
        yield context(f"and {len(edits) - MOST_EDITS} more changes; the file lists them.")


def _edit(edit: Edit) -> str:
    kind = "" if edit.lossless else " _(wording: a proposal, judged by its figures)_"
    source = literal(edit.source, 200) if edit.source.strip() else "not given"
    return f"• *{literal(edit.rule, 100)}*{kind}\n      {literal(edit.reason, 350)}\n      Source: {source}"


def _buttons(facts: LookFacts) -> Iterator[Block]:
    press, candidate = facts.press.dumps(), facts.candidate
    if candidate.refusal is None and not candidate.chosen and candidate.mean is not None:
        yield button("Use this one", "prompt_use", press, style="primary")
    yield button("Edit", "prompt_edit", press)
    if candidate.refusal is None:
        yield button("Try on a sample", "prompt_try", press)
    if candidate.refusal is None and not candidate.chosen:
        asked = "It cannot be chosen any more in this round; its figures stay."
        yield button("Reject", "prompt_reject", press, style="danger", confirm=asked)
