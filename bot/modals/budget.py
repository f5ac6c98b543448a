"""The form that sets what a migration may spend in all."""

from typing import Any

from bot.buttons import Press
from bot.modals import kit
from db.records import Purse
from pipeline.errors import InputError
from pipeline.models.prices import money

CALLBACK = "budget"
MOST_USD = 10**7
HINT = (
    "For the whole migration: answers, judges, searches, rounds, tries, writers. When the next call could pass it, nothing more "
    "is called and Ferry asks. Empty: no budget."
)


def view(press: Press, purse: Purse) -> dict[str, Any]:
    """The form over the budget there is."""
    now = "" if purse.budget is None else f"{purse.budget:g}"
    label = f"Budget in USD ({money(purse.spent)} charged so far)"
    field = kit.field("usd", label, kit.text_input(now, limit=20), hint=HINT, optional=True)
    return kit.modal(CALLBACK, "Budget", [field], submit="Set the budget", meta={"press": press.dumps()})


def read(submitted: kit.View) -> tuple[float | None, dict[str, str]]:
    """The budget, None for none; or what is wrong with it by field."""
    text = kit.text_of(kit.values(submitted).get("usd", {})) or ""
    try:
        return read_budget(text), {}
    except InputError as error:
        return None, {"usd": error.message}


def read_budget(text: str) -> float | None:
    """USD above 0, also written as `20 USD`, `$1,200` or `0.50`; None for an empty text."""
    number = text.casefold().replace("usd", "").replace("dollars", "").replace("$", "").replace(",", "").strip()
    if not number:
        return None
    try:
        usd = float(number)
    except ValueError:
        usd = -1.0
    if not 0 < usd <= MOST_USD:
        raise InputError("A budget is an amount above 0 in USD, such as 20 or 0.50. Leave it empty for no budget.")
    return usd
