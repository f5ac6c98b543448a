"""What a migration has cost so far, in a sentence: money where prices are known, the other models by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.rounds import criteria_of
from bot.blocks.escape import literal
from bot.cards.kit import some
from db.records import Run, RunUse
from db.store import Store
from pipeline.errors import InputError
from pipeline.models.prices import Prices
from pipeline.records import Spent, Usage

FREE = frozenset({"local", "recorded", "scripted"})
NOTHING = "nothing: no call was charged"
MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Charged calls of one model; `unmetered` of them came without token counts, so nobody knows what they cost.

    `usd` is what they cost as they were charged, None where that is to be told from tokens and list prices.
    """

    ref: str
    calls: int
    input_tokens: int
    output_tokens: int
    unmetered: int = 0
    usd: float | None = None


async def spent(store: Store, runs: Sequence[Run], prices: Prices) -> str:
    """Of the outputs and scores that are stored. A judge's calls count for the judge that the run's plan names."""
    used = {use.run_id: use for use in await store.runs.used([run.id for run in runs])}
    judges: dict[str, str] = {}
    for run in runs:
        if used[run.id].judged.calls and run.stage not in judges:
            criteria = await criteria_of(store, run)
            judges[run.stage] = criteria.judge.model if criteria and criteria.judge else ""
    return sentence(_bills(runs, used, judges), prices)


def _bills(runs: Sequence[Run], used: Mapping[str, RunUse], judges: Mapping[str, str]) -> list[Bill]:
    found: dict[str, Bill] = {}
    for run in runs:
        use = used[run.id]
        _add(found, run.key.model, use.answered, use.unmetered, use.usd)
        _add(found, judges.get(run.stage, ""), use.judged)
    return [bill for bill in found.values() if bill.calls]


def _add(found: dict[str, Bill], ref: str, more: Spent, unmetered: int = 0, usd: float | None = None) -> None:
    if not more.calls or not ref or ref.partition(":")[0] in FREE:
        return
    before = found.get(ref, Bill(ref=ref, calls=0, input_tokens=0, output_tokens=0, usd=0.0))
    found[ref] = Bill(
        ref=ref,
        calls=before.calls + more.calls,
        input_tokens=before.input_tokens + more.input_tokens,
        output_tokens=before.output_tokens + more.output_tokens,
        unmetered=before.unmetered + unmetered,
        usd=None if before.usd is None or usd is None else before.usd + usd,
    )


def sentence(bills: Iterable[Bill], prices: Prices) -> str:
    """`about 1.20 USD for 300 calls`, and what is not known; never a made-up figure."""
    known, unknown, money = 0, [], 0.0
    for bill in bills:
        usd = _usd(bill, prices)
        missing = bill.calls if usd is None else bill.unmetered
        why = "price not known" if usd is None else "without token counts"
        unknown += [f"{missing:,} calls of {literal(bill.ref, 150)} ({why})"] if missing else []
        known, money = known + bill.calls - missing, money + (usd or 0.0)
    told = [f"about {money:,.2f} USD for {known:,} calls"] if known else []
    return "; ".join([*told, *([some(unknown, MOST)] if unknown else [])]) or NOTHING


def _usd(bill: Bill, prices: Prices) -> float | None:
    if bill.usd is not None:
        return bill.usd
    try:
        return prices.of(bill.ref).of(Usage(input_tokens=bill.input_tokens, output_tokens=bill.output_tokens))
    except InputError:
        return None
