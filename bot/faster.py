"""What makes a target faster: how long its answers are and take, shorter ones as a round, and what AWS sells, with its cost."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.prompt_facts import Round
from db.records import Turn
from db.store import Store
from pipeline.errors import InputError
from pipeline.models.prices import Price, Prices
from pipeline.prompts.rounds import Advice, Technique, latency_advice
from pipeline.records import Output

MEASURED = "Before it is kept, a round shows on dev what shorter answers did to output tokens, latency, cost and quality."
NO_SHORTER = (
    "Shorter answers are not proposed: answers are less than a third longer than the wanted ones, fewer than five of these are "
    "known, or the answer is JSON."
)
NOT_BEDROCK = "Nothing is known here of what else makes this model faster: Ferry's facts are about models on Bedrock."
NOT_SET = "Ferry sets none of these: they are settings of the application that calls the model, and of the account."


@dataclass(frozen=True, slots=True, kw_only=True)
class FasterFacts:
    """One target's. `tokens` are the mean of an answer's, `seconds` its median latency, of `n` answers on dev with the chosen
    prompt; None where not known. `offer` is the proposal of shorter answers.
    """

    target: str
    n: int
    tokens: float | None
    seconds: float | None
    advice: tuple[Advice, ...]
    offer: Turn | None = None


async def faster(store: Store, found: Round, place: int, prices: Prices, proposed: Sequence[Turn]) -> FasterFacts:
    """Of the plan's target number `place`; reading its answers on a large dev takes a while."""
    target = found.plan.targets[place]
    chosen = found.chosen(target)
    run = found.runs.get((target, chosen[-1].prompt_hash)) if chosen else None
    outputs = await store.runs.outputs(run.id) if run else ()
    tokens, seconds, n = await asyncio.to_thread(_measured, outputs)
    return FasterFacts(
        target=target,
        n=n,
        tokens=tokens,
        seconds=seconds,
        advice=latency_advice(target, outputs, _price(prices, target)),
        offer=next((turn for turn in proposed if turn.target == target and turn.technique == Technique.SHORTER), None),
    )


def _measured(outputs: Sequence[Output]) -> tuple[float | None, float | None, int]:
    """Mean output tokens, median seconds, and of how many answers."""
    from pipeline.decide.latency import latency

    answered = [output for output in outputs if output.text is not None]
    counted = [output.usage.output_tokens for output in answered if output.usage is not None]
    return (sum(counted) / len(counted) if counted else None), latency(answered).p50.value, len(answered)


def _price(prices: Prices, target: str) -> Price | None:
    try:
        return prices.of(target)
    except InputError:
        return None


def faster_lines(facts: FasterFacts) -> Iterator[str]:
    """What is known of one target, for a form or an answer in the thread."""
    yield f"*{literal(facts.target, 150)}*"
    tokens = "output tokens not known" if facts.tokens is None else f"{facts.tokens:,.0f} output tokens on average"
    seconds = "latency not known" if facts.seconds is None else f"{facts.seconds:.2f} s in the median"
    yield f"Answers on dev with the chosen prompt: {tokens}, {seconds} (n = {facts.n:,})."
    yield f"• *Shorter answers* {literal(facts.offer.sentence, 700)} {MEASURED}" if facts.offer else f"• {NO_SHORTER}"
    for each in facts.advice:
        yield f"• {advice_line(each)}"
    yield NOT_SET if facts.advice else NOT_BEDROCK


def advice_line(advice: Advice) -> str:
    """The fact with its cost, its source and the month it was read in."""
    cost = "" if advice.usd_per_1000 is None else f" 1,000 calls like these: {advice.usd_per_1000:,.4f} USD."
    return f"{literal(advice.sentence, 600)}{cost} _{literal(advice.source, 120)}, {literal(advice.date, 20)}_"
