"""The form that asks for another plan: margins, one more target, pairs for review, calls a month, a cost cap."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.buttons import Press
from bot.modals import kit
from bot.modals.details import TARGETS_HINT, read_ref
from db.records import Plan, PlanChange
from pipeline.errors import InputError

CALLBACK = "plan_change"
MOST_PAIRS = 200
MOST_CALLS, MOST_USD = 10**12, 10**6
DECIDING = "deciding"
CALLS_HINT = "How often the application asks its model in a month: the report then says what a month costs. 0 takes it back."
CAP_HINT = "The most that 1,000 calls with a prompt may cost, in USD; what costs more is no candidate. 0 takes it back."


def view(press: Press, plan: Plan) -> dict[str, Any]:
    """The form over `plan`; what is left as it is stays as it is."""
    primary = plan.criteria.primary
    margin = f"{primary[0].margin:g}" if primary else ""
    monthly, cap = str(plan.monthly_calls or ""), _shown(plan.criteria.most_usd)
    named = [(choice.metric, choice.metric) for choice in plan.criteria.metrics[:90]]
    hint = "The largest loss against the source you would accept, between 0 and 1."
    return kit.modal(
        CALLBACK,
        "Change the plan",
        [
            kit.field("margin", "Margin", kit.text_input(margin, limit=20), hint=hint, optional=True),
            kit.field(
                "metric",
                "Margin of which metric",
                kit.select([(DECIDING, "Those that decide"), *named], DECIDING),
                optional=True,
            ),
            kit.field("add_target", "One more target", kit.text_input(limit=200), hint=TARGETS_HINT, optional=True),
            kit.field("review_pairs", "Pairs for review", kit.text_input(str(plan.review_pairs), limit=10), optional=True),
            kit.field("monthly_calls", "Calls a month", kit.text_input(monthly, limit=14), hint=CALLS_HINT, optional=True),
            kit.field("most_usd", "Cost cap", kit.text_input(cap, limit=20), hint=CAP_HINT, optional=True),
        ],
        submit="Ask for a new plan",
        meta={
            "press": press.dumps(),
            "margin": margin,
            "review_pairs": str(plan.review_pairs),
            "monthly_calls": monthly,
            "most_usd": cap,
        },
    )


def read(submitted: kit.View) -> tuple[PlanChange | None, dict[str, str]]:
    """The change, or what is wrong with it by field. A form sent without any change is an error of its first field."""
    texts = {name: kit.text_of(value) for name, value in kit.values(submitted).items()}
    before, errors = kit.meta(submitted), {}
    if texts.get("metric") == DECIDING:
        del texts["metric"]
    named = "metric" in texts  # then the margin counts, whatever stood in the form
    changed = {n: t for n, t in texts.items() if t and (t != before.get(n, "") or (named and n == "margin"))}
    for field, text in changed.items():
        try:
            READERS[field](text)
        except InputError as error:
            errors[field] = error.message
    if not changed or (named and "margin" not in changed):
        errors["margin"] = "Nothing is changed yet: write another margin, or close this form."
    return (None, errors) if errors else (_change(changed), {})


def _change(texts: dict[str, str]) -> PlanChange:
    return PlanChange(
        margin=read_margin(texts["margin"]) if "margin" in texts else None,
        metric=texts.get("metric"),
        add_target=read_ref(texts["add_target"]) if "add_target" in texts else None,
        review_pairs=read_pairs(texts["review_pairs"]) if "review_pairs" in texts else None,
        monthly_calls=read_calls(texts["monthly_calls"]) if "monthly_calls" in texts else None,
        most_usd=read_usd(texts["most_usd"]) if "most_usd" in texts else None,
    )


def read_margin(text: str) -> float:
    """A margin between 0 (exclusive) and 1, also written as `3 %` or `0,03`."""
    number = text.replace(",", ".").strip()
    try:
        margin = float(number.removesuffix("%").strip()) / (100 if number.endswith("%") else 1)
    except ValueError:
        margin = -1.0
    if not 0 < margin <= 1:
        raise InputError("A margin is a number above 0 and at most 1, such as 0.05 (or 5 %).")
    return margin


def read_pairs(text: str) -> int:
    """How many pairs the SMEs judge."""
    if not text.isdecimal() or not 0 <= int(text) <= MOST_PAIRS:
        raise InputError(f"Write a whole number from 0 to {MOST_PAIRS}; 0 means no review.")
    return int(text)


def read_calls(text: str) -> int:
    """Calls a month, also written as `120,000` or `120 000`."""
    digits = "".join(text.replace(",", "").replace(".", "").replace("'", "").split())
    if not digits.isdecimal() or not digits.isascii() or int(digits) > MOST_CALLS:
        raise InputError("Write a whole number of calls, such as 120000; 0 means no monthly projection.")
    return int(digits)


def read_usd(text: str) -> float:
    """USD that 1,000 calls may cost, also written as `$2`, `2 USD` or `0,05`; 0 for no cap."""
    number = text.casefold().replace("usd", "").replace("$", "").replace(",", ".").strip()
    try:
        usd = float(number)
    except ValueError:
        usd = -1.0
    if not 0 <= usd <= MOST_USD:
        raise InputError("Write USD for 1,000 calls as a number such as 2 or 0.05; 0 means no cap.")
    return usd


def _shown(usd: float | None) -> str:
    return "" if usd is None else f"{usd:g}"


READERS: Mapping[str, Callable[[str], object]] = {
    "margin": read_margin,
    "metric": str,
    "add_target": read_ref,
    "review_pairs": read_pairs,
    "monthly_calls": read_calls,
    "most_usd": read_usd,
}
