"""The forms for words that go with a click: why a report is not signed, and why one answer is better."""

from dataclasses import dataclass
from typing import Any

from bot.buttons import Press, loads
from bot.modals import kit
from db.records import Choice

NOTE_CALLBACK = "decision_note"
REASON_CALLBACK = "review_reason"
TITLES = {"request_changes": "Request changes", "reject": "Reject the report"}


def note_view(press: Press) -> dict[str, Any]:
    """Asks for the reason of a sign-off decision that is not an approval; it is printed in the thread and kept."""
    hint = "The thread shows it, and the record keeps it."
    return kit.modal(
        NOTE_CALLBACK,
        TITLES.get(press.answer, "Say why"),
        [kit.field("note", "What has to change, or why?", kit.text_input(multiline=True, limit=2000), hint=hint)],
        meta={"press": press.dumps()},
    )


def read_note(submitted: kit.View) -> tuple[Press, str, dict[str, str]]:
    """The press it belongs to, the note, and what is wrong by field."""
    note = kit.text_of(kit.values(submitted).get("note", {}))
    errors = {} if note else {"note": "Write a sentence: whoever works on it next needs to know why."}
    return loads(kit.meta(submitted).get("press", "")), note, errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A judgement with words; `reference` is what the reference should say, when it is wrong."""

    press: Press
    choice: Choice
    reason: str


def reason_view(press: Press) -> dict[str, Any]:
    """Asks which answer is better and why."""
    choices = {Choice.A: "A is better", Choice.SAME: "Both the same", Choice.B: "B is better"}
    fix = kit.text_input(multiline=True, limit=1000)
    return kit.modal(
        REASON_CALLBACK,
        "Judge with a reason",
        [
            kit.field("choice", "Which answer is better?", kit.radio(choices.items())),
            kit.field("reason", "Why?", kit.text_input(multiline=True, limit=2000), optional=True),
            kit.field("reference", "Is the reference wrong? What should it say?", fix, optional=True),
        ],
        meta={"press": press.dumps()},
    )


def read_reason(submitted: kit.View) -> tuple[Reason | None, dict[str, str]]:
    given = kit.values(submitted)
    texts = {name: kit.text_of(given.get(name, {})) for name in ("choice", "reason", "reference")}
    if texts["choice"] not in set(Choice):
        return None, {"choice": "Choose A, B or the same."}
    fix = f"The reference should say: {texts['reference']}" if texts["reference"] else ""
    reason = "\n".join(part for part in (texts["reason"], fix) if part)
    return Reason(press=loads(kit.meta(submitted).get("press", "")), choice=Choice(texts["choice"]), reason=reason), {}
