"""Successive halving: how dev is spent, who goes on, who falls out and what they are told."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.models.prices import Price
from pipeline.prompts.search.halving import FIRST, narrow, rungs
from pipeline.prompts.search.order import shuffled
from pipeline.records import RunResult
from tests.pipeline.decide.runs import CRITERIA, run, samples

DEV = samples(100)


def tried(label: str, right: int, *, on: int = FIRST, tokens: int | None = None) -> RunResult:
    """A candidate that answers the first `right` of `on` samples well."""
    return run(DEV[:on], [1.0] * right + [0.0] * (on - right), label=label, tokens=tokens)


def names(hashes: tuple[str, ...]) -> list[str]:
    return [name.removeprefix("hash of ") for name in hashes]


def test_the_first_rung_is_small_and_the_last_is_all_of_dev() -> None:
    assert rungs(100, 6) == (30, 60, 100)
    assert rungs(250, 10) == (30, 60, 120, 250)


def test_there_is_one_rung_where_nothing_would_be_saved() -> None:
    assert rungs(40, 8) == (40,)
    assert rungs(5, 8) == (5,)
    assert rungs(1000, 2) == (1000,)


@given(dev=st.integers(1, 5000), candidates=st.integers(1, 40))
def test_rungs_ascend_to_dev(dev: int, candidates: int) -> None:
    found = rungs(dev, candidates)
    assert found[-1] == dev
    assert list(found) == sorted(set(found))


def test_the_better_half_goes_on_and_the_others_are_told_why() -> None:
    results = [tried("as is", 10), tried("rules", 20), tried("few-shot", 25), tried("gepa", 28), tried("advpo", 1), tried("x", 2)]
    after = narrow(results, CRITERIA, 100)
    assert (after.total, names(after.keep)) == (60, ["rules", "few-shot", "gepa"])
    assert after.dropped["hash of advpo"] == (
        "Fell out after 30 dev samples: 0.033, behind rules with 0.667, the last that went on."
    )


def test_the_bars_never_fall_out_and_take_nobodys_place() -> None:
    results = [tried("as is", 0), tried("format-fixed", 1), tried("a", 5), tried("b", 6), tried("c", 7), tried("d", 8)]
    after = narrow(results, CRITERIA, 100, always={"hash of as is", "hash of format-fixed"})
    assert names(after.keep) == ["as is", "format-fixed", "c", "d"]
    assert after.total == 100


def test_what_takes_more_than_the_cap_stands_behind_what_keeps_to_it() -> None:
    results = [tried("as is", 9, tokens=10), *(tried(name, right, tokens=10) for name, right in (("a", 5), ("b", 6)))]
    results += [tried("long", 30, tokens=5000), tried("longer", 29, tokens=6000)]
    capped = replace(CRITERIA, most_usd=1.0)
    price = Price(ref="local:x", model="x", input=1.0, output=1.0)
    after = narrow(results, capped, 100, always={"hash of as is"}, price=price)
    assert names(after.keep) == ["as is", "a", "b"]
    assert after.dropped["hash of long"] == "Fell out after 30 dev samples: 1,000 calls take 5.00 USD, more than the cap."
    assert names(narrow(results, CRITERIA, 100, always={"hash of as is"}, price=price).keep) == ["as is", "long", "longer"]


def test_finalists_see_all_of_dev_and_then_nobody_falls_out() -> None:
    two = [tried("a", 3), tried("b", 20)]
    assert (narrow(two, CRITERIA, 100).total, narrow(two, CRITERIA, 100).dropped) == (100, {})
    done = [tried("a", 3, on=100), tried("b", 20, on=100), tried("c", 90, on=100)]
    after = narrow(done, CRITERIA, 100)
    assert (after.total, len(after.keep), after.dropped) == (100, 3, {})


def test_of_level_candidates_the_shorter_and_then_the_simpler_goes_on() -> None:
    level = [tried("long", 9, tokens=90), tried("short", 9, tokens=10), tried("middle", 9, tokens=50)]
    after = narrow(level, CRITERIA, 100)
    assert names(after.keep) == ["short", "middle"]
    assert "level with middle, which costs less" in after.dropped["hash of long"]
    assert names(narrow([tried(name, 9) for name in "abc"], CRITERIA, 100).keep) == ["a", "b"]


def test_samples_shown_in_a_prompt_help_nobody() -> None:
    results = [tried("a", 15), tried("b", 14), tried("c", 1), run(DEV[:30], [0.0] * 14 + [1.0] * 16, label="shown")]
    after = narrow(results, CRITERIA, 100, left_out={s.id for s in DEV[15:30]})
    assert names(after.keep) == ["a", "b"]


def test_nothing_to_narrow_is_refused() -> None:
    with pytest.raises(InputError, match="no candidate to go on with"):
        narrow([], CRITERIA, 100)


@settings(max_examples=40)
@given(right=st.lists(st.integers(0, FIRST), min_size=1, max_size=12), bars=st.sets(st.integers(0, 11)))
def test_climbing_ends_at_dev_with_the_best_still_in(right: list[int], bars: set[int]) -> None:
    always = {f"hash of {i}" for i in bars}
    left, total, steps = [str(i) for i in range(len(right))], rungs(100, len(right))[0], 0
    while True:
        after = narrow([tried(name, right[int(name)], on=total) for name in left], CRITERIA, 100, always=always)
        assert set(after.keep) | set(after.dropped) == {f"hash of {name}" for name in left}
        assert not always & set(after.dropped)
        left, steps = names(after.keep), steps + 1
        if after.total == total:
            break
        assert after.total > total
        total = after.total
    assert total == 100
    assert steps <= 6
    assert max(right) in {right[int(name)] for name in left}


@given(n=st.integers(0, 60))
def test_the_order_is_a_permutation_that_no_file_decides(n: int) -> None:
    dev = samples(n)
    assert shuffled(dev) == shuffled(tuple(reversed(dev)))
    assert sorted(s.id for s in shuffled(dev)) == [s.id for s in dev]
