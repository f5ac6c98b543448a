"""Chooses one target's prompt among its candidates on dev: quality first, then tokens, then the simpler method.

A difference that chance makes is no quality: a simpler method stays unless another is better by more than one paired standard
error (Breiman, Friedman, Olshen & Stone 1984, "Classification and Regression Trees", section 3.4.3).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.decide.pairs import index, unit
from pipeline.decide.statistics import mean_interval, paired
from pipeline.errors import InputError
from pipeline.models.prices import Price, money
from pipeline.records import Criteria, RunResult, Usage

DIGITS = 9  # means closer than this are equal: sums of floats depend on their order
ONE_ERROR, TWO_ERRORS = 0.6827, 0.9545  # the share of a normal distribution within so many standard errors
FEW = 20
"""Samples below which two standard errors are asked: from 2 of 5 samples few-shot was chosen once, and lost on test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One candidate's figures on the samples all are measured by. `mean` is over the primary metrics, missing scores as 0.

    `n` samples, of which `missing` lack a score that another candidate has; `tokens` per answered sample and `usd` of 1,000 calls
    like these, None if not counted or without a price. `scores` are what the mean is made of, by metric and sample.
    """

    label: str
    prompt_hash: str
    n: int
    missing: int
    mean: float | None
    tokens: float | None
    usd: float | None = None
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def rank(self, table: "Sequence[Standing]") -> tuple[float, float]:
        """Sorts the better before the worse, the shorter before the longer where all of `table` have their tokens counted."""
        comparable = all(other.tokens is not None for other in table)
        return -(self.mean or 0.0), (self.tokens or 0.0) if comparable else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The dev winner with the table it was chosen from, in the order of the candidates, and why."""

    label: str
    prompt_hash: str
    table: tuple[Standing, ...]
    reason: str


def choose(
    candidates: Sequence[RunResult],
    criteria: Criteria,
    *,
    left_out: Collection[str] = (),
    price: Price | None = None,
    clusters: Mapping[str, str] | None = None,
) -> Selection:
    """The best of one target's dev runs, given from the simplest method to the most elaborate.

    The one with the highest mean wins, unless a simpler one that costs no more tokens is not behind it by more than one paired
    standard error (two below FEW independent ones); then the simplest such one stays. `clusters` names, by sample, those that
    belong together (`pairs.together`): they stand for one. `left_out` are the samples shown as examples inside
    any candidate's prompt; none of them counts for anyone. A sample counts when any candidate has a score for it, so that a
    candidate cannot win by failing where others answer. What takes more than the criteria's cap for 1,000 calls, as measured and
    at `price`, is not chosen while another does not. Raises InputError without candidates or primary metrics, and when two
    candidates saw different inputs for one sample.
    """
    table = standings(candidates, criteria, left_out=left_out, price=price)
    within, capped = _within(table, criteria)
    best = min(within, key=lambda i: (*table[i].rank(table), i))
    kept = next((i for i in within if i < best and _stays(table[i], table[best], clusters or {})), best)
    said = (
        _reason([table[i] for i in within], within.index(best))
        if kept == best
        else _why_it_stays(table[kept], table[best], clusters or {})
    )
    aside = f" {len(set(left_out))} samples shown inside prompts were left out." if left_out else ""
    reason = said + aside + (f" {capped}" if capped else "")
    return Selection(label=table[kept].label, prompt_hash=table[kept].prompt_hash, table=table, reason=reason)


def standings(
    candidates: Sequence[RunResult], criteria: Criteria, *, left_out: Collection[str] = (), price: Price | None = None
) -> tuple[Standing, ...]:
    """The table `choose` chooses from, in the order of the candidates. Raises InputError as `choose` does."""
    if not candidates or not criteria.primary:
        raise InputError("There is nothing to choose from: at least one candidate run and one primary metric are needed.")
    _check_same_inputs(candidates)
    return _table(candidates, criteria, frozenset(left_out), price)


def is_dear(standing: Standing, criteria: Criteria) -> bool:
    """Whether 1,000 calls take more than the criteria's cap, as measured; False without a cap or a price."""
    return criteria.most_usd is not None and standing.usd is not None and standing.usd > criteria.most_usd


def _within(table: Sequence[Standing], criteria: Criteria) -> tuple[list[int], str]:
    """The places that keep to the cap, all of them where none does; and the sentence that says so, empty without a dearer one."""
    cap, every = criteria.most_usd, list(range(len(table)))
    dear = [row for row in table if is_dear(row, criteria)]
    if cap is None or not dear:
        return every, ""
    if len(dear) == len(table):
        least = min(row.usd or 0.0 for row in dear)
        return every, (
            f"As measured, no candidate keeps to the cap of {money(cap)} for 1,000 calls; the cheapest takes {money(least)}. "
            "Use one all the same, or ask for a plan with another cap."
        )
    named = ", ".join(f"{row.label} {money(row.usd or 0.0)}" for row in dear)
    return [i for i in every if table[i] not in dear], f"Above the cap of {money(cap)} for 1,000 calls, as measured: {named}."


def _check_same_inputs(candidates: Sequence[RunResult]) -> None:
    seen: dict[str, str] = {}
    for run in candidates:
        for sample, found in run.input_hashes.items():
            if seen.setdefault(sample, found) != found:
                raise InputError(
                    f"{run.label} saw another input for sample {sample}. Run all candidates over the same frozen dataset."
                )


def _table(
    candidates: Sequence[RunResult], criteria: Criteria, left_out: frozenset[str], price: Price | None
) -> tuple[Standing, ...]:
    values = [_values(run, criteria, left_out) for run in candidates]
    cells = sorted({cell for run in values for cell in run})
    return tuple(_standing(run, found, cells, price) for run, found in zip(candidates, values, strict=True))


def _values(run: RunResult, criteria: Criteria, left_out: frozenset[str]) -> dict[tuple[str, str], float]:
    """Primary scores by (metric, sample)."""
    primary = {choice.metric for choice in criteria.primary}
    return {
        (metric, sample): score.value
        for (sample, metric), score in index(run).items()
        if metric in primary and sample not in left_out and score.value is not None
    }


def _standing(
    run: RunResult, found: dict[tuple[str, str], float], cells: Sequence[tuple[str, str]], price: Price | None
) -> Standing:
    samples, scores = {sample for _, sample in cells}, dict[str, dict[str, float]]()
    for metric, sample in cells:
        scores.setdefault(metric, {})[sample] = found.get((metric, sample), 0.0)
    means = [sum(values.values()) / len(values) for values in scores.values()]
    usages = _usages(run, samples)
    return Standing(
        label=run.label,
        prompt_hash=run.key.prompt_hash,
        n=len(samples),
        missing=len({sample for metric, sample in cells if (metric, sample) not in found}),
        mean=round(sum(means) / len(means), DIGITS) if means else None,
        tokens=sum(u.input_tokens + u.output_tokens for u in usages) / len(usages) if usages else None,
        usd=price.per_1000(usages) if price else None,
        scores=scores,
    )


def _usages(run: RunResult, samples: Collection[str]) -> list[Usage]:
    """Tokens of the answered samples; none unless every answered output carries them."""
    usages = [o.usage for o in run.outputs if o.sample_id in samples and o.text is not None]
    counted = [usage for usage in usages if usage is not None]
    return counted if len(counted) == len(usages) else []


def _units(standing: Standing, clusters: Mapping[str, str]) -> list[str]:
    """The independent unit of each of its samples, in the order of `_differences`."""
    samples = dict.fromkeys(sample for values in standing.scores.values() for sample in values)
    return [unit(sample, clusters.get(sample)) for sample in samples]


def _are_few(standing: Standing, clusters: Mapping[str, str]) -> bool:
    return len(set(_units(standing, clusters))) < FEW


def _stays(simpler: Standing, best: Standing, clusters: Mapping[str, str]) -> bool:
    """Whether `best` is not better than `simpler` by more than chance makes, and `simpler` costs no more tokens."""
    if (simpler.mean or 0.0) >= (best.mean or 0.0):
        return False  # level: the rank has decided
    dearer = simpler.tokens is not None and best.tokens is not None and simpler.tokens > best.tokens
    share = TWO_ERRORS if _are_few(best, clusters) else ONE_ERROR
    found = mean_interval(paired(_differences(simpler, best), _units(best, clusters)), share)
    return not dearer and (found is None or round(found.low, DIGITS) <= 0)


def _differences(before: Standing, after: Standing) -> list[float]:
    """What each sample adds to the difference of the means, weighed so that their mean is that difference."""
    sums = dict.fromkeys((sample for values in after.scores.values() for sample in values), 0.0)
    for metric, values in after.scores.items():
        for sample, value in values.items():
            sums[sample] += (value - before.scores[metric][sample]) * len(sums) / (len(values) * len(after.scores))
    return list(sums.values())


def _why_it_stays(kept: Standing, best: Standing, clusters: Mapping[str, str]) -> str:
    what = "samples" if best.n < FEW else "groups of samples that belong together"
    errors = (
        f"two paired standard errors (two, because there are under {FEW} {what})"
        if _are_few(best, clusters)
        else "one paired standard error"
    )
    return (
        f"{kept.label}: {kept.mean or 0.0:.3f} on {kept.n} dev samples. {best.label} has {best.mean or 0.0:.3f}, ahead by no "
        f"more than {errors}, so the simpler method stays."
    )


def _reason(table: Sequence[Standing], best: int) -> str:
    won = table[best]
    if won.mean is None:
        return f"No candidate could be scored on dev, so the simplest one, {won.label}, is kept."
    return f"{won.label}: {won.mean:.3f} on {won.n} dev samples, {_margin_of_win(table, best)}."


def _margin_of_win(table: Sequence[Standing], best: int) -> str:
    others = [standing for i, standing in enumerate(table) if i != best]
    if not others:
        return "the only candidate"
    second = max(others, key=lambda standing: standing.mean or 0.0)
    if second.mean != table[best].mean:
        return f"ahead of {second.label} with {second.mean or 0.0:.3f}"
    tied = [standing for standing in others if standing.mean == table[best].mean]
    if any(standing.rank(table) == table[best].rank(table) for standing in tied):
        return f"level with {second.label}, and the simpler method"
    return f"level with {second.label}, with fewer tokens per sample"
