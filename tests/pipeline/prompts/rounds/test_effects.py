"""The measured effect of a round: per group, elsewhere and on all of dev, what got worse, and the advice to keep or revert."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.prompts.rounds import Outcome, effects, outcome
from pipeline.prompts.rounds.effects import ALL, ELSEWHERE
from pipeline.records import Cause, Criteria, ErrorGroup, RunResult, Sample
from tests.pipeline.prompts.rounds.situations import PRICE, criteria, messages, scored

EXACT = criteria()
SAMPLES = messages(40)


def group(label: str, samples: Sequence[Sample]) -> ErrorGroup:
    ids = tuple(s.id for s in samples)
    return ErrorGroup(arm="a", cause=Cause.FORMAT, label=label, sample_ids=ids, evidence="", next_step="")


def run(wrong: Sequence[Sample], name: str, text: str = "wrong") -> RunResult:
    return scored(SAMPLES, {s.id: text for s in wrong}, "exact_match", name)


FENCED, EMPTY = group("fenced", SAMPLES[:10]), group("empty", SAMPLES[10:13])
BEFORE = run(SAMPLES[:13], "before")


def after_repair(worse: int = 0) -> RunResult:
    """Eight of ten of the first group repaired, the second as it was, and so many others broken."""
    return run([*SAMPLES[8:13], *SAMPLES[13 : 13 + worse]], "after")


def of(wrong: RunResult, **given_: object) -> Outcome:
    return outcome(BEFORE, wrong, (FENCED, EMPTY), EXACT, **given_)  # type: ignore[arg-type]


def test_each_group_has_its_figures_and_an_interval_where_n_allows() -> None:
    fenced, empty, elsewhere, everything = effects(BEFORE, after_repair(), (FENCED, EMPTY), EXACT)
    assert (fenced.n, fenced.before, fenced.after, fenced.difference) == (10, 0.0, 0.8, 0.8)
    assert fenced.interval is not None
    assert fenced.interval.low > 0.3
    assert fenced.improved == tuple(s.id for s in SAMPLES[:8])
    assert (empty.n, empty.difference, empty.interval) == (3, 0.0, None)
    assert empty.sentence == "0.000 → 0.000 on 3 samples, +0.000 (n too small for an interval: 3); no sample moved."
    assert (elsewhere.group, elsewhere.n, elsewhere.difference) == (ELSEWHERE, 27, 0.0)
    assert (everything.group, everything.n, everything.difference) == (ALL, 40, 0.2)


def test_a_round_that_repairs_is_kept_and_what_got_worse_is_listed() -> None:
    found = of(after_repair(worse=2))
    assert found.keep
    assert found.sentence == "Keep: 8 samples got better, most in “fenced” (8 of 10); 2 samples got worse, look at them."
    assert found.regressions == tuple(s.id for s in SAMPLES[13:15])
    assert found.effects[2].worse == found.regressions


def test_a_round_that_breaks_more_than_it_repairs_is_reverted() -> None:
    found = of(run([*SAMPLES[4:13], *SAMPLES[13:33]], "after"))
    assert not found.keep
    assert found.sentence.startswith("Revert: on all of dev the score fell by 0.400, more than one standard error")
    assert "20 samples got worse" in found.sentence


def test_what_one_group_gains_and_others_lose_is_no_gain() -> None:
    found = of(after_repair(worse=9))
    assert found.effects[0].difference == 0.8
    assert not found.keep
    assert found.sentence == "Revert: 8 samples got better and 9 got worse, so the simpler prompt stays."


def test_a_gain_within_its_error_is_kept_and_called_one_that_may_be_chance() -> None:
    found = of(after_repair(worse=7))
    assert found.keep
    assert found.sentence.endswith("7 samples got worse, look at them. The gain is within one standard error and may be chance.")


def test_a_round_that_changes_nothing_is_reverted() -> None:
    found = of(run(SAMPLES[:13], "after"))
    assert not found.keep
    assert found.sentence == "Revert: nothing got better, so the simpler prompt stays."


def test_shorter_answers_at_the_same_score_are_kept_with_tokens_time_and_cost_measured() -> None:
    long = run(SAMPLES[:13], "before", " ".join(["wrong"] * 30))
    found = outcome(long, run(SAMPLES[:13], "after"), (FENCED,), EXACT, price=PRICE)
    assert found.keep
    assert found.sentence == "Keep: the score holds and answers went from 10 to 1 output tokens."
    assert found.tokens_before == pytest.approx(10.425)
    assert found.tokens_after == 1.0
    assert found.usd_before == pytest.approx(0.0917)
    assert found.usd_after == pytest.approx(0.054)
    assert found.latency_before.mean.value is not None
    assert found.latency_after.mean.value is not None
    assert found.latency_after.mean.value < found.latency_before.mean.value


def test_samples_shown_inside_the_prompt_do_not_count() -> None:
    shown = [s.id for s in SAMPLES[:4]]
    found = of(after_repair(), left_out=shown)
    assert found.effects[0].n == 6
    assert found.effects[-1].n == 36


def test_clusters_count_as_one_unit_each() -> None:
    together = {s.id: f"c{n // 5}" for n, s in enumerate(SAMPLES)}
    alone, clustered = of(after_repair()).effects[-1], of(after_repair(), clusters=together).effects[-1]
    assert alone.interval is not None
    assert clustered.interval is not None
    assert clustered.interval.high - clustered.interval.low > alone.interval.high - alone.interval.low


def test_what_cannot_be_compared_is_a_sentence() -> None:
    with pytest.raises(InputError, match="No metric decides"):
        effects(BEFORE, after_repair(), (), Criteria(metrics=()))
    with pytest.raises(InputError, match="share no sample"):
        effects(BEFORE, replace(BEFORE, outputs=(), scores=()), (), EXACT)
    other = replace(BEFORE, input_hashes={SAMPLES[0].id: "x"})
    with pytest.raises(InputError, match="saw different inputs"):
        effects(BEFORE, other, (), EXACT)
    assert effects(BEFORE, BEFORE, (group("gone", [Sample(id="zz", variables={})]),), EXACT)[0].sentence == (
        "None of its samples can be compared."
    )


@given(st.lists(st.booleans(), min_size=40, max_size=40), st.lists(st.booleans(), min_size=40, max_size=40))
def test_improved_less_worse_is_the_difference_and_a_fall_is_never_kept_beyond_its_error(
    old: list[bool], new: list[bool]
) -> None:
    before, after = (run([s for s, bad in zip(SAMPLES, flags, strict=True) if bad], "r") for flags in (old, new))
    found = outcome(before, after, (FENCED, EMPTY), EXACT)
    for each in found.effects:
        assert each.difference == pytest.approx((len(each.improved) - len(each.worse)) / each.n, abs=1e-6)
    whole = found.effects[-1]
    assert not (found.keep and whole.interval is not None and whole.interval.high < 0)
