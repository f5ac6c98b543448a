"""The form in which an SME writes what a reference shall say."""

from typing import Any

from bot.buttons import Press, loads
from bot.modals import kit

CALLBACK = "reference_fixed"
LONGEST = 3000
HINT = "The next dataset version says this; the record keeps who wrote it. This round is not changed."
TOO_LONG = (
    "It is longer than a form takes, so it is not copied here: write the whole reference anew, "
    "or close this and drop a corrected dataset file into the migration's thread."
)


def view(press: Press, reference: str, suggestion: str | None) -> dict[str, Any]:
    """Opens with the suggestion, or with the reference as it is; empty where that is longer than a form takes."""
    opens_with, hint = suggestion or reference, HINT
    if len(opens_with) > LONGEST:  # a cut text would become the reference as soon as somebody sends the form
        opens_with, hint = "", f"{TOO_LONG} {HINT}"
    element = kit.text_input(opens_with, multiline=True, limit=LONGEST)
    field = kit.field("reference", "What should the reference say?", element, hint=hint)
    return kit.modal(CALLBACK, "Fix the reference", [field], meta={"press": press.dumps()})


def read(submitted: kit.View) -> tuple[Press, str, dict[str, str]]:
    """The press it belongs to, the new reference, and what is wrong by field."""
    text = kit.text_of(kit.values(submitted).get("reference", {}))
    errors = {} if text else {"reference": "Write what the reference should say, or close this and press Keep."}
    return loads(kit.meta(submitted).get("press", "")), text, errors
