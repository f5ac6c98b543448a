"""Each figure of a report from cells whose answer is known: cost, judging, rates, bars, trade-off, what stays open."""

from dataclasses import replace

import pytest

from pipeline.errors import InputError
from pipeline.models.prices import known
from pipeline.records import MetricChoice, Score, Step, Usage, Verdict
from pipeline.report.build import build
from pipeline.report.figures.words import recommendation
from pipeline.report.recompute import recompute
from pipeline.report.records import WINNER, ArmReport, Cost, Point, Quantity, Report, ReportInputs
from pipeline.report.storage import dumps, read
from tests.pipeline.report import made

FULL = build(made.full())
NOVA = "bedrock:amazon.nova-lite-v1:0"


def test_input_tokens_cost_the_input_price_and_output_tokens_the_output_price() -> None:
    """The reference implementation priced output tokens as input: 11 cents for a thousand calls here instead of 13."""
    assert FULL.source.cost.per_1k == pytest.approx(1_000 * (40 * 2.5 + 3 * 10) / 1e6)
    swapped = _with_usage(Usage(input_tokens=3, output_tokens=40))
    assert build(swapped).source.cost.per_1k == pytest.approx(1_000 * (3 * 2.5 + 40 * 10) / 1e6)


def _with_usage(usage: Usage | None) -> ReportInputs:
    given = made.full()
    return replace(given, source=replace(given.source, outputs=tuple(replace(o, usage=usage) for o in given.source.outputs)))


def test_a_month_is_shown_only_when_its_calls_are_given() -> None:
    assert FULL.source.cost.monthly == pytest.approx(0.13 * 120)
    assert build(replace(made.full(), monthly_calls=None)).source.cost.monthly is None


def test_what_is_not_known_of_a_cost_is_said_and_never_zero() -> None:
    unknown = build(replace(made.full(), prices={})).source.cost
    assert (unknown.per_1k, unknown.monthly, unknown.note) == (None, None, "price unknown: recorded:router")
    uncounted = build(_with_usage(None)).source.cost
    assert (uncounted.per_1k, uncounted.note) == (None, "token counts unknown")
    local = FULL.winner("local:tiny")
    assert local is not None
    assert not local.cost.charged
    half = made.full()
    outputs = tuple(replace(o, usage=o.usage if n % 2 else None) for n, o in enumerate(half.source.outputs))
    partly = build(replace(half, source=replace(half.source, outputs=outputs))).source.cost
    assert (partly.per_1k, partly.priced, partly.note) == (0.13, 30, "from the 30 of 60 calls with token counts")


def test_judging_is_counted_apart_from_inference_over_all_runs() -> None:
    (line,) = FULL.evaluation
    assert (line.metric, line.calls, line.input_tokens, line.output_tokens) == ("rubric:tone", 300, 90_000, 6_000)
    price = known([line.judge])[line.judge]
    assert line.usd == pytest.approx(price.of(Usage(input_tokens=90_000, output_tokens=6_000)))
    unknown = build(replace(made.full(), prices={})).evaluation[0]
    assert (unknown.usd, unknown.note) == (None, f"price unknown: {line.judge}")
    assert build(made.inputs()).evaluation == ()


def test_a_panel_of_other_prices_has_no_made_up_sum() -> None:
    given = made.full()
    judge = given.criteria.judge
    assert judge is not None
    panel = replace(given.criteria, judge=replace(judge, panel=(NOVA,)))
    line = build(replace(given, criteria=panel)).evaluation[0]
    assert line.usd is None
    assert "panel" in line.note


def test_a_judge_nobody_compared_with_people_is_flagged_beside_its_figures() -> None:
    (judge,) = FULL.judges
    assert (judge.metric, judge.validated) == ("rubric:tone", False)
    assert "kappa 0.41" in judge.note
    trusted = replace(made.full().agreements[0], kappa=0.8, validated=True)
    assert build(replace(made.full(), agreements=(trusted,))).judges[0].validated
    assert "nobody has compared" in build(replace(made.full(), agreements=())).judges[0].note
    said = " ".join(FULL.caveats)
    assert "not validated against people" in said
    assert f"of the family of {NOVA}" in said
    assert "looked at before" in said
    assert build(made.inputs()).caveats == ()


def test_a_prompt_with_steps_says_that_the_application_must_do_the_same() -> None:
    given = made.inputs()
    *others, won = given.arms
    stepped = replace(won, prompt=replace(won.prompt, finish=(Step(name="fence"),)))
    (said,) = build(replace(given, arms=(*others, stepped))).caveats
    assert said == f"The figures of {won.label} hold only where the application does the same beside the call: fence."


def test_own_criteria_have_a_pass_rate_each() -> None:
    rates = {(r.metric, r.run): r for r in FULL.criteria_rates}
    assert len(rates) == 2 * 5
    check = rates["check:at-most-ten-words", "source"]
    assert (check.passed, check.rate.n, check.rate.value) == (50, 60, 0.833333)
    assert rates["rubric:tone", "source"].rate.n == 59  # one ruling was broken, so it is in no rate


def test_the_prompt_is_credited_with_what_it_adds_to_a_fixed_format() -> None:
    report = build(made.inputs())
    (gain,) = report.gains
    assert (gain.as_is, gain.format_fixed, gain.winner) == (0.4, 0.433333, 0.75)
    assert gain.credited.value == pytest.approx(45 / 60 - 26 / 60, abs=1e-6)
    assert gain.credited.low is not None
    assert gain.credited.low < 0.316 < (gain.credited.high or 0)
    joint = next(g for g in FULL.gains if g.target == NOVA)
    assert (joint.credited.value, joint.credited.note) == (0.0, "the winner is the format-fixed prompt")
    without = replace(made.inputs(), arms=made.inputs().arms[2:])
    assert build(without).gains[0].credited.value is None


def test_the_leaderboard_ranks_each_split_by_quality_with_intervals() -> None:
    test, dev = ([p for p in FULL.leaderboard if p.split == split] for split in ("test", "dev"))
    assert [p.quality.value for p in test] == sorted((p.quality.value for p in test if p.quality.value), reverse=True)
    assert all(p.quality.low is not None and p.config for p in test)
    assert (dev[0].quality.value, dev[0].quality.n) == (0.75, 20)
    assert dev[0].quality.low is not None
    assert len(test) == 5


def test_failing_never_raises_the_quality() -> None:
    winner = build(made.inputs(winner_right=set(range(38)), winner_failed=frozenset(range(38, 60)))).winner("local:tiny")
    assert winner is not None
    assert winner.quality.value == pytest.approx(38 / 60, abs=1e-6)


def test_scores_that_came_with_the_dataset_stand_as_a_baseline() -> None:
    (prior,) = FULL.prior
    assert (prior.by, prior.mean, prior.n, prior.samples) == ("human", 3.0, 60, 60)


def test_without_references_the_report_says_what_cannot_be_concluded() -> None:
    given = made.inputs()
    blind = replace(
        given,
        samples=tuple(replace(s, reference=None) for s in given.samples),
        criteria=replace(
            given.criteria, metrics=(MetricChoice(metric="refusal", primary=True), MetricChoice(metric="exact_match"))
        ),
    )
    said = " ".join(build(blind).open_ends)
    assert "No sample has a reference" in said
    assert "exact_match applies to none of the samples" in said
    assert build(given).open_ends == ()


def test_failures_are_counted_by_kind_for_each_run_apart() -> None:
    winner = FULL.winner("local:tiny")
    assert winner is not None
    assert (FULL.source.failures, winner.failures, winner.cut_off) == ({}, {"timeout": 1}, 2)
    unscored = {f.metric: f.unscored for f in winner.figures}
    assert unscored["rubric:tone"] == {"judge bad_json": 1, "no answer": 1}


def test_two_runs_of_one_name_are_refused() -> None:
    given = made.inputs()
    with pytest.raises(InputError, match="same model and name"):
        build(replace(given, arms=(given.arms[0], given.arms[0])))


def arm(model: str, verdict: Verdict | None, quality: float, per_1k: float | None) -> ArmReport:
    source = build(made.inputs()).arms[2]
    comparisons = tuple(replace(c, verdict=verdict or c.verdict) for c in source.comparisons)
    cost = Cost(per_1k=per_1k, note="" if per_1k is not None else f"price unknown: {model}")
    return replace(
        source, label=model, model=model, bar=WINNER, verdict=verdict, quality=Quantity(value=quality, n=60), cost=cost,
        comparisons=comparisons,
    )  # fmt: skip


SOURCE = arm("source", None, 0.8, 1.0)


def advised(*arms: ArmReport, points: tuple[Point, ...] = ()) -> str:
    return recommendation(SOURCE, arms, points)


@pytest.mark.parametrize("verdict", [Verdict.WORSE, Verdict.CANNOT_TELL, None])
def test_a_target_that_is_worse_or_cannot_be_told_is_never_recommended(verdict: Verdict | None) -> None:
    said = advised(arm("cheap", verdict, 0.99, 0.01))
    assert said.startswith("No target is recommended")
    assert "Recommended" not in said
    both = advised(arm("cheap", verdict, 0.99, 0.01), arm("sound", Verdict.NOT_WORSE, 0.8, 0.5))
    assert both.startswith("Recommended: sound ")
    assert "Not allowed by the locked criteria: cheap." in both


def test_the_cheapest_allowed_target_is_recommended_and_the_trade_off_is_explained() -> None:
    said = advised(arm("good", Verdict.BETTER, 0.9, 0.8), arm("cheap", Verdict.NOT_WORSE, 0.8, 0.2))
    assert said.startswith("Recommended: cheap ")
    assert "$0.20 for 1,000 calls against $1.00 (80% less)" in said
    assert "margin 0.05" in said
    assert "good is allowed too, with a quality of 0.900 against 0.800; for $0.60 more for 1,000 calls." in said
    dearer = advised(arm("good", Verdict.BETTER, 0.9, 1.5))
    assert "(50% more)" in dearer
    assert "price unknown: good" in advised(arm("good", Verdict.BETTER, 0.9, None))
    assert "none is recommended" in advised()


def test_the_front_holds_what_nothing_beats() -> None:
    points = {point.label: point.front for point in FULL.tradeoff}
    assert points == {
        "source": False,
        "local:tiny · as is": False,
        "local:tiny · format-fixed": False,
        "local:tiny · winner": True,
        f"{NOVA} · format-fixed, winner": False,
    }
    assert build(replace(made.full(), prices={})).tradeoff == ()


def test_every_optional_input_may_be_left_out() -> None:
    bare: Report = build(replace(made.inputs(), dev=(), preferences=(), prices={}))
    assert (bare.evaluation, bare.judges, bare.prior, bare.criteria_rates, bare.tradeoff) == ((), (), (), (), ())


def test_beside_itself_the_source_is_level_in_a_metric_that_compares_with_it() -> None:
    given = made.inputs()
    preferred = MetricChoice(metric="judge_preference", primary=True, margin=0.1)
    won = tuple(Score(sample_id=s.id, metric="judge_preference", value=1.0) for s in made.SAMPLES)
    arms = tuple(replace(each, result=replace(each.result, scores=won)) for each in given.arms)
    report = build(made.locked(replace(given, arms=arms), replace(given.criteria, metrics=(preferred,))))
    assert (report.source.quality.value, report.source.figures[0].mean) == (0.5, 0.5)
    assert report.arms[2].comparisons[0].difference == 0.5
    assert recompute(read(dumps(report))).agrees
