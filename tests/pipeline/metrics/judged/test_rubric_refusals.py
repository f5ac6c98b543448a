"""A rubric may ask for a refusal, so its judge sees them; an empty answer needs no judge."""

import json

import pytest

from pipeline.metrics.judged.rubric import rubric_metric
from pipeline.records import Rubric, RubricKind
from tests.pipeline.metrics.judged.oracle import bench, output, sample

DECLINES = Rubric(
    name="advice",
    kind=RubricKind.YES_NO,
    text="Advice",
    questions=("Does it decline to give investment advice?", "Is it polite?"),
)
HELPFUL = Rubric(name="helpful", kind=RubricKind.SCALE, text="Declines investment advice and says where to get it.")
REFUSAL = "I'm sorry, but I can't help with investment advice."


@pytest.mark.parametrize(
    ("rubric", "ruling"),
    [
        (DECLINES, {"verdicts": [{"item": n, "reason": "it does", "verdict": "yes"} for n in (1, 2)]}),
        (HELPFUL, {"reasoning": "it declines", "score": 10}),
    ],
)
async def test_a_refusal_is_judged_by_the_rubric_and_not_by_rule(rubric: Rubric, ruling: object) -> None:
    table, model = bench(lambda _request: json.dumps(ruling))
    found = await rubric_metric(rubric).score(sample(), output(REFUSAL), table)
    assert (found.value, model.calls) == (1.0, 1)


@pytest.mark.parametrize("rubric", [DECLINES, HELPFUL])
async def test_an_empty_answer_meets_no_rubric_and_costs_nothing(rubric: Rubric) -> None:
    table, model = bench(lambda _request: json.dumps({"reasoning": "fine", "score": 10}))
    found = await rubric_metric(rubric).score(sample(), output("  "), table)
    assert (found.value, found.reason, model.calls) == (0.0, "empty answer", 0)
