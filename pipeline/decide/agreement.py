"""Whether a judge may be believed: its agreement with people on the same items, against the gate of kappa 0.6."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from pipeline.decide.corrected import Calibration, Corrected, corrected
from pipeline.decide.kappa import alpha, alpha_interval, cross_table, kappa, kappa_error, kappa_interval
from pipeline.decide.scale import UNIT, Scale, detect
from pipeline.records import Agreement, Interval, RunResult, Sample, Score

GATE = 0.6
LABELS = 30  # below, the large-sample error of kappa is no guide, and one label moves kappa by more than its gate is fine
USUAL = "100 to 200 are usual"
DIGITS = 6


class Opinion(StrEnum):
    """What a person says of a target's answer beside the source's."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One person's opinion of one blind pair, turned to target against source."""

    sample_id: str
    by: str
    opinion: Opinion


def agree_on_pairs(metric: str, scores: Iterable[Score], said: Sequence[Said], *, confidence: float = 0.95) -> Agreement:
    """A pairwise judge (1 = target better, 0.5 = same, 0 = source better) against the majority of SMEs, in three classes.

    Where SMEs of a pair have no majority, it counts as "same". `rate` and `corrected` are the share of pairs on which the target
    is not worse, over every pair the judge scored.
    """
    judged = {s.sample_id: _opinion(s.value) for s in scores if s.metric == metric and s.value is not None}
    votes = _votes(said)
    people = {sample: _majority(found) for sample, found in votes.items() if sample in judged}
    order = sorted(people)
    table = cross_table([judged[s] for s in order], [people[s][0] for s in order], tuple(Opinion))
    known = _calibration([judged[s] is not Opinion.WORSE for s in order], [people[s][0] is not Opinion.WORSE for s in order])
    split = sum(not clear for _, clear in people.values())
    notes = [f"{split} pairs on which SMEs had no majority count as same"] if split else []
    if lost := len(votes) - len(people):
        notes.append(f"{lost} pairs that SMEs judged have no score of the judge")
    passed = sum(found is not Opinion.WORSE for found in judged.values())
    return _agreement(metric, "SME preferences", table, known, (passed, len(judged)), notes, confidence)


def agree_among_people(said: Sequence[Said], *, confidence: float = 0.95) -> Agreement:
    """How far SMEs agree with each other on the pairs that at least two of them judged (Krippendorff's nominal alpha)."""
    units = [[found[o] for o in Opinion] for _, found in sorted(_votes(said).items()) if sum(found.values()) > 1]
    found, interval = alpha(units), alpha_interval(units, confidence)
    reason = "Krippendorff's alpha" if found is not None else _no_alpha(units)
    return Agreement(
        metric="SMEs",
        against="each other",
        n=len(units),
        kappa=_rounded(found),
        interval=_rounded_interval(interval),
        validated=found is not None and found >= GATE and len(units) >= LABELS,
        reason=_sentence([reason, *([_few(len(units))] if found is not None and len(units) < LABELS else [])]),
    )


def agree_on_source(
    metric: str, samples: Sequence[Sample], source: RunResult, *, scale: Scale = UNIT, confidence: float = 0.95
) -> Agreement:
    """A metric's scores of the source's answers against the human scores that came with them, as passes and fails.

    Only answers that are, text for text, those people scored are counted. The people's scale is read from all their scores.
    A pass is two thirds of the way up a scale, on theirs and on the metric's (`scale`). `rate` and `corrected` are the metric's
    pass rate over every answer it scored.
    """
    given = {s.id: s.prior.human for s in samples if s.prior is not None and s.prior.human is not None}
    theirs = detect(given.values())
    if theirs is None:
        why = "the dataset holds no human scores" if not given else "the human scores are on no known scale (such as 1 to 5)"
        return _unknown(metric, "human scores", why)
    scored = {s.sample_id: s.value for s in source.scores if s.metric == metric and s.value is not None}
    same = _same_texts(samples, source)
    order = sorted(sample for sample in given if sample in scored and sample in same)
    ours, people = [scale.passes(scored[s]) for s in order], [theirs.passes(given[s]) for s in order]
    notes = [f"people's scale {theirs.name}, pass from {theirs.threshold:g}; the metric's pass from {scale.threshold:.2g}"]
    if lost := len(given) - len(order):
        notes.append(f"{lost} scored answers have no {metric} score or are not the answer this run gave")
    passed = sum(map(scale.passes, scored.values()))
    table = cross_table(ours, people, (True, False))
    rank = spearman([scored[s] for s in order], [given[s] for s in order])
    return _agreement(metric, "human scores", table, _calibration(ours, people), (passed, len(scored)), notes, confidence, rank)


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Rank correlation, ties at their mean rank (Spearman 1904); None below three pairs or where one side never varies."""
    from scipy.stats import rankdata

    if len(first) < 3 or len(set(first)) < 2 or len(set(second)) < 2:
        return None
    import numpy as np

    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def _agreement(
    metric: str,
    against: str,
    table: Sequence[Sequence[int]],
    known: Calibration,
    rate: tuple[int, int],
    notes: Sequence[str],
    confidence: float,
    correlation: float | None = None,
) -> Agreement:
    n, (passed, scored) = sum(map(sum, table)), rate
    found, interval = kappa(table), kappa_interval(table, confidence)
    fixed = corrected(passed, scored, known, confidence) if scored else Corrected(rate=None, interval=None)
    uncorrected = [f"no corrected rate: {fixed.reason}"] if fixed.reason else []
    return Agreement(
        metric=metric,
        against=against,
        n=n,
        kappa=_rounded(found),
        interval=_rounded_interval(interval),
        validated=found is not None and found >= GATE and n >= LABELS,
        rate=_rounded(passed / scored) if scored else None,
        corrected=_rounded(fixed.rate),
        corrected_interval=_rounded_interval(fixed.interval),
        reason=_sentence([*_gate(table, found, interval, confidence), *uncorrected, *notes]),
        sensitivity=_rounded(known.sensitivity),
        specificity=_rounded(known.specificity),
        correlation=_rounded(correlation),
    )


def _gate(table: Sequence[Sequence[int]], found: float | None, interval: Interval | None, confidence: float) -> Iterable[str]:
    """Why the judge is not validated, or how sure it is that it is, and how many labels would do."""
    n = sum(map(sum, table))
    if n < LABELS:
        yield _few(n)
    if found is None or interval is None:
        if n:
            yield "kappa is unknown: both used one class throughout, so label items of the other kind as well"
        return
    if found < GATE:
        yield f"kappa {found:.2f} is below {GATE:g}, so not validated: look at where the judge and people differ"
    if n >= LABELS and interval.low < GATE < interval.high:
        enough = _labels(n, found, kappa_error(table) or 0.0, confidence)
        more = f"; about {enough:,} labels would tell" if enough else ""
        yield f"its interval, {interval.low:.2f} to {interval.high:.2f}, holds the gate of {GATE:g}{more}"


def _labels(n: int, found: float, error: float, confidence: float) -> int | None:
    """Labels after which an interval around this kappa would leave the gate; None where it stands on it."""
    if abs(found - GATE) < 0.02 or error == 0:
        return None
    return max(n + 1, math.ceil(n * (NormalDist().inv_cdf((1 + confidence) / 2) * error / (found - GATE)) ** 2))


def _few(n: int) -> str:
    return f"{n} labels are too few to validate anything: at least {LABELS} are needed, {USUAL}"


def _no_alpha(units: Sequence[Sequence[int]]) -> str:
    if not units:
        return "no pair was judged by two SMEs: give some pairs to several"
    return "unknown: all SMEs chose one answer throughout"


def _unknown(metric: str, against: str, why: str) -> Agreement:
    return Agreement(
        metric=metric, against=against, n=0, kappa=None, interval=None, validated=False, reason=_sentence([why, _few(0)])
    )


def _votes(said: Sequence[Said]) -> Mapping[str, Counter[Opinion]]:
    """Opinions by sample; one person's later word on a pair replaces the earlier one."""
    latest = {(s.sample_id, s.by): s.opinion for s in said}
    votes: dict[str, Counter[Opinion]] = {}
    for (sample, _), opinion in latest.items():
        votes.setdefault(sample, Counter())[opinion] += 1
    return votes


def _majority(votes: Counter[Opinion]) -> tuple[Opinion, bool]:
    """What more than half say, else "same"; and whether there was a majority."""
    first, count = votes.most_common(1)[0]
    clear = 2 * count > votes.total()
    return (first if clear else Opinion.SAME), clear


def _opinion(value: float) -> Opinion:
    if value == 0.5:
        return Opinion.SAME
    return Opinion.BETTER if value > 0.5 else Opinion.WORSE


def _same_texts(samples: Sequence[Sample], source: RunResult) -> frozenset[str]:
    recorded = {s.id: s.recorded.text for s in samples if s.recorded is not None}
    return frozenset(o.sample_id for o in source.outputs if o.text is not None and recorded.get(o.sample_id) == o.text)


def _calibration(ours: Sequence[bool], people: Sequence[bool]) -> Calibration:
    both = Counter(zip(ours, people, strict=True))
    return Calibration(yes_yes=both[True, True], no_yes=both[False, True], yes_no=both[True, False], no_no=both[False, False])


def _sentence(parts: Iterable[str]) -> str:
    said = "; ".join(part for part in parts if part)
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def _rounded_interval(interval: Interval | None) -> Interval | None:
    return None if interval is None else Interval(low=round(interval.low, DIGITS), high=round(interval.high, DIGITS))
