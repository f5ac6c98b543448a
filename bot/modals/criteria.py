"""The form "Add criteria": a pasted rubric or style guide comes back in the next plan as criteria that can be removed."""

from typing import Any

from bot.buttons import Press
from bot.modals import kit
from db.records import PlanChange
from pipeline.errors import InputError

CALLBACK = "plan_criteria"
FIND_OUT = "find_out"
KINDS = (
    (FIND_OUT, "Find out"),
    ("style guide", "A style guide: rules an answer has to follow"),
    ("scale", "A rubric with a score from 1 to 10"),
    ("questions", "Yes/no questions, one a line"),
)
TEXT_HINT = (
    "Paste a rubric (what makes a 1, what makes a 10), yes/no questions, or a style guide with one rule a line. "
    "Rules that code can test need no judge."
)


def view(press: Press) -> dict[str, Any]:
    """An empty form."""
    return kit.modal(
        CALLBACK,
        "Add criteria",
        [
            kit.field("text", "Rubric or style guide", kit.text_input(multiline=True), hint=TEXT_HINT),
            kit.field("kind", "What is it?", kit.select(KINDS, FIND_OUT), optional=True),
            kit.field("name", "Name", kit.text_input(limit=60), hint="As the plan and the report shall call it.", optional=True),
        ],
        submit="Ask for a new plan",
        meta={"press": press.dumps()},
    )


def read(submitted: kit.View) -> tuple[PlanChange | None, dict[str, str]]:
    """The criteria as a change of the plan, or what is wrong at the field."""
    from pipeline.metrics.guide.style import Pasted, read_pasted

    texts = {name: kit.text_of(value) for name, value in kit.values(submitted).items()}
    kind = texts.get("kind") or FIND_OUT
    try:
        own = read_pasted(texts.get("text", ""), texts.get("name", ""), None if kind == FIND_OUT else Pasted(kind))
    except InputError as error:
        return None, {"text": error.message}
    return PlanChange(rubrics=own.rubrics, checks=own.checks, add_metrics=own.metrics, left_out=own.left_out), {}
