"""Scores that came with the dataset, as the baseline they are: means with intervals, on the scale of the file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.decide.pairs import units
from pipeline.decide.scale import Scale, detect
from pipeline.decide.statistics import ALIKE, paired, t_interval, wilson
from pipeline.records import Interval, Sample

DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorFigure:
    """What people ("human") or an earlier judge ("judge") gave the source's answers: `n` of `samples` were scored.

    `mean` and `interval` are on the file's scale, which `scale` names ("1 to 5"); `interval` is None below two independent
    samples or on an unknown scale. `note` says what to keep in mind.
    """

    by: str
    mean: float
    interval: Interval | None
    n: int
    samples: int
    scale: str
    note: str = ""


def prior_figures(samples: Sequence[Sample], *, confidence: float = 0.95, of: int | None = None) -> tuple[PriorFigure, ...]:
    """The imported human and judge scores over these samples; those of which there are none are left out.

    `of` is how many samples there are where only those with scores are given.
    """
    many = len(samples) if of is None else of
    human = [(s, s.prior.human) for s in samples if s.prior is not None and s.prior.human is not None]
    judge = [(s, s.prior.judge) for s in samples if s.prior is not None and s.prior.judge is not None]
    return tuple(_figure(by, scored, many, confidence) for by, scored in (("human", human), ("judge", judge)) if scored)


def _figure(by: str, scored: Sequence[tuple[Sample, float]], samples: int, confidence: float) -> PriorFigure:
    values = [value for _, value in scored]
    scale = detect(values)
    clusters = units([sample for sample, _ in scored])
    interval = None if scale is None else _interval(values, scale, clusters, confidence)
    return PriorFigure(
        by=by,
        mean=round(sum(values) / len(values), DIGITS),
        interval=interval,
        n=len(values),
        samples=samples,
        scale=scale.name if scale else "unknown",
        note="; ".join(_notes(by, scale, interval, len(values), samples)),
    )


def _interval(values: Sequence[float], scale: Scale, clusters: Sequence[str] | None, confidence: float) -> Interval | None:
    """Wilson for thumbs, t for the rest (clustered where samples share a cluster), never beyond the scale."""
    shares = [scale.share(value) for value in values]
    if scale.thumbs and set(shares) <= {0.0, 1.0} and clusters is None:
        return _on(scale, wilson(round(sum(shares)), len(shares), confidence))
    found = paired(shares, clusters)
    if found.units < 2:
        return None
    if found.error <= ALIKE:  # all alike: as many unseen others as the rule of three allows, at the ends of the scale
        unseen = 1 - ((1 - confidence) / 2) ** (1 / found.units)
        return _on(scale, Interval(low=found.mean * (1 - unseen), high=found.mean + unseen * (1 - found.mean)))
    return _on(scale, t_interval(found, confidence))


def _on(scale: Scale, shares: Interval | None) -> Interval | None:
    if shares is None:
        return None
    low, high = scale.back(max(0.0, shares.low)), scale.back(min(1.0, shares.high))
    return Interval(low=round(low, DIGITS), high=round(high, DIGITS))


def _notes(by: str, scale: Scale | None, interval: Interval | None, n: int, samples: int) -> Iterable[str]:
    if by == "judge":
        yield "an earlier judge's scores, not Ferry's own: to be seen beside them, not compared with them"
    if scale is None:
        yield "the values are on no scale Ferry knows (such as 1 to 5), so there is no interval"
    elif interval is None:
        yield "too few independent samples for an interval"
    if n < samples:
        yield f"{samples - n} of {samples} samples were never scored, and those that were may not be like the rest"
