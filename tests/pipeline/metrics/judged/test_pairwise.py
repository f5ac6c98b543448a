"""The pairwise judge and the panel: both orders, ties, inconsistency counted, further judges on disputed cells only."""

import json
from typing import Any

import pytest

from pipeline.metrics.judged.pairwise import JUDGE_PREFERENCE
from pipeline.metrics.judged.rubric import rubric_metric
from pipeline.records import Request, Rubric, RubricKind, Score
from tests.pipeline.metrics.judged.oracle import bench, oracle, output, sample, texts

TONE = Rubric(name="tone", kind=RubricKind.SCALE, text="Be polite.")


def always(better: str) -> Any:
    return lambda _request: json.dumps({"reason": "so", "better": better})


def mixed(request: Request) -> str:
    """Prefers the second answer, but calls it a tie when the target (the longer text) stands first."""
    given = texts(request)
    return json.dumps({"reason": "so", "better": "tie" if len(given["first"]) > len(given["second"]) else "second"})


def rating(score: int) -> Any:
    return lambda _request: json.dumps({"reasoning": "so", "score": score})


async def preferred(answers: Any, target: str = "Longer answer.", source: str = "Short.", panel: Any = ()) -> tuple[Score, int]:
    table, model = bench(answers, panel=panel)
    return await JUDGE_PREFERENCE.score(sample(), output(target), table, output(source)), model.calls


@pytest.mark.parametrize(
    ("target", "source", "value", "said"),
    [
        ("Longer answer.", "Short.", 1.0, "target better"),
        ("Short.", "Longer answer.", 0.0, "source better"),
        ("Ab.", "Cd.", 0.5, "same"),
    ],
)
async def test_what_both_orders_say_counts(target: str, source: str, value: float, said: str) -> None:
    score, calls = await preferred(oracle, target, source)
    assert (score.value, score.parts, calls) == (value, (value, value), 2)
    assert (score.reason or "").startswith(f"{said}, in both orders")


@pytest.mark.parametrize("answers", [always("first"), always("second"), mixed])
async def test_a_preference_that_turns_with_the_order_counts_as_same_and_says_so(answers: Any) -> None:
    score, calls = await preferred(answers)
    assert (score.value, calls) == (0.5, 2)
    assert (score.reason or "").startswith("inconsistent: ")
    assert score.parts is not None
    assert len(set(score.parts)) == 2


@pytest.mark.parametrize(
    ("target", "source", "value"),
    [
        ("The same.", " The  same. ", 0.5),
        ("", "An answer.", 0.0),
        ("An answer.", "I'm sorry, but I can't help with that.", 1.0),
        ("", "I'm sorry, but I can't help with that.", 0.5),
    ],
)
async def test_what_needs_no_judge_costs_no_call(target: str, source: str, value: float) -> None:
    score, calls = await preferred(oracle, target, source)
    assert (score.value, score.parts, calls) == (value, None, 0)


async def test_the_judge_is_never_told_which_answer_is_whose() -> None:
    seen: list[str] = []

    def watching(request: Request) -> str:
        seen.append(request.system + request.turns[0].text)
        return oracle(request)

    await preferred(watching, "New.", "Old one.")
    assert not any(word in text.lower() for text in seen for word in ("target", "source", "candidate", "baseline"))
    firsts = [text.index("New.") < text.index("Old one.") for text in seen]
    assert sorted(firsts) == [False, True]


async def test_without_the_source_s_answer_there_is_no_score() -> None:
    table, model = bench()
    for source in (None, output(None)):
        score = await JUDGE_PREFERENCE.score(sample(), output("Yes."), table, source)
        assert score.unscored == "the source gave no answer to compare with"
    assert model.calls == 0


async def test_the_panel_decides_by_majority_where_the_first_judge_turned() -> None:
    score, _ = await preferred(always("first"), panel=(oracle, oracle))
    assert score.value == 1.0
    assert (score.reason or "").startswith("inconsistent: ")
    assert "scripted:p1 target better, scripted:p2 target better; majority: target better" in (score.reason or "")
    assert score.spent is not None
    assert score.spent.calls == 6


async def test_a_panel_without_a_majority_leaves_the_middle() -> None:
    def contrary(request: Request) -> str:
        return oracle(request).replace("first", "x").replace("second", "first").replace("x", "second")

    split, _ = await preferred(always("first"), panel=(oracle, contrary))
    assert (split.value, (split.reason or "").endswith("no majority")) == (0.5, True)
    lost, _ = await preferred(always("first"), panel=(always("second"),))
    assert (lost.value, (lost.reason or "").endswith("no majority")) == (0.5, True)


async def test_the_panel_is_not_asked_where_nothing_is_disputed() -> None:
    score, _ = await preferred(oracle, panel=(oracle,))
    assert "panel" not in (score.reason or "")
    assert score.spent is not None
    assert score.spent.calls == 2
    for first, calls in ((1, 1), (4, 1), (7, 1), (10, 1), (5, 3), (6, 3)):
        table, _ = bench(rating(first), panel=(rating(9), rating(8)))
        found = await rubric_metric(TONE).score(sample(), output("Well."), table)
        assert found.spent is not None
        assert found.spent.calls == calls


async def test_a_disputed_rubric_gets_the_median_and_reports_the_disagreement() -> None:
    table, _ = bench(rating(5), panel=(rating(9), rating(8)))
    found = await rubric_metric(TONE).score(sample(), output("Well."), table)
    assert found.value == pytest.approx(7 / 9)
    assert "scripted:p1 0.89" in (found.reason or "")
    assert "disagree by up to 0.44" in (found.reason or "")


async def test_a_panel_judge_without_a_ruling_leaves_no_score() -> None:
    table, _ = bench(rating(5), panel=(rating(9), lambda _request: "no JSON here"))
    found = await rubric_metric(TONE).score(sample(), output("Well."), table)
    assert (found.value, (found.unscored or "").startswith("judge bad_json")) == (None, True)
