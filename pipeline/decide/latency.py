"""Latency and time to first token: percentiles with order-statistic intervals that say so when there are too few answers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.decide.statistics import paired, t_interval
from pipeline.records import Output

DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """A figure in seconds over `n` answers. `low` or `high` is None where `n` answers cannot bound it; `note` then says so."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Of the answers that carry the figure: whole answers, and the first token where answers were streamed."""

    mean: Seconds
    p50: Seconds
    p95: Seconds
    p99: Seconds
    ttft_p50: Seconds
    ttft_p95: Seconds


def latency(outputs: Iterable[Output], *, confidence: float = 0.95) -> Latency:
    """Over answered outputs; failed calls have no latency of an answer."""
    answered = [o for o in outputs if o.text is not None]
    whole = [o.latency_s for o in answered if o.latency_s is not None]
    return latency_of(whole, [o.ttft_s for o in answered if o.ttft_s is not None], confidence=confidence)


def latency_of(whole: Iterable[float], first: Iterable[float], *, confidence: float = 0.95) -> Latency:
    """As `latency`, from the seconds of whole answers and of first tokens."""
    whole, first = sorted(whole), sorted(first)
    return Latency(
        mean=mean(whole, confidence=confidence),
        p50=percentile(whole, 0.5, confidence=confidence),
        p95=percentile(whole, 0.95, confidence=confidence),
        p99=percentile(whole, 0.99, confidence=confidence),
        ttft_p50=percentile(first, 0.5, confidence=confidence),
        ttft_p95=percentile(first, 0.95, confidence=confidence),
    )


def mean(values: Sequence[float], *, confidence: float = 0.95) -> Seconds:
    """The mean with Student's t interval, never below zero; a long tail makes the interval rough, so read the percentiles too."""
    n = len(values)
    if n == 0:
        return Seconds(value=None, low=None, high=None, n=0, note="no figures")
    found = paired(values)
    if n < 2 or found.error == 0:
        return Seconds(value=_rounded(found.mean), low=None, high=None, n=n, note=_spreadless(n))
    interval = t_interval(found, confidence)
    low, high = (interval.low, interval.high) if interval else (0.0, 0.0)
    return Seconds(value=_rounded(found.mean), low=_rounded(max(0.0, low)), high=_rounded(high), n=n)


def percentile(ordered: Sequence[float], share: float, *, confidence: float = 0.95) -> Seconds:
    """The quantile at `share` in (0, 1) of values in ascending order, with an interval between two of them.

    The value is interpolated (Hyndman & Fan 1996, type 7). The interval is distribution-free: the number of values below the true
    quantile is binomial, so its ends are the values at the ranks that the binomial leaves at most (1 - confidence) / 2 beyond
    (Conover 1999, "Practical Nonparametric Statistics", section 3.2; Hahn & Meeker 1991, section 5.2).
    """
    n = len(ordered)
    if n == 0:
        return Seconds(value=None, low=None, high=None, n=0, note="no figures")
    lower, upper = _ranks(n, share, (1 - confidence) / 2)
    return Seconds(
        value=_rounded(_interpolated(ordered, share)),
        low=_rounded(ordered[lower - 1]) if lower else None,
        high=_rounded(ordered[upper - 1]) if upper else None,
        n=n,
        note="" if lower and upper else f"n too small: {_needed(share, confidence):,} answers would bound it",
    )


def _ranks(n: int, share: float, tail: float) -> tuple[int | None, int | None]:
    """1-based ranks of the interval's ends; None for an end beyond every value.

    The lower is the largest r with P(fewer than r below) <= tail, the upper the smallest with P(r or more below) <= tail.
    """
    import numpy as np
    from scipy.special import bdtr

    below = bdtr(np.arange(n), n, share)  # P(at most k values are below the quantile), k = 0 ... n - 1
    lower = int(np.searchsorted(below, tail, side="right"))
    upper = int(np.searchsorted(below, 1 - tail, side="left")) + 1
    return lower or None, upper if upper <= n else None


def _needed(share: float, confidence: float) -> int:
    """Answers from which on both ends exist: max(share, 1 - share) to the n-th is at most the tail."""
    return math.ceil(math.log((1 - confidence) / 2) / math.log(max(share, 1 - share)))


def _interpolated(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def _spreadless(n: int) -> str:
    return "n too small: one answer has no spread" if n == 1 else "all answers took the same time, so no spread is known"


def _rounded(value: float) -> float:
    return round(value, DIGITS)
