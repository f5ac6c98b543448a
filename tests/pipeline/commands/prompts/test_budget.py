"""One cap in money: dev leaves what the look at test takes, and a look that does not fit is not begun."""

from collections.abc import Sequence

import pytest

from pipeline.commands.prompts.budget import check_look, for_dev
from pipeline.models.prices import Price
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
    assert for_dev(10.0, planned) == pytest.approx(10.0 - planned.test_usd)
    assert for_dev(None, planned) is None
    with pytest.raises(SpentError, match="leaves nothing for dev: the look at test"):
        for_dev(planned.test_usd, planned)


async def test_a_look_that_does_not_fit_is_not_begun_and_one_that_is_paid_for_is_not_refused() -> None:
    meter = Meter(prices=PRICES)
    ended, probe = await searched(meter)
    spent = meter.used
    whole = spent.usd * (1 + len(TEST) / len(DEV))
    await check_look(None, ended, WINNER, probe, TEST)
    await check_look(whole * 1.01, ended, WINNER, probe, TEST)
    with pytest.raises(SpentError, match=r"Nobody looked at test\. On dev the winner is"):
        await check_look(whole * 0.99, ended, WINNER, probe, TEST)
    assert meter.used == spent
    await looked(probe, AS_IS, test=TEST[:2])
    await looked(probe, WINNER)
    again = Meter(prices=PRICES)
    _, resumed = await searched(again)
    kept = probing(task(), again, probe.journal)
    await check_look(whole * 1.01, ended, WINNER, kept, TEST)
    assert resumed.meter.used.usd == pytest.approx(spent.usd)
