"""Successive halving: all candidates answer a few dev samples, the better half goes on to twice as many, the rest to all of dev.

Jamieson & Talwalkar 2016 (arXiv 1502.07943). A rung is a number of samples, taken from the front of `order.shuffled`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pipeline.decide.selection import Standing, is_dear, standings
from pipeline.errors import InputError
from pipeline.models.prices import Price, money
from pipeline.records import Criteria, RunResult

FIRST = 30
"""Samples of the first rung: below this a ranking of prompts is mostly chance."""
FINALISTS = 2
SHORTEST_LEAP = 1.5  # a rung that is nearly all of dev saves nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What to do after a rung: `total` samples each survivor shall cover now (equal to the present rung: nothing more to run).

    `keep` are the prompt hashes that go on, in the given order; `dropped` says of each other one why it fell out.
    """

    total: int
    keep: tuple[str, ...]
    dropped: Mapping[str, str]


def rungs(dev: int, candidates: int) -> tuple[int, ...]:
    """Ascending numbers of samples, the last one all of `dev`; one rung where there is nothing to save."""
    sizes, size, left = list[int](), FIRST, candidates
    while left > FINALISTS and size * SHORTEST_LEAP <= dev:
        sizes.append(size)
        size, left = 2 * size, _half(left)
    return (*sizes, dev)


def narrow(
    results: Sequence[RunResult],
    criteria: Criteria,
    dev: int,
    *,
    left_out: Collection[str] = (),
    always: Collection[str] = (),
    price: Price | None = None,
) -> Next:
    """After a rung that all `results` cover, given in order of cost: the better half goes on, quality before tokens before cost.

    What takes more than the criteria's cap for 1,000 calls, as measured and at `price`, stands behind what keeps to it.
    `always` are hashes that are never dropped and take nobody's place (as is, format-fixed: the bars). Nobody falls out once all
    of dev is covered: choosing is `decide.selection`. Raises InputError without results, and as `decide.selection.choose` does.
    """
    if not results:
        raise InputError("There is no candidate to go on with. Propose at least one prompt that passes the guards.")
    hashes = tuple(run.key.prompt_hash for run in results)
    present = min(len(run.outputs) for run in results)
    if present >= dev:
        return Next(total=present, keep=hashes, dropped={})
    table = standings(results, criteria, left_out=left_out, price=price)
    rivals = [i for i, name in enumerate(hashes) if name not in always]
    ranked = sorted(rivals, key=lambda i: (is_dear(table[i], criteria), *table[i].rank(table), i))
    kept = ranked[: _half(len(ranked))]
    dropped = {hashes[i]: _why(table[i], table[kept[-1]], present, criteria) for i in sorted(ranked[len(kept) :])}
    return Next(total=_after(present, dev, len(kept)), keep=tuple(h for h in hashes if h not in dropped), dropped=dropped)


def _half(candidates: int) -> int:
    """How many of so many go on: the larger half, and never fewer than there are finalists."""
    return min(candidates, max(FINALISTS, -(-candidates // 2)))


def _after(present: int, dev: int, left: int) -> int:
    """The rung after `present` for so many rivals, as `rungs` has it."""
    return 2 * present if left > FINALISTS and 2 * present * SHORTEST_LEAP <= dev else dev


def _why(fell: Standing, last: Standing, present: int, criteria: Criteria) -> str:
    if is_dear(fell, criteria) and not is_dear(last, criteria):
        return f"Fell out after {present} dev samples: 1,000 calls take {money(fell.usd or 0.0)}, more than the cap."
    behind = fell.mean != last.mean
    said = f"behind {last.label} with {last.mean or 0.0:.3f}" if behind else f"level with {last.label}, which costs less"
    return f"Fell out after {present} dev samples: {fell.mean or 0.0:.3f}, {said}, the last that went on."
