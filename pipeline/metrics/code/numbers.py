"""Numbers in texts: found, converted to plain values, compared with a tolerance that follows from how they were written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.metrics.metric import Answer, CodeMetric, Measure, yes_no

NUMBER = re.compile(
    r"""(?<![\w.,])(?P<open>\()?(?P<sign>[-−+])?(?P<money>[$€£¥]|(?:usd|eur|gbp)\s)?(?P<sign2>[-−])?
        (?P<digits>\d{1,3}(?:[,'’\u00a0\u202f]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
        (?P<close>\))?(?:\s?(?P<size>thousand|million|billion|trillion|mio|mln|mn|bn|tn)\b|(?P<letter>[kmb])\b)?
        (?:\s?(?P<share>%|percent\b|per\s?cent\b|bps\b|basis\ points\b))?""",
    re.IGNORECASE | re.VERBOSE,
)
POWERS = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "mln": 6, "mio": 6, "million": 6, "b": 9, "bn": 9, "billion": 9}
POWERS |= {"tn": 12, "trillion": 12}
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Number:
    """A value in plain units (a share in hundredths: 8 % is 0.08) and half a unit of its last written digit."""

    value: Decimal
    precision: Decimal
    share: bool


def numbers(text: str) -> tuple[Number, ...]:
    """Every number of `text`, in order: 1,234.5 / 1'234 / $12.4 million / 5k / (3.2) bn / −5 % / 25 bps.

    A comma followed by exactly three digits separates thousands; a decimal comma is not guessed at ("1,5" reads as 1).
    Parentheses mean a loss only around an amount ((3.2), (1,200), ($5)); "(1)" numbers a list.
    """
    return tuple(_number(found) for found in NUMBER.finditer(text))


def _number(found: re.Match[str]) -> Number:
    digits = re.sub(r"[^\d.]", "", found["digits"])
    size, share = (found["size"] or found["letter"] or "").lower(), (found["share"] or "").lower()
    power = POWERS.get(size, 0) - _hundredths(share)
    decimals = len(digits.partition(".")[2])
    precision = Decimal(0) if decimals == power == 0 else ONE.scaleb(power - decimals) / 2
    return Number(Decimal(digits).scaleb(power) * (-1 if _negative(found) else 1), precision, bool(share))


def _negative(found: re.Match[str]) -> bool:
    if "-" in (sign := (found["sign"] or "") + (found["sign2"] or "")) or "−" in sign:
        return True
    amount = bool(found["money"] or found["size"] or not found["digits"].isdigit())
    return amount and bool(found["open"] and found["close"])


def _hundredths(share: str) -> int:
    if not share:
        return 0
    return 4 if share.startswith("b") else 2


def same(reference: Number, answer: Number) -> bool:
    """Whether the answer lies within half a unit of the last digit the reference gives.

    Plain integers must be equal: a relative tolerance would take 2023 for 2024. "8 %" and a bare "8" agree, since a
    question that asks for a percentage is often answered without the sign; "8 %" and "0.08" agree as well.
    """
    if abs(reference.value - answer.value) <= reference.precision:
        return True
    if reference.share == answer.share:
        return False
    scale = 100 if reference.share else Decimal("0.01")
    return abs(reference.value * scale - answer.value) <= reference.precision * scale


def missing(reference: Sequence[Number], answer: Sequence[Number]) -> tuple[Number, ...]:
    """The reference's numbers that the answer does not say; each number of the answer serves once."""
    left = list(answer)
    lacking = []
    for wanted in reference:
        hit = next((i for i, given in enumerate(left) if same(wanted, given)), None)
        if hit is None:
            lacking.append(wanted)
        else:
            del left[hit]
    return tuple(lacking)


def _match(answer: Answer) -> Measure:
    wanted = numbers(answer.reference)
    lacking = missing(wanted, numbers(answer.text))
    return yes_no(not lacking, f"{len(lacking)} of the reference's {len(wanted)} numbers missing: {_written(lacking)}")


def _written(lacking: Sequence[Number]) -> str:
    return ", ".join(f"{n.value.normalize():f}" for n in lacking[:3]) + (", ..." if len(lacking) > 3 else "")


def _unusable(reference: str) -> str | None:
    return None if numbers(reference) else "the reference holds no number"


NUMBER_MATCH = CodeMetric(
    name="number_match",
    summary="1 when the answer says every number of the reference, whatever the notation ($12.4 million = 12,400,000)",
    measure=_match,
    binary=True,
    unusable=_unusable,
)
