"""One cap in money for all of `ferry prompts optimize`: a share is kept for the look at test, made whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.prompts.search.events import Ended
from pipeline.prompts.search.meter import Call, SpentError
from pipeline.prompts.search.plan import Plan
from pipeline.prompts.search.probe import Probe
from pipeline.prompts.search.report import bars
from pipeline.prompts.template import render
from pipeline.records import PromptVersion, Request, RunResult, Sample


def for_test(most_usd: float | None, ahead: Plan) -> float:
    """USD that dev may not take of `most_usd`. Raises SpentError where the look at test alone would take it all."""
    if most_usd is None or ahead.test_usd is None:
        return 0.0
    if most_usd <= ahead.test_usd:
        raise SpentError(
            f"A budget of ${most_usd:,.2f} leaves nothing for dev: the look at test, which proves what was gained, takes about "
            f"${ahead.test_usd:,.2f}. Give more with --usd, or cap the calls instead."
        )
    return ahead.test_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLook:
    """Who is asked when test is looked at: the bars by `probe`, the `original` prompt by `source`, and on which samples."""

    probe: Probe
    source: Probe | None
    original: PromptVersion
    test: Sequence[Sample]


async def check_look(most_usd: float | None, ended: Ended, winner: PromptVersion, look: PendingLook) -> None:
    """Raises SpentError, before its first call, where the look at test does not fit into what dev left of `most_usd`.

    A prompt's calls are expected to cost what those on dev did. A look that was begun is finished: half a look proves nothing.
    """
    if most_usd is None:
        return
    used, expected, test = look.probe.meter.used.usd, 0.0, look.test
    asked = [(look.probe, each, ended.runs.get(name)) for name, each in {p.hash: p for p in bars(ended, winner).values()}.items()]
    asked += [(look.source, look.original, ended.source)] if look.source else []
    for probe, prompt, on_dev in asked:
        one, there = _one_call(probe, on_dev, render(prompt, test[0])), await _answered(probe, prompt, test)
        used += there * one
        expected += 0.0 if there else len(test) * (one + probe.meter.judging(probe.model.ref))
    if used + expected > most_usd:
        raise SpentError(
            f"The budget of ${most_usd:,.2f} is used up: ${used:,.2f} were spent, and the look at test may cost "
            f"${expected:,.2f}. Nobody looked at test. On dev the winner is {winner.method}. Give more with --usd to go "
            "on from here; nothing is paid twice."
        )


def _one_call(probe: Probe, on_dev: RunResult | None, request: Request) -> float:
    """USD of one call of a prompt, as its calls on dev came to."""
    if probe.model.ref.startswith("recorded:"):
        return 0.0
    price = probe.meter.prices.get(probe.model.ref)
    counted = [output.usage for output in on_dev.outputs if output.usage] if on_dev else []
    if price is None or not counted:
        return probe.meter.expected(probe.model.ref, request)
    return sum(map(price.of, counted)) / len(counted)


async def _answered(probe: Probe, prompt: PromptVersion, test: Sequence[Sample]) -> int:
    calls = [Call(model=probe.model.ref, asked=prompt.hash, sample_id=sample.id) for sample in test]
    return sum([await probe.journal.get(call) is not None for call in calls])
