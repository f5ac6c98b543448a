"""What a round did: the primary score per error group before and after on the same dev samples; what got worse; keep or not."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.decide.latency import Latency, latency
from pipeline.decide.pairs import index
from pipeline.decide.statistics import Paired, mean_interval, paired
from pipeline.errors import InputError
from pipeline.models.prices import Price
from pipeline.records import Criteria, ErrorGroup, Interval, RunResult

ELSEWHERE = "elsewhere"
"""The samples of no group: right before the round, so all they can do is get worse."""
ALL = "all of dev"
FEWEST = 8
"""Samples from which on an interval is given."""
ALIKE = 1e-9
FASTER = 0.05
"""Share of output tokens by which answers must get shorter to count as better."""
DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One group: mean primary score (missing as 0) before and after over the same `n` samples. Ids of those that moved.

    `interval` is of the paired difference, None with fewer than FEWEST samples or without spread; `sentence` says it for people.
    """

    group: str
    n: int
    before: float | None
    after: float | None
    difference: float | None
    interval: Interval | None
    improved: tuple[str, ...]
    worse: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A round's whole effect. `effects` are per group, then ELSEWHERE, then ALL; `regressions` got worse wherever they stand.

    Tokens are output tokens per answer, None unless every answer carries them. `keep` is the computed recommendation, `sentence`
    its reason; the decision is a person's.
    """

    effects: tuple[Effect, ...]
    regressions: tuple[str, ...]
    tokens_before: float | None
    tokens_after: float | None
    latency_before: Latency
    latency_after: Latency
    usd_before: float | None
    usd_after: float | None
    keep: bool
    sentence: str


def effects(
    before: RunResult,
    after: RunResult,
    groups: Sequence[ErrorGroup],
    criteria: Criteria,
    *,
    left_out: Collection[str] = (),
    clusters: Mapping[str, str] | None = None,
) -> tuple[Effect, ...]:
    """Per group of `before`'s failures, then ELSEWHERE and ALL, over the samples that both runs answered and either scored.

    `left_out` are the samples shown inside either prompt. `clusters` names the unit of samples that belong together. Raises
    InputError without a primary metric, or when the runs share no sample or saw different inputs for one.
    """
    scores = _scores(before, after, criteria, frozenset(left_out))
    grouped = {i for group in groups for i in group.sample_ids}
    rest = [i for i in scores if i not in grouped]
    named = [*((group.label, group.sample_ids) for group in groups), (ELSEWHERE, rest), (ALL, list(scores))]
    return tuple(_effect(name, [i for i in ids if i in scores], scores, criteria, clusters or {}) for name, ids in named)


def outcome(
    before: RunResult,
    after: RunResult,
    groups: Sequence[ErrorGroup],
    criteria: Criteria,
    *,
    left_out: Collection[str] = (),
    clusters: Mapping[str, str] | None = None,
    price: Price | None = None,
) -> Outcome:
    """As `effects`, with what it did to length, latency and cost (USD per 1,000 calls at `price`), and whether to keep it.

    Kept only when all of dev got better, or is not worse by more than one paired standard error while answers got shorter.
    """
    found = effects(before, after, groups, criteria, left_out=left_out, clusters=clusters)
    scores = _scores(before, after, criteria, frozenset(left_out))
    whole = paired([b - a for a, b in scores.values()], _units(scores, clusters or {}))
    tokens = _tokens(before, scores), _tokens(after, scores)
    keep, sentence = _advice(found, whole, tokens)
    return Outcome(
        effects=found,
        regressions=found[-1].worse,
        tokens_before=tokens[0],
        tokens_after=tokens[1],
        latency_before=latency((o for o in before.outputs if o.sample_id in scores), confidence=criteria.confidence),
        latency_after=latency((o for o in after.outputs if o.sample_id in scores), confidence=criteria.confidence),
        usd_before=_usd(before, scores, price),
        usd_after=_usd(after, scores, price),
        keep=keep,
        sentence=sentence,
    )


def _scores(before: RunResult, after: RunResult, criteria: Criteria, left_out: frozenset[str]) -> dict[str, tuple[float, float]]:
    """Mean primary score before and after by sample, in the order of `before`."""
    if not criteria.primary:
        raise InputError("No metric decides, so there is no effect to measure. Choose a primary metric.")
    for sample_id, seen in after.input_hashes.items():
        if before.input_hashes.get(sample_id, seen) != seen:
            raise InputError(f"The two runs saw different inputs for sample {sample_id}. Run both over the same frozen dataset.")
    old, new = index(before), index(after)
    answered = {output.sample_id for output in after.outputs}
    found: dict[str, tuple[float, float]] = {}
    for sample_id in (o.sample_id for o in before.outputs if o.sample_id in answered and o.sample_id not in left_out):
        cells = [(old.get((sample_id, c.metric)), new.get((sample_id, c.metric))) for c in criteria.primary]
        values = [(a.value if a else None, b.value if b else None) for a, b in cells]
        known = [(a or 0.0, b or 0.0) for a, b in values if a is not None or b is not None]
        if known:
            found[sample_id] = (sum(a for a, _ in known) / len(known), sum(b for _, b in known) / len(known))
    if not found:
        raise InputError("The two runs share no sample with a score of a primary metric. Score both over the same dev split.")
    return found


def _effect(
    name: str, ids: Sequence[str], scores: Mapping[str, tuple[float, float]], criteria: Criteria, clusters: Mapping[str, str]
) -> Effect:
    changed = {i: scores[i][1] - scores[i][0] for i in ids}
    improved = tuple(i for i, change in changed.items() if change > ALIKE)
    worse = tuple(i for i, change in changed.items() if change < -ALIKE)
    n = len(ids)
    if not n:
        return Effect(
            group=name, n=0, before=None, after=None, difference=None, interval=None, improved=(), worse=(), sentence=_NONE
        )
    found = paired(list(changed.values()), _units(ids, clusters))
    interval = mean_interval(found, criteria.confidence) if n >= FEWEST else None
    before, after = (sum(scores[i][side] for i in ids) / n for side in (0, 1))
    return Effect(
        group=name,
        n=n,
        before=round(before, DIGITS),
        after=round(after, DIGITS),
        difference=round(found.mean, DIGITS),
        interval=Interval(low=round(interval.low, DIGITS), high=round(interval.high, DIGITS)) if interval else None,
        improved=improved,
        worse=worse,
        sentence=_sentence(n, before, after, interval, len(improved), len(worse)),
    )


_NONE = "None of its samples can be compared."


def _sentence(n: int, before: float, after: float, interval: Interval | None, improved: int, worse: int) -> str:
    spread = f" ({interval.low:+.3f} to {interval.high:+.3f})" if interval else f" (n too small for an interval: {n})"
    moved = f"{improved} better, {worse} worse" if improved or worse else "no sample moved"
    return f"{before:.3f} → {after:.3f} on {n} samples, {after - before:+.3f}{spread}; {moved}."


def _units(ids: Iterable[str], clusters: Mapping[str, str]) -> list[str] | None:
    return [f"cluster {clusters[i]}" if i in clusters else f"sample {i}" for i in ids] if clusters else None


def _advice(found: Sequence[Effect], whole: Paired, tokens: tuple[float | None, float | None]) -> tuple[bool, str]:
    """Keep or revert, with the reason. A group's own gain is not enough: it was chosen because it failed."""
    improved, worse = len(found[-1].improved), len(found[-1].worse)
    if whole.units < 2:
        return False, (
            f"It cannot be told: all {whole.pairs} samples belong together, so nothing says what is chance. The simpler prompt "
            f"stays; {_samples(improved)} got better and {worse} worse."
        )
    if whole.mean < -whole.error - ALIKE:
        return False, (
            f"Revert: on all of dev the score fell by {-whole.mean:.3f}, more than one standard error ({whole.error:.3f}); "
            f"{_samples(worse)} got worse."
        )
    lost = f"; {_samples(worse)} got worse, look at them" if worse else ""
    if whole.mean > ALIKE:
        best = max(found[:-2], key=lambda each: len(each.improved), default=None)
        where = f", most in “{best.group}” ({len(best.improved)} of {best.n})" if best and best.improved else ""
        chance = " The gain is within one standard error and may be chance." if whole.mean <= whole.error + ALIKE else ""
        return True, f"Keep: {_samples(improved)} got better{where}{lost}.{chance}"
    if tokens[0] is not None and tokens[1] is not None and tokens[1] < tokens[0] * (1 - FASTER):
        return True, f"Keep: the score holds and answers went from {tokens[0]:.0f} to {tokens[1]:.0f} output tokens{lost}."
    if improved:
        return False, f"Revert: {_samples(improved)} got better and {worse} got worse, so the simpler prompt stays."
    return False, "Revert: nothing got better, so the simpler prompt stays."


def _samples(n: int) -> str:
    return f"{n} sample" if n == 1 else f"{n} samples"


def _tokens(run: RunResult, ids: Collection[str]) -> float | None:
    """Output tokens per answer; None unless every answer carries them."""
    usages = [o.usage for o in run.outputs if o.sample_id in ids and o.text is not None]
    counted = [usage.output_tokens for usage in usages if usage is not None]
    return sum(counted) / len(counted) if counted and len(counted) == len(usages) else None


def _usd(run: RunResult, ids: Collection[str], price: Price | None) -> float | None:
    """USD of 1,000 calls like these; None without a price or without every answer's tokens."""
    usages = [o.usage for o in run.outputs if o.sample_id in ids and o.text is not None]
    counted = [usage for usage in usages if usage is not None]
    found = price.per_1000(counted) if price and len(counted) == len(usages) else None
    return None if found is None else round(found, DIGITS)
