"""Verdicts on planted data: what is found, what is refused, and what is never claimed."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decide.compare import compare, compare_all
from pipeline.errors import InputError
from pipeline.metrics.metric import NO_SOURCE
from pipeline.records import Coverage, Criteria, Interval, MetricChoice, Output, Sample, Score, Verdict
from tests.pipeline.decide.runs import CRITERIA, GRADED, run, samples


def test_a_planted_regression_is_found_and_listed() -> None:
    of = samples(200)
    after = [0.0] * 30 + [1.0] * 170
    found = compare(of, run(of, [1.0] * 200, label="source"), run(of, after), CRITERIA)[0]
    assert found.verdict is Verdict.WORSE
    assert found.regressed == tuple(s.id for s in of[:30])
    assert found.improved == ()
    assert (found.source_mean, found.target_mean, found.difference) == (1.0, 0.85, -0.15)
    assert "whole interval is below zero" in found.reason


def test_a_better_mean_does_not_hide_what_got_worse() -> None:
    of = samples(200)
    before, after = [0.0] * 80 + [1.0] * 120, [1.0] * 80 + [0.0] * 5 + [1.0] * 115
    found = compare(of, run(of, before, label="source"), run(of, after), CRITERIA)[0]
    assert found.verdict is Verdict.BETTER
    assert found.regressed == tuple(s.id for s in of[80:85])
    assert len(found.improved) == 80


def test_many_equal_answers_are_not_worse_and_few_cannot_tell() -> None:
    many, few = samples(400), samples(40)
    assert compare(many, run(many, [1.0] * 400, label="source"), run(many, [1.0] * 400), CRITERIA)[0].verdict is Verdict.NOT_WORSE
    found = compare(few, run(few, [1.0] * 40, label="source"), run(few, [1.0] * 40), CRITERIA)[0]
    assert found.verdict is Verdict.CANNOT_TELL
    assert found.needed == 72
    assert "About 72 samples would tell." in found.reason


def test_a_small_certain_loss_inside_the_margin_is_not_worse_and_says_so() -> None:
    of = samples(300)
    after = [0.79 if i % 2 else 0.77 for i in range(300)]
    found = compare(of, run(of, [0.8] * 300, metric="rouge_l", label="source"), run(of, after, metric="rouge_l"), GRADED)[0]
    assert found.verdict is Verdict.NOT_WORSE
    assert found.interval is not None
    assert found.interval.high < 0
    assert "measurably lower" in found.reason


def test_twenty_two_failed_of_sixty_never_average_to_one() -> None:
    of = samples(60)
    after: list[float | None] = [None] * 22 + [1.0] * 38
    found = compare(of, run(of, [1.0] * 60, label="source"), run(of, after), CRITERIA)[0]
    assert found.verdict is Verdict.CANNOT_TELL
    assert (found.source_mean, found.target_mean, found.difference, found.interval, found.needed) == (None,) * 5
    assert found.worst_case == pytest.approx(-22 / 60, abs=1e-6)
    assert (found.pairs, found.samples) == (38, 60)
    assert "22 of 60 samples have no normalised_match score for the target (call failed (throttled): 22)" in found.reason
    assert "98% coverage" in found.reason
    assert "again" in found.reason


def test_a_source_with_holes_gives_no_verdict_either() -> None:
    of = samples(60)
    before: list[float | None] = [None] * 5 + [0.0] * 55
    found = compare(of, run(of, before, label="source"), run(of, [1.0] * 60), CRITERIA)[0]
    assert found.verdict is Verdict.CANNOT_TELL
    assert "5 of 60 samples have no normalised_match score for the source" in found.reason


def test_scores_that_were_never_stored_are_missing() -> None:
    of = samples(60)
    target = replace(run(of, [1.0] * 60), scores=())
    found = compare(of, run(of, [1.0] * 60, label="source"), target, CRITERIA)[0]
    assert (found.verdict, found.worst_case) == (Verdict.CANNOT_TELL, -1.0)
    assert "no score stored: 60" in found.reason


def test_inside_the_gate_the_worst_case_stands_beside_the_figure() -> None:
    of = samples(200)
    after: list[float | None] = [None] * 3 + [1.0] * 197
    found = compare(of, run(of, [1.0] * 200, label="source"), run(of, after), CRITERIA)[0]
    assert (found.verdict, found.difference, found.worst_case) == (Verdict.NOT_WORSE, 0.0, -0.015)
    assert (found.pairs, found.samples) == (197, 200)


def test_samples_without_reference_are_left_aside_for_both() -> None:
    of = (*samples(100), *(replace(s, id=f"n{s.id}", reference=None) for s in samples(50)))
    values: list[float | None] = [1.0] * 100 + [None] * 50
    found = compare(of, run(of, values, label="source"), run(of, values), CRITERIA)[0]
    assert (found.verdict, found.pairs, found.samples) == (Verdict.NOT_WORSE, 100, 100)
    assert found.reason.endswith("Left aside: no reference: 50.")


def test_without_any_reference_the_metric_says_it_does_not_apply() -> None:
    of = samples(10, reference=None)
    found = compare(of, run(of, [None] * 10, label="source"), run(of, [None] * 10), CRITERIA)[0]
    assert (found.verdict, found.samples, found.worst_case) == (Verdict.CANNOT_TELL, 0, None)
    assert "applies to none of the samples (no reference: 10)" in found.reason


@pytest.mark.parametrize(("n", "criteria"), [(0, CRITERIA), (1, CRITERIA), (1, GRADED), (2, GRADED)])
def test_hardly_any_samples_cannot_tell(n: int, criteria: Criteria) -> None:
    of = samples(n)
    metric = criteria.metrics[0].metric
    found = compare(of, run(of, [1.0] * n, metric=metric, label="source"), run(of, [1.0] * n, metric=metric), criteria)[0]
    assert found.verdict is Verdict.CANNOT_TELL


def test_clusters_count_as_one_where_yes_no_pairs_are_not_independent() -> None:
    alone, together = samples(120), samples(120, clusters=[f"doc {i // 30}" for i in range(120)])
    before, after = [0.0] * 30 + [1.0] * 90, [1.0] * 120
    assert compare(alone, run(alone, before, label="source"), run(alone, after), CRITERIA)[0].verdict is Verdict.BETTER
    found = compare(together, run(together, before, label="source"), run(together, after), CRITERIA)[0]
    assert found.verdict is Verdict.CANNOT_TELL
    assert "4 clusters" in found.reason


def test_all_samples_in_one_cluster_give_no_interval() -> None:
    of = samples(50, clusters=["doc"] * 50)
    found = compare(of, run(of, [0.0] * 50, label="source"), run(of, [1.0] * 50), CRITERIA)[0]
    assert (found.verdict, found.interval) == (Verdict.CANNOT_TELL, None)
    assert "50 samples of one cluster" in found.reason


def test_the_bootstrap_warns_where_it_reads_otherwise() -> None:
    of = samples(8)
    after = [0.51] * 5 + [0.435] * 3
    found = compare(of, run(of, [0.45] * 8, metric="rouge_l", label="source"), run(of, after, metric="rouge_l"), GRADED)[0]
    assert found.verdict is Verdict.NOT_WORSE
    assert found.bootstrap is not None
    assert found.interval is not None
    assert found.interval.low < 0 < found.bootstrap.low
    assert f"bootstrap {found.bootstrap.low:+.3f}" in found.reason
    assert "treat as borderline" in found.reason


def test_the_bootstrap_stands_beside_t_for_primary_metrics_alone() -> None:
    of = samples(90, clusters=[f"doc {i // 3}" for i in range(90)])
    values = [((i * 37) % 11) / 10 for i in range(90)]
    before = run(of, [0.5] * 90, metric="rouge_l", label="source", more={"chrf": values})
    after = run(of, values, metric="rouge_l", more={"chrf": values})
    criteria = Criteria(metrics=(*GRADED.metrics, MetricChoice(metric="chrf")))
    first, second = compare(of, before, after, criteria)
    assert first.bootstrap == compare(of, before, after, criteria)[0].bootstrap
    assert (first.method, first.clusters) == ("t over 30 clusters", 30)
    assert (second.bootstrap, second.adjusted, second.p is None) == (None, None, False)


def test_both_sides_show_what_they_lack() -> None:
    of = samples(200)
    before: list[float | None] = [1.0] * 198 + [None] * 2
    after: list[float | None] = [None] * 3 + [1.0] * 197
    found = compare(of, run(of, before, label="source"), run(of, after), CRITERIA)[0]
    assert found.source_coverage == Coverage(scored=198, missing={"call failed (throttled)": 2})
    assert found.target_coverage == Coverage(scored=197, missing={"call failed (throttled)": 3})
    assert "Scored: source 198 / 200 (call failed (throttled): 2), target 197 / 200 (call failed (throttled): 3)." in found.reason
    assert "With every missing target score as 0 the difference is -0.015." in found.reason


def test_few_pairs_that_differ_are_called_rough() -> None:
    of = samples(100)
    after = [0.4] * 3 + [0.9] * 97
    found = compare(of, run(of, [0.9] * 100, metric="rouge_l", label="source"), run(of, after, metric="rouge_l"), GRADED)[0]
    assert "Only 3 of 100 pairs differ, so the interval is rough" in found.reason


def test_two_total_losses_of_a_hundred_do_not_pass_as_not_worse() -> None:
    """t alone draws -0.048 from the two of them: inside the margin that they might well exceed."""
    of = samples(100)
    after = [0.0] * 2 + [1.0] * 98
    found = compare(of, run(of, [1.0] * 100, metric="rouge_l", label="source"), run(of, after, metric="rouge_l"), GRADED)[0]
    assert found.verdict is Verdict.CANNOT_TELL
    assert found.interval is not None
    assert found.interval.low < -0.05
    assert found.method == "t, widened for differences these few samples may not show"


def test_the_p_values_are_printed_before_and_after_holm() -> None:
    of = samples(41)
    before, after = [1.0] * 14 + [0.0] * 27, [1.0] * 19 + [0.0] * 22
    criteria = Criteria(metrics=(*CRITERIA.metrics, MetricChoice(metric="refusal", primary=True)))
    even = {"refusal": [1.0] * 41}
    found = compare(of, run(of, before, label="source", more=even), run(of, after, more=even), criteria)[0]
    assert found.mcnemar == pytest.approx(0.0625)
    assert found.p is not None
    assert found.adjusted is not None
    assert (found.p.better, found.adjusted.better) == (0.03125, 0.0625)


def test_better_must_convince_the_exact_test_too() -> None:
    of = samples(41)
    before, after = [1.0] * 14 + [0.0] * 27, [1.0] * 19 + [0.0] * 22
    found = compare(of, run(of, before, label="source"), run(of, after), CRITERIA)[0]
    assert found.interval is not None
    assert found.interval.low > 0  # Newcombe 0.011 to 0.226, but five of five discordant pairs: p = 0.063
    assert found.verdict is Verdict.NOT_WORSE
    assert "exact McNemar p = 0.062" in found.reason
    assert "do not confirm" in found.reason


def test_holm_takes_back_what_one_of_many_metrics_would_claim() -> None:
    of = samples(100)
    others = ("exact_match", "number_match", "json_valid")
    alone = Criteria(metrics=(MetricChoice(metric="normalised_match", primary=True, margin=0.02),))
    among = Criteria(metrics=(*alone.metrics, *(MetricChoice(metric=m, primary=True, margin=0.02) for m in others)))
    beside = Criteria(metrics=(*alone.metrics, *(MetricChoice(metric=m, margin=0.02) for m in others)))
    even = [float(i % 2) for i in range(100)]
    before = run(of, [0.0] * 7 + [1.0] * 93, label="source", more=dict.fromkeys(others, even))
    after = run(of, [1.0] * 100, more=dict.fromkeys(others, even))
    plain = [Sample(id=s.id, variables=s.variables, reference="1") for s in of]
    first = [compare(plain, before, after, criteria)[0] for criteria in (alone, among, beside)]
    assert [c.verdict for c in first] == [Verdict.BETTER, Verdict.NOT_WORSE, Verdict.BETTER]
    assert "Holm" in first[1].reason


def test_several_targets_share_one_family() -> None:
    of = samples(100)
    source = run(of, [0.0] * 7 + [1.0] * 93, label="source")
    good = run(of, [1.0] * 100, label="good")
    even = run(of, [0.0] * 7 + [1.0] * 93, label="even")
    criteria = Criteria(metrics=(MetricChoice(metric="normalised_match", primary=True, margin=0.02),))
    together = compare_all(of, source, (good, even, even, even), criteria)
    assert compare(of, source, good, criteria)[0].verdict is Verdict.BETTER
    assert together[0][0].verdict is Verdict.NOT_WORSE
    assert len(together) == 4


def test_another_runs_outputs_are_refused() -> None:
    of = samples(5)
    source = run(of, [1.0] * 5, label="source")
    other = samples(6)
    with pytest.raises(InputError, match="s0005, which is not among the samples"):
        compare(of, source, run(other, [1.0] * 6), CRITERIA)


def test_another_runs_scores_are_refused() -> None:
    of = samples(5)
    stray = Score(sample_id="elsewhere", metric="normalised_match", value=1.0)
    target = run(of, [1.0] * 5)
    with pytest.raises(InputError, match="no output for it: the scores are of another run"):
        compare(of, run(of, [1.0] * 5, label="source"), replace(target, scores=(*target.scores, stray)), CRITERIA)


@pytest.mark.parametrize("broken", ["source", "target"])
def test_runs_over_other_inputs_are_refused(broken: str) -> None:
    of = samples(5)
    runs = {name: run(of, [1.0] * 5, label=name) for name in ("source", "target")}
    runs[broken] = replace(runs[broken], input_hashes={**runs[broken].input_hashes, "s0003": "0" * 64})
    with pytest.raises(InputError, match=f"Run {broken} saw another input for sample s0003"):
        compare(of, runs["source"], runs["target"], CRITERIA)


def test_runs_without_proof_of_their_inputs_are_refused() -> None:
    of = samples(5)
    target = replace(run(of, [1.0] * 5), input_hashes={})
    with pytest.raises(InputError, match="does not prove what it saw"):
        compare(of, run(of, [1.0] * 5, label="source"), target, CRITERIA)


def test_doubled_outputs_and_scores_are_refused() -> None:
    of = samples(3)
    source, target = run(of, [1.0] * 3, label="source"), run(of, [1.0] * 3)
    with pytest.raises(InputError, match="two outputs for sample s0000"):
        compare(of, source, replace(target, outputs=(*target.outputs, Output(sample_id="s0000", text="x"))), CRITERIA)
    with pytest.raises(InputError, match="two normalised_match scores"):
        compare(of, source, replace(target, scores=(*target.scores, target.scores[0])), CRITERIA)


@pytest.mark.parametrize(("value", "unscored"), [(float("nan"), None), (None, None), (1.0, "judge was down")])
def test_a_score_is_a_number_or_a_reason(value: float | None, unscored: str | None) -> None:
    of = samples(2)
    target = run(of, [1.0] * 2)
    broken = replace(target.scores[1], value=value, unscored=unscored)
    with pytest.raises(InputError, match="neither a number nor a reason"):
        compare(of, run(of, [1.0] * 2, label="source"), replace(target, scores=(target.scores[0], broken)), CRITERIA)


PREFERENCE = Criteria(metrics=(MetricChoice(metric="judge_preference", primary=True, margin=0.05),))


def test_a_preference_is_compared_with_as_good_although_the_source_has_no_score() -> None:
    of = samples(100)
    source = replace(run(of, [1.0] * 100, label="source"), scores=())
    target = run(of, [1.0] * 70 + [0.5] * 20 + [0.0] * 10, metric="judge_preference")
    found = compare(of, source, target, PREFERENCE)[0]
    assert (found.verdict, found.source_mean, found.target_mean, found.difference) == (Verdict.BETTER, 0.5, 0.8, 0.3)
    assert found.regressed == tuple(s.id for s in of[90:])


def test_where_the_source_gave_no_answer_a_preference_lacks_the_source_and_not_the_target() -> None:
    of = samples(100)
    source, target = replace(run(of, [1.0] * 100, label="source"), scores=()), run(of, [0.5] * 100, metric="judge_preference")
    lost = replace(target.scores[0], value=None, unscored=NO_SOURCE)
    found = compare(of, source, replace(target, scores=(lost, *target.scores[1:])), PREFERENCE)[0]
    assert found.source_coverage == Coverage(scored=99, missing={NO_SOURCE: 1})
    assert (found.pairs, found.difference, found.worst_case) == (99, 0.0, 0.0)


VALUES = st.lists(st.tuples(st.sampled_from([0.0, 1.0, None]), st.sampled_from([0.0, 1.0, None])), max_size=30)


@settings(max_examples=60)
@given(values=VALUES, margin=st.sampled_from([0.0, 0.02, 0.3]), graded=st.booleans())
def test_any_runs_give_a_consistent_comparison(
    values: list[tuple[float | None, float | None]], margin: float, graded: bool
) -> None:
    of = samples(len(values))
    metric = "rouge_l" if graded else "normalised_match"
    criteria = Criteria(metrics=(MetricChoice(metric=metric, primary=True, margin=margin),), coverage_gate=0.5)
    before, after = [a for a, _ in values], [b for _, b in values]
    found = compare(of, run(of, before, metric=metric, label="source"), run(of, after, metric=metric), criteria)[0]
    back = compare(of, run(of, after, metric=metric, label="source"), run(of, before, metric=metric), criteria)[0]
    assert (found.needed is None) or found.verdict is Verdict.CANNOT_TELL
    assert sorted(found.regressed) == sorted(back.improved)
    if found.interval is None or found.difference is None:
        assert found.verdict is Verdict.CANNOT_TELL
        return
    assert found.interval.low <= found.difference <= found.interval.high
    assert holds(found.verdict, found.interval, margin)
    assert back.difference == pytest.approx(-found.difference)


def holds(verdict: Verdict, interval: Interval, margin: float) -> bool:
    """A verdict never claims more than the interval shows."""
    if verdict is Verdict.BETTER:
        return interval.low > 0
    if verdict is Verdict.NOT_WORSE:
        return interval.low > -margin
    return interval.high < 0 if verdict is Verdict.WORSE else True
