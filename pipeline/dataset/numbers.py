"""Figures as people write them in tables: decimal comma, thousands, a unit behind; thumbs as scores."""

import re
from math import isfinite

UNITS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 0.001, "msec": 0.001, "milliseconds": 0.001, "min": 60.0}
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
WITH_UNIT = re.compile(r"(.*?\d[.\d]*)\s*([a-z]+)\.?", re.IGNORECASE)
MISSING = frozenset({"", "-", "n/a", "na", "nan", "none", "null", "unknown"})
THUMBS = {"up": 1.0, "thumbs up": 1.0, "👍": 1.0, "down": 0.0, "thumbs down": 0.0, "👎": 0.0}


def is_missing(text: str) -> bool:
    """Whether a cell for a figure says that there is none."""
    return text.strip().casefold() in MISSING


def number(text: str) -> float | None:
    """The finite number a cell holds, None where it holds none."""
    found = text.strip().replace("\u00a0", "")
    if THOUSANDS.fullmatch(found):
        found = found.replace(",", "")
    elif DECIMAL_COMMA.fullmatch(found):
        found = found.replace(",", ".")
    try:
        value = float(found)
    except ValueError:
        return None
    return value if isfinite(value) else None


def duration(text: str) -> tuple[float | None, bool]:
    """(value, whether a unit was written beside it); the value is in seconds where a unit was written."""
    value = number(text)
    if value is not None:
        return value, False
    found = WITH_UNIT.fullmatch(text.strip())
    factor = UNITS.get(found[2].lower()) if found else None
    value = number(found[1]) if found else None
    return (None, False) if factor is None or value is None else (round(value * factor, 9), True)


def rating(text: str) -> float | None:
    """A score as a number, or a thumb as 1 or 0."""
    return THUMBS.get(text.strip().lower(), number(text))
