"""The dev winner: quality first, then tokens, then the simpler method; examples inside prompts count for nobody."""

from dataclasses import replace

import pytest

from pipeline.decide.selection import choose
from pipeline.errors import InputError
from pipeline.records import Criteria, MetricChoice
from tests.pipeline.decide.runs import CRITERIA, run, samples

DEV = samples(10)
PLAIN = run(DEV, [1.0] * 5 + [0.0] * 5, label="as is", tokens=100)


def test_quality_wins_over_length() -> None:
    longer = run(DEV, [1.0] * 6 + [0.0] * 4, label="few-shot", tokens=900)
    chosen = choose([PLAIN, longer], CRITERIA)
    assert (chosen.label, chosen.prompt_hash) == ("few-shot", "hash of few-shot")
    assert [(row.label, row.n, row.mean) for row in chosen.table] == [("as is", 10, 0.5), ("few-shot", 10, 0.6)]
    assert chosen.reason == "few-shot: 0.600 on 10 dev samples, ahead of as is with 0.500."


def test_level_candidates_are_told_apart_by_tokens() -> None:
    shorter = run(DEV, [0.0] * 5 + [1.0] * 5, label="short", tokens=50)
    chosen = choose([PLAIN, shorter], CRITERIA)
    assert chosen.label == "short"
    assert "fewer tokens" in chosen.reason


def test_level_candidates_of_equal_length_give_the_simpler_method() -> None:
    twin = run(DEV, [1.0] * 5 + [0.0] * 5, label="rules", tokens=100)
    chosen = choose([PLAIN, twin], CRITERIA)
    assert chosen.label == "as is"
    assert "simpler method" in chosen.reason


def test_uncounted_tokens_decide_nothing() -> None:
    uncounted = run(DEV, [1.0] * 5 + [0.0] * 5, label="rules")
    assert choose([PLAIN, uncounted], CRITERIA).label == "as is"


def test_samples_inside_any_prompt_count_for_no_candidate() -> None:
    shown = run(DEV, [0.0] * 5 + [1.0, 1.0, 0.0, 0.0, 0.0], label="few-shot", tokens=100)
    leaky = run(DEV, [1.0] * 7 + [0.0] * 3, label="leaky", tokens=100)
    assert choose([PLAIN, shown, leaky], CRITERIA).label == "leaky"
    chosen = choose([PLAIN, shown, leaky], CRITERIA, left_out={"s0005", "s0006"})
    assert chosen.label == "as is"
    assert [row.n for row in chosen.table] == [8, 8, 8]
    assert "2 samples shown inside prompts were left out" in chosen.reason


def test_failing_where_others_answer_is_no_way_to_win() -> None:
    fragile = run(DEV, [1.0] * 5 + [None] * 5, label="fragile", tokens=100)
    chosen = choose([PLAIN, fragile], CRITERIA)
    assert [(row.mean, row.missing) for row in chosen.table] == [(0.5, 0), (0.5, 5)]
    assert chosen.label == "as is"


def test_samples_nobody_can_score_do_not_count() -> None:
    first = run(DEV, [1.0] * 5 + [None] * 5, label="first")
    second = run(DEV, [0.0] + [1.0] * 4 + [None] * 5, label="second")
    chosen = choose([second, first], CRITERIA)
    assert [(row.label, row.n, row.mean) for row in chosen.table] == [("second", 5, 0.8), ("first", 5, 1.0)]


def test_every_primary_metric_weighs_the_same() -> None:
    criteria = Criteria(metrics=(*CRITERIA.metrics, MetricChoice(metric="chrf", primary=True), MetricChoice(metric="refusal")))
    even = [0.0] * 10
    first = run(DEV, [1.0] * 10, label="first", more={"chrf": [0.2] * 10, "refusal": even})
    second = run(DEV, [0.9] * 10, label="second", more={"chrf": [0.4] * 10, "refusal": even})
    assert choose([first, second], criteria).table[1].mean == pytest.approx(0.65)
    assert choose([first, second], criteria).label == "second"


def test_with_nothing_scored_the_simplest_is_kept() -> None:
    blank = [run(DEV, [None] * 10, label=label) for label in ("as is", "rules")]
    chosen = choose(blank, CRITERIA)
    assert (chosen.label, chosen.table[0].mean) == ("as is", None)
    assert "No candidate could be scored" in chosen.reason


def test_nothing_to_choose_from_is_refused() -> None:
    with pytest.raises(InputError, match="at least one candidate"):
        choose([], CRITERIA)
    with pytest.raises(InputError, match="one primary metric"):
        choose([PLAIN], Criteria(metrics=(MetricChoice(metric="chrf"),)))


def test_candidates_over_other_inputs_are_refused() -> None:
    other = replace(run(DEV, [1.0] * 10, label="other"), input_hashes={"s0001": "0" * 64})
    with pytest.raises(InputError, match="other saw another input for sample s0001"):
        choose([PLAIN, other], CRITERIA)
