"""A judge looks over what the rules made of a style guide: questions that a check could answer become checks.

Optional: the rules stand wherever the judge fails, suggests what no check can be, or is not asked at all.
"""

import json
from dataclasses import replace

from pipeline.errors import InputError
from pipeline.metrics.code.checks import RULES, make_check
from pipeline.metrics.guide.own import Own, distinct
from pipeline.metrics.judge.port import Judge, JudgeError, Question, Tab
from pipeline.records import Check, Rubric, RubricKind

NONE = "none"
WORDS = (
    "Each numbered question below asks whether an answer follows one rule of a style guide. For each question say which test a "
    "program could run on the answer alone to answer it for every answer, or none. Say none when the rule has a condition, needs "
    "the question or a reference, or needs understanding. Tests, with what their value is: "
)
VALUES = {
    "never_says": "words, one a line",
    "says": "words, one a line",
    "one_of": "answers, one a line",
    "starts_with": "beginnings, one a line",
    "never_starts_with": "beginnings, one a line",
    "ends_with": "endings, one a line",
    "matches": "a regular expression",
    "never_matches": "a regular expression",
    "language": "a language in English",
    "number_format": "1,234 or 0.00",
}
ITEM = {
    "type": "object",
    "properties": {"item": {"type": "integer"}, "rule": {"enum": [*RULES, NONE]}, "value": {"type": "string"}},
    "required": ["item", "rule", "value"],
    "additionalProperties": False,
}
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"tests": {"type": "array", "items": ITEM}},
        "required": ["tests"],
        "additionalProperties": False,
    }
)


async def refined(own: Own, judge: Judge, tab: Tab) -> Own:
    """`own` with those questions of its yes/no rubrics as checks that the judge found a test for; what it cost is on `tab`."""
    checks, rubrics = list(own.checks), []
    for rubric in own.rubrics:
        found = await _tests(rubric, judge, tab) if rubric.kind is RubricKind.YES_NO else {}
        left = tuple(question for number, question in enumerate(rubric.questions, 1) if number not in found)
        checks += found.values()
        if left or not found:
            rubrics.append(replace(rubric, questions=left))
    return replace(own, checks=distinct(checks), rubrics=tuple(rubrics))


async def _tests(rubric: Rubric, judge: Judge, tab: Tab) -> dict[int, Check]:
    """Checks by the number of the question they answer."""
    listed = "\n".join(f"{number}. {question}" for number, question in enumerate(rubric.questions, 1))
    tests = "; ".join(f"{rule} ({VALUES.get(rule, _counted(rule))})" for rule in RULES)
    question = Question(name="tests", prompt=f"{WORDS}{tests}.\n\n{listed}", schema=SCHEMA)
    try:
        ruling = await judge.ask(question, tab)
    except JudgeError:
        return {}
    found: dict[int, Check] = {}
    for test in ruling["tests"]:
        if test["rule"] != NONE and 1 <= test["item"] <= len(rubric.questions):
            try:
                found.setdefault(test["item"], make_check(test["rule"], test["value"], rubric.questions[test["item"] - 1]))
            except InputError:
                continue
    return found


def _counted(rule: str) -> str:
    return "a number" if rule.startswith(("max_", "min_")) else "empty"
