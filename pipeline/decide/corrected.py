"""What people would have said of all answers, from a judge's rate and how often it was right where people judged too."""

import math
from dataclasses import dataclass
from statistics import NormalDist

from pipeline.records import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A judge's yes and no where people said yes and where they said no."""

    yes_yes: int
    no_yes: int
    yes_no: int
    no_no: int

    @property
    def sensitivity(self) -> float | None:
        """Share of the people's yes that the judge saw; None without one."""
        return _share(self.yes_yes, self.yes_yes + self.no_yes)

    @property
    def specificity(self) -> float | None:
        """Share of the people's no that the judge saw; None without one."""
        return _share(self.no_no, self.yes_no + self.no_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A corrected rate with its interval, or the reason there is none."""

    rate: float | None
    interval: Interval | None
    reason: str = ""


def corrected(passed: int, n: int, known: Calibration, confidence: float = 0.95) -> Corrected:
    """The judge's pass rate over `n` > 0 answers as people would have given it.

    Rogan & Gladen 1978 (American Journal of Epidemiology 107:71) for the rate; the interval, which holds the calibration's own
    uncertainty, is that of Lang & Reiczigel 2014 (Preventive Veterinary Medicine 113:13), as for LLM judges in Lee et al. 2025
    (arXiv:2511.21140): add z² / 2 passes and fails to the rate and one of each to the calibration, then the delta method with a
    small shift. Both are cut to [0, 1]. None where people gave only one kind of label, or the judge is no better than a coin.
    """
    sensitivity, specificity = known.sensitivity, known.specificity
    if sensitivity is None or specificity is None:
        missing = "no" if specificity is None else "yes"
        return Corrected(rate=None, interval=None, reason=f"people never said {missing}, so the judge's errors there are unknown")
    if sensitivity + specificity <= 1:
        return Corrected(rate=None, interval=None, reason="the judge is right no more often than a coin, so nothing corrects it")
    rate = _cut((passed / n + specificity - 1) / (sensitivity + specificity - 1))
    found = _interval(passed, n, known, confidence)
    return Corrected(rate=rate, interval=found and Interval(low=min(rate, found.low), high=max(rate, found.high)))


def _interval(passed: int, n: int, known: Calibration, confidence: float) -> Interval | None:
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    total, yes, no = n + z * z, known.yes_yes + known.no_yes + 2, known.yes_no + known.no_no + 2
    p, sensitivity, specificity = (passed + z * z / 2) / total, (known.yes_yes + 1) / yes, (known.no_no + 1) / no
    youden = sensitivity + specificity - 1
    if youden <= 0:
        return None
    rate = (p + specificity - 1) / youden
    of_yes, of_no = sensitivity * (1 - sensitivity) / yes, specificity * (1 - specificity) / no
    middle = rate + 2 * z * z * (rate * of_yes - (1 - rate) * of_no)
    half = z * math.sqrt(p * (1 - p) / total + rate**2 * of_yes + (1 - rate) ** 2 * of_no) / youden
    return Interval(low=_cut(middle - half), high=_cut(middle + half))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _cut(value: float) -> float:
    return min(1.0, max(0.0, value))
