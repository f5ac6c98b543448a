"""Chooses one target's prompt among its candidates on dev: quality first, then tokens, then the simpler method."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.decide.pairs import index
from pipeline.errors import InputError
from pipeline.records import Criteria, RunResult

DIGITS = 9  # means closer than this are equal: sums of floats depend on their order


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One candidate's figures on the samples all are measured by. `mean` is over the primary metrics, missing scores as 0.

    `n` samples, of which `missing` lack a score that another candidate has; `tokens` per answered sample, None if not counted.
    `scores` are what the mean is made of, by metric and sample.
    """

    label: str
    prompt_hash: str
    n: int
    missing: int
    mean: float | None
    tokens: float | None
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The dev winner with the table it was chosen from, in the order of the candidates, and why."""

    label: str
    prompt_hash: str
    table: tuple[Standing, ...]
    reason: str


def choose(candidates: Sequence[RunResult], criteria: Criteria, *, left_out: Collection[str] = ()) -> Selection:
    """The best of one target's dev runs, given from the simplest method to the most elaborate.

    `left_out` are the samples shown as examples inside any candidate's prompt; none of them counts for anyone. A sample counts
    when any candidate has a score for it, so that a candidate cannot win by failing where others answer. Raises InputError
    without candidates or primary metrics, and when two candidates saw different inputs for one sample.
    """
    if not candidates or not criteria.primary:
        raise InputError("There is nothing to choose from: at least one candidate run and one primary metric are needed.")
    _check_same_inputs(candidates)
    table = _table(candidates, criteria, frozenset(left_out))
    best = min(range(len(table)), key=lambda i: (*_rank(table[i], table), i))
    return Selection(
        label=table[best].label,
        prompt_hash=table[best].prompt_hash,
        table=table,
        reason=_reason(table, best, len(frozenset(left_out))),
    )


def _check_same_inputs(candidates: Sequence[RunResult]) -> None:
    seen: dict[str, str] = {}
    for run in candidates:
        for sample, found in run.input_hashes.items():
            if seen.setdefault(sample, found) != found:
                raise InputError(
                    f"{run.label} saw another input for sample {sample}. Run all candidates over the same frozen dataset."
                )


def _table(candidates: Sequence[RunResult], criteria: Criteria, left_out: frozenset[str]) -> tuple[Standing, ...]:
    values = [_values(run, criteria, left_out) for run in candidates]
    cells = sorted({cell for run in values for cell in run})
    return tuple(_standing(run, found, cells) for run, found in zip(candidates, values, strict=True))


def _values(run: RunResult, criteria: Criteria, left_out: frozenset[str]) -> dict[tuple[str, str], float]:
    """Primary scores by (metric, sample)."""
    primary = {choice.metric for choice in criteria.primary}
    return {
        (metric, sample): score.value
        for (sample, metric), score in index(run).items()
        if metric in primary and sample not in left_out and score.value is not None
    }


def _standing(run: RunResult, found: dict[tuple[str, str], float], cells: Sequence[tuple[str, str]]) -> Standing:
    samples, scores = {sample for _, sample in cells}, dict[str, dict[str, float]]()
    for metric, sample in cells:
        scores.setdefault(metric, {})[sample] = found.get((metric, sample), 0.0)
    means = [sum(values.values()) / len(values) for values in scores.values()]
    return Standing(
        label=run.label,
        prompt_hash=run.key.prompt_hash,
        n=len(samples),
        missing=len({sample for metric, sample in cells if (metric, sample) not in found}),
        mean=round(sum(means) / len(means), DIGITS) if means else None,
        tokens=_tokens(run, samples),
        scores=scores,
    )


def _tokens(run: RunResult, samples: Collection[str]) -> float | None:
    """Input and output tokens per sample; None unless every answered output carries them."""
    usages = [o.usage for o in run.outputs if o.sample_id in samples and o.text is not None]
    counted = [u.input_tokens + u.output_tokens for u in usages if u is not None]
    return sum(counted) / len(counted) if counted and len(counted) == len(usages) else None


def _rank(standing: Standing, table: Sequence[Standing]) -> tuple[float, float]:
    comparable = all(other.tokens is not None for other in table)
    return -(standing.mean or 0.0), (standing.tokens or 0.0) if comparable else 0.0


def _reason(table: Sequence[Standing], best: int, left_out: int) -> str:
    won = table[best]
    aside = f" {left_out} samples shown inside prompts were left out." if left_out else ""
    if won.mean is None:
        return f"No candidate could be scored on dev, so the simplest one, {won.label}, is kept.{aside}"
    return f"{won.label}: {won.mean:.3f} on {won.n} dev samples, {_margin_of_win(table, best)}.{aside}"


def _margin_of_win(table: Sequence[Standing], best: int) -> str:
    others = [standing for i, standing in enumerate(table) if i != best]
    if not others:
        return "the only candidate"
    second = max(others, key=lambda standing: standing.mean or 0.0)
    if second.mean != table[best].mean:
        return f"ahead of {second.label} with {second.mean or 0.0:.3f}"
    tied = [standing for standing in others if standing.mean == table[best].mean]
    if any(_rank(standing, table) == _rank(table[best], table) for standing in tied):
        return f"level with {second.label}, and the simpler method"
    return f"level with {second.label}, with fewer tokens per sample"
