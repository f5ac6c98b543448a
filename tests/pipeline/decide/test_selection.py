"""The dev winner: quality first, then tokens, then the simpler method; examples inside prompts count for nobody."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decide.selection import choose
from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.models.prices import Price
from pipeline.records import Criteria, MetricChoice, RunResult
from tests.pipeline.decide.runs import CRITERIA, run, samples

DEV, MANY = samples(10), samples(40)
PLAIN = run(DEV, [1.0] * 5 + [0.0] * 5, label="as is", tokens=100)


def right(n: int, *, of: int = 40, label: str, tokens: int | None = None) -> RunResult:
    """A run that answers the first `n` of `of` samples well."""
    return run(samples(of), [1.0] * n + [0.0] * (of - n), label=label, tokens=tokens)


def test_quality_wins_over_length() -> None:
    chosen = choose([right(20, label="as is", tokens=100), right(26, label="few-shot", tokens=900)], CRITERIA)
    assert (chosen.label, chosen.prompt_hash) == ("few-shot", "hash of few-shot")
    assert [(row.label, row.n, row.mean) for row in chosen.table] == [("as is", 40, 0.5), ("few-shot", 40, 0.65)]
    assert chosen.reason == "few-shot: 0.650 on 40 dev samples, ahead of as is with 0.500."


def test_the_simpler_stays_unless_another_is_better_by_more_than_one_paired_standard_error() -> None:
    chosen = choose([right(20, label="as is"), right(21, label="few-shot")], CRITERIA)
    assert chosen.label == "as is"
    assert chosen.reason == (
        "as is: 0.500 on 40 dev samples. few-shot has 0.525, ahead by no more than one paired standard error, "
        "so the simpler method stays."
    )


def test_the_simplest_of_those_within_one_error_of_the_best_stays() -> None:
    chosen = choose([right(10, label="as is"), right(29, label="rules"), right(30, label="gepa")], CRITERIA)
    assert chosen.label == "rules"


def test_few_samples_are_not_trusted() -> None:
    """Two of five samples more were enough for few-shot once; on test it lost."""
    chosen = choose([right(2, of=5, label="as is"), right(4, of=5, label="few-shot")], CRITERIA)
    assert chosen.label == "as is"
    assert "two paired standard errors (two, because there are under 20 samples)" in chosen.reason
    assert choose([right(0, of=10, label="as is"), right(7, of=10, label="few-shot")], CRITERIA).label == "few-shot"


def test_samples_that_belong_together_stand_for_one() -> None:
    """Ten more right of forty are a gain, unless all ten are one conversation."""
    runs = [right(20, label="as is"), right(30, label="few-shot")]
    apart = {f"s{n}": f"c{n // 2}" for n in range(40)}
    assert choose(runs, CRITERIA).label == choose(runs, CRITERIA, clusters=apart).label == "few-shot"
    one = {sample.id: "c" if 20 <= n < 30 else f"c{n}" for n, sample in enumerate(MANY)}
    assert choose(runs, CRITERIA, clusters=one).label == "as is"
    few = choose(runs, CRITERIA, clusters={sample.id: f"c{n // 10}" for n, sample in enumerate(MANY)})
    assert "under 20 groups of samples that belong together" in few.reason


def test_a_simpler_method_that_costs_more_tokens_has_no_such_right() -> None:
    chosen = choose([right(20, label="as is", tokens=200), right(21, label="rules", tokens=100)], CRITERIA)
    assert chosen.label == "rules"


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_what_is_chosen_is_never_far_behind_the_best_and_never_dearer_to_make(counts: list[int]) -> None:
    runs = [right(n, label=f"{i}") for i, n in enumerate(counts)]
    chosen = choose(runs, CRITERIA)
    best = max(range(len(counts)), key=lambda i: (counts[i], -i))
    assert int(chosen.label) <= best
    moved = counts[best] - counts[int(chosen.label)]
    assert moved <= 2, "three of forty gained and none lost is more than chance makes"
    assert (moved > 0) == ("stays" in chosen.reason)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=6), st.integers(0, 40))
def test_a_worse_candidate_at_the_end_changes_nothing(counts: list[int], worse: int) -> None:
    runs = [right(n, label=f"{i}") for i, n in enumerate(counts)]
    more = [*runs, right(min(worse, max(counts)), label="last")]
    assert choose(more, CRITERIA).label == choose(runs, CRITERIA).label


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
    runs = [right(20, label="as is"), right(18, label="few-shot"), right(26, label="leaky")]
    assert choose(runs, CRITERIA).label == "leaky"
    chosen = choose(runs, CRITERIA, left_out={s.id for s in MANY[20:26]})
    assert chosen.label == "as is"
    assert [row.n for row in chosen.table] == [34, 34, 34]
    assert "6 samples shown inside prompts were left out" in chosen.reason


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
    even = [0.0] * 40
    first = run(MANY, [1.0] * 40, label="first", more={"chrf": [0.2] * 40, "refusal": even})
    second = run(MANY, [0.9] * 40, label="second", more={"chrf": [0.4] * 40, "refusal": even})
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


def test_what_is_measured_above_the_cap_is_not_chosen_while_another_keeps_to_it() -> None:
    runs = [right(20, label="as is", tokens=100), right(39, label="few-shot", tokens=900)]
    price = Price(ref="bedrock:t", model="t", input=1.0, output=1.0)
    assert choose(runs, replace(CRITERIA, most_usd=1.0), price=price).label == "few-shot"
    capped = choose(runs, replace(CRITERIA, most_usd=0.5), price=price)
    assert capped.label == "as is"
    assert capped.reason.endswith(
        "the only candidate. Above the cap of 0.50 USD for 1,000 calls, as measured: few-shot 0.90 USD."
    )
    assert [row.usd for row in capped.table] == pytest.approx([0.1, 0.9])
    none = choose(runs, replace(CRITERIA, most_usd=0.01), price=price)
    assert none.label == "few-shot"
    assert "no candidate keeps to the cap of 0.01 USD for 1,000 calls; the cheapest takes 0.10 USD" in none.reason
    assert choose(runs, replace(CRITERIA, most_usd=0.5)).label == "few-shot"


def test_a_cap_is_part_of_what_is_locked_and_none_leaves_the_hash_as_it_was() -> None:
    assert replace(CRITERIA, most_usd=2.0).hash != CRITERIA.hash
    assert "most_usd" not in canonical_json(CRITERIA)
