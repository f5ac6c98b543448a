"""What a report says of calls: times of the latency lane alone, rates of cache and tier, and what was made again."""

from dataclasses import replace

import pytest

from pipeline.models.prices import Entry, Prices, known
from pipeline.records import Lane, Output, Retry, RunResult, Usage
from pipeline.report.build import build
from pipeline.report.recompute import recompute
from pipeline.report.records import ArmReport, Report, ReportInputs
from pipeline.report.storage import dumps, read
from pipeline.report.tables import calls, latency
from tests.pipeline.report.made import inputs

NOVA, LANE = "bedrock:amazon.nova-lite-v1:0", 40
CACHED = Usage(input_tokens=1000, output_tokens=0, cache_read_tokens=1000)
PRICES = Prices(overrides={NOVA: Entry(model="nova", provider="bedrock", input=10.0, output=0.0, cache_read=1.0, flex_input=5.0,
                                       flex_output=0.0, source="a test")})  # fmt: skip


def called(result: RunResult) -> RunResult:
    """As Bedrock might have answered it: a quick lane, a slow bulk, in the tier flex, from the cache, one call made again."""

    def output(n: int, before: Output) -> Output:
        lane = Lane.LATENCY if n < LANE else Lane.BULK
        return replace(
            before, usage=CACHED, lane=lane, latency_s=0.1 if n < LANE else 9.0, ttft_s=0.05 if n < LANE else None, tier="flex",
            region="eu-west-1", usd=0.0005, price_id="2026-11-25:abc", attempts=2 if n == 7 else 1,
            retried=(Retry(kind="throttled", code="ThrottlingException", seconds=0.2),) if n == 7 else (),
        )  # fmt: skip

    outputs = tuple(output(n, before) for n, before in enumerate(result.outputs))
    return replace(result, key=replace(result.key, model=NOVA), label=NOVA, outputs=outputs)


def given() -> ReportInputs:
    made = inputs()
    arms = (*made.arms[:2], replace(made.arms[2], target=NOVA, result=called(made.arms[2].result)))
    return replace(made, arms=arms, prices=known([NOVA], PRICES))


@pytest.fixture(scope="module")
def report() -> Report:
    return build(given())


def arm(report: Report) -> ArmReport:
    return next(arm for arm in report.arms if arm.model == NOVA)


def test_times_of_the_bulk_are_in_no_figure_and_the_table_says_the_lane_and_n(report: Report) -> None:
    timing = arm(report).timing
    assert (timing.mean.n, timing.mean.value, timing.ttft_p50.n) == (LANE, 0.1, LANE)
    rows = {row[1]: row[2] for row in latency(report).rows}
    assert rows["its own, streamed, at most 2 at a time"] == LANE
    assert rows["as it ran, one at a time"] == 60
    assert rows["recorded with the dataset"] == 60


def test_cost_has_the_rates_of_cache_and_tier(report: Report) -> None:
    assert arm(report).cost.per_1k == pytest.approx(1000 * 1000 * 1.0 / 2 / 1e6)


def test_what_was_made_again_where_and_for_how_much_is_a_row(report: Report) -> None:
    (row,) = calls(report).rows
    assert row[1:6] == (61, 1, "1 throttled", "eu-west-1", "60 flex")
    assert row[6] == pytest.approx(0.03)
    assert row[7:] == (60, "2026-11-25:abc")


def test_a_report_with_calls_is_recomputed_from_its_cells(report: Report) -> None:
    assert recompute(read(dumps(report))).agrees
