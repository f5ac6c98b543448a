"""Our own answer metrics against Ragas': the same verdicts give the same figures, so Ragas can go on the day it breaks."""

import asyncio
import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.metrics.judge.port import Question
from pipeline.metrics.registry import JUDGED
from pipeline.records import Request, Score
from tests.pipeline.metrics.judged.oracle import bench, oracle, output, sample
from tests.pipeline.metrics.judged.scripted import OF_RAGAS, ruled

NAMES = ("answer_precision", "answer_recall", "answer_correctness", "answer_similarity")
FACTS = (
    "Revenue was 12 million.",
    "Profit fell sharply.",
    "Two plants closed.",
    "Überseehandel wuchs.",
    "It rained all summer.",
    "利益 增加.",
)
pytestmark = pytest.mark.xdist_group("frameworks")
Some = st.lists(st.sampled_from(FACTS), min_size=1, max_size=len(FACTS), unique=True)


def either(request: Request) -> str:
    """The right ruling, whoever asks: no two of the facts share a word, so word for word and by its words are the same."""
    title = json.loads(request.parameters.json_schema or "{}").get("title")
    if title in OF_RAGAS:
        return json.dumps(ruled(Question(name=title, prompt=request.turns[0].text, schema="")))
    return oracle(request)


async def both(answer: str, reference: str, answers: Callable[[Request], str] = either) -> list[tuple[Score, Score]]:
    """Ours and Ragas' score for each metric, all through the one judge core and its cache."""
    table, _ = bench(answers)
    asked, said = sample(reference=reference), output(answer)
    return [(await JUDGED[n].score(asked, said, table), await JUDGED[f"ragas_{n}"].score(asked, said, table)) for n in NAMES]


@settings(max_examples=30, deadline=None)
@given(Some, Some)
def test_the_same_verdicts_give_the_same_scores(answer: Sequence[str], reference: Sequence[str]) -> None:
    for ours, theirs in asyncio.run(both(" ".join(answer), " ".join(reference))):
        assert (ours.unscored, theirs.unscored) == (None, None)
        assert ours.value is not None
        assert ours.value == pytest.approx(theirs.value, abs=1e-9)


async def test_where_the_judge_finds_no_statement_neither_has_a_score() -> None:
    def silent(request: Request) -> str:
        ruling = json.loads(either(request))
        return json.dumps({"statements": []} if all(isinstance(s, str) for s in ruling.get("statements", [{}])) else ruling)

    for ours, theirs in (await both(FACTS[0], FACTS[1], silent))[:3]:
        assert (ours.unscored or "").startswith("judge vacuous: ")
        assert (theirs.unscored or "").startswith("judge vacuous: ")


async def test_where_a_verdict_is_missing_neither_has_a_score() -> None:
    def short(request: Request) -> str:
        ruling = json.loads(either(request))
        return json.dumps({key: [i for i in items if isinstance(i, str)] for key, items in ruling.items()})

    for ours, theirs in (await both(" ".join(FACTS[:2]), FACTS[1], short))[:3]:
        assert (ours.unscored or "").startswith("judge verdict_mismatch: ")
        assert (theirs.unscored or "").startswith("judge verdict_mismatch: ")


async def test_both_score_a_refusal_by_rule() -> None:
    for ours, theirs in await both("I cannot help with that.", FACTS[0]):
        assert (ours.value, ours.reason) == (theirs.value, theirs.reason)
