"""A judge refines what the rules made of a style guide, and never makes it worse."""

import json

import pytest

from pipeline.metrics.guide.refine import refined
from pipeline.metrics.guide.style import read_pasted
from pipeline.metrics.judge.port import Tab
from pipeline.models.failures import failure
from pipeline.records import Output
from tests.pipeline.metrics.judge.judges import judge_of, says

GUIDE = read_pasted("No exclamation marks please.\nSound like a bank.")


def ruling(*tests: tuple[int, str, str]) -> str:
    return json.dumps({"tests": [{"item": item, "rule": rule, "value": value} for item, rule, value in tests]})


async def test_a_question_a_program_can_answer_becomes_a_check() -> None:
    judge, _ = judge_of(lambda _request: says(ruling((1, "never_says", "!"), (2, "none", ""))))
    tab = Tab()
    own = await refined(GUIDE, judge, tab)
    (check,) = own.checks
    assert (check.rule, check.value) == ("never_says", "!")
    assert "exclamation marks" in check.text
    assert len(own.rubrics[0].questions) == 1
    assert "bank" in own.rubrics[0].questions[0]
    assert tab.calls == 1


@pytest.mark.parametrize(
    "reply",
    [ruling((1, "matches", "(a+)+")), ruling((9, "never_says", "!")), ruling((1, "max_words", "many")), ruling(), "no JSON"],
)
async def test_what_no_check_can_be_leaves_the_rules_standing(reply: str) -> None:
    judge, _ = judge_of(lambda _request: says(reply))
    assert await refined(GUIDE, judge, Tab()) == GUIDE


async def test_a_judge_that_fails_leaves_the_rules_standing() -> None:
    judge, _ = judge_of(lambda _request: Output(sample_id="x", text=None, failure=failure("access")))
    assert await refined(GUIDE, judge, Tab()) == GUIDE


async def test_a_rubric_without_questions_left_is_gone() -> None:
    judge, _ = judge_of(lambda _request: says(ruling((1, "never_says", "!"), (2, "says", "Dear customer"))))
    own = await refined(GUIDE, judge, Tab())
    assert (len(own.checks), own.rubrics) == (2, ())
