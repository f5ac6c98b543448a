"""One cap in money: dev leaves what the look at test takes, and a look that does not fit is not begun."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pipeline.commands.prompts.budget import PendingLook, check_look, for_test
from pipeline.models.prices import Price
from pipeline.models.providers.recorded import RecordedModel
from pipeline.prompts.search.events import Ended
from pipeline.prompts.search.meter import Meter, SpentError
from pipeline.prompts.search.plan import Plan, plan
from pipeline.prompts.search.probe import Probe
from pipeline.prompts.template import parse_prompt
from pipeline.records import Candidate, PromptVersion, Sample, Split
from tests.pipeline.prompts.search.world import TASK, asking, probing, samples, task

PRICES = {TASK: Price(ref=TASK, model=TASK, input=1000.0, output=1000.0)}
DEV, TEST = samples(8, "dev"), samples(6, "test")
AS_IS = asking(DEV, TEST).prompt
WINNER = parse_prompt("Answer from {context}, and say it in a few words more than before.\nQ: {question}")


def look(probe: Probe, source: Probe | None = None) -> PendingLook:
    return PendingLook(probe=probe, source=source, original=AS_IS, test=TEST)


def ahead() -> Plan:
    ask = asking(DEV, TEST)
    return plan(ask, [Candidate(target=TASK, prompt=ask.prompt)], 1, PRICES, asks_source=False)


async def searched(meter: Meter) -> tuple[Ended, Probe]:
    """Both prompts measured on all of dev, the longer one chosen."""
    probe = probing(task(), meter)
    runs = {prompt.hash: await probe(prompt, DEV) for prompt in (AS_IS, WINNER)}
    candidates: Sequence[Candidate] = [Candidate(target=TASK, prompt=prompt) for prompt in (AS_IS, WINNER)]
    ended = Ended(winner=WINNER, selection=None, why="", candidates=candidates, bars=(AS_IS.hash,), runs=runs)
    return ended, probe


async def looked(probe: Probe, *prompts: PromptVersion, test: Sequence[Sample] = TEST) -> None:
    for prompt in prompts:
        await probe(prompt, test, Split.TEST)


def test_dev_gets_what_the_look_at_test_leaves() -> None:
    planned = ahead()
    assert planned.test_usd
    assert planned.usd
    assert planned.test_usd < planned.usd
    assert for_test(10.0, planned) == planned.test_usd
    assert for_test(None, planned) == 0.0
    with pytest.raises(SpentError, match="leaves nothing for dev: the look at test"):
        for_test(planned.test_usd, planned)


async def test_a_look_that_does_not_fit_is_not_begun_and_one_that_is_paid_for_is_not_refused() -> None:
    meter = Meter(prices=PRICES)
    ended, probe = await searched(meter)
    spent = meter.used
    whole = spent.usd * (1 + len(TEST) / len(DEV))
    await check_look(None, ended, WINNER, look(probe))
    await check_look(whole * 1.01, ended, WINNER, look(probe))
    with pytest.raises(SpentError, match=r"Nobody looked at test\. On dev the winner is"):
        await check_look(whole * 0.99, ended, WINNER, look(probe))
    assert meter.used == spent
    await looked(probe, AS_IS, test=TEST[:2])
    await looked(probe, WINNER)
    again = Meter(prices=PRICES)
    _, resumed = await searched(again)
    kept = probing(task(), again, probe.journal)
    await check_look(whole * 1.01, ended, WINNER, look(kept))
    assert resumed.meter.used.usd == pytest.approx(spent.usd)


async def test_the_sources_look_is_part_of_the_look() -> None:
    meter = Meter(prices=PRICES)
    ended, probe = await searched(meter)
    whole = meter.used.usd * (1 + len(TEST) / len(DEV))
    recorded = replace(probe, model=RecordedModel("before", TEST))
    await check_look(whole * 1.01, ended, WINNER, look(probe, recorded))
    with pytest.raises(SpentError, match="Nobody looked at test"):
        await check_look(whole * 1.01, ended, WINNER, look(probe, probing(task(), meter)))


def test_the_plan_prices_the_sources_calls_at_the_sources_price() -> None:
    ask, dear = (
        replace(asking(DEV, TEST), source="bedrock:dear"),
        Price(ref="bedrock:dear", model="dear", input=9000.0, output=9000.0),
    )
    found = [Candidate(target=TASK, prompt=ask.prompt)]
    without = plan(ask, found, 1, PRICES, asks_source=False)
    with_it = plan(ask, found, 1, {**PRICES, "bedrock:dear": dear}, asks_source=True)
    assert with_it.usd
    assert with_it.test_usd
    assert without.usd
    assert without.test_usd
    one = without.test_usd / (2 * len(TEST))
    assert with_it.test_usd == pytest.approx(without.test_usd + len(TEST) * 9 * one)
    assert with_it.usd == pytest.approx(without.usd + (len(TEST) + len(DEV)) * 9 * one)
    assert plan(ask, found, 1, PRICES, asks_source=True).usd is None


def test_the_plan_counts_what_the_writer_is_asked_for_conversions() -> None:
    ask = asking(DEV, TEST)
    found = [Candidate(target=TASK, prompt=ask.prompt)]
    without, with_them = (plan(ask, found, 1, PRICES, asks_source=False, conversions=n) for n in (0, 3))
    assert (without.writing, with_them.writing, with_them.dev - without.dev) == (0, 6, 6)
    assert with_them.usd is None  # nobody said what the writer costs
