"""The scale that imported scores are on, read from their values, and what counts as a pass on it."""

from collections.abc import Collection
from dataclasses import dataclass

PASS = 2 / 3  # of the way up a scale: 4 of 1 to 5, 7 of 1 to 10, a thumb up
ALIKE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From `low` (worst) to `high` (best); `name` is what people call it."""

    name: str
    low: float
    high: float

    @property
    def thumbs(self) -> bool:
        return self.name.startswith("thumbs")

    @property
    def threshold(self) -> float:
        """The lowest passing value where a scale has whole steps; two thirds of the way up elsewhere."""
        return self.low + PASS * (self.high - self.low)

    def passes(self, value: float) -> bool:
        return value >= self.threshold - ALIKE

    def share(self, value: float) -> float:
        """The value on [0, 1]."""
        return (value - self.low) / (self.high - self.low)

    def back(self, share: float) -> float:
        """A value of [0, 1] on this scale."""
        return self.low + share * (self.high - self.low)


UNIT = Scale(name="0 to 1", low=0, high=1)
THUMBS = Scale(name="thumbs, 0 or 1", low=0, high=1)
_WHOLE = (
    Scale(name="thumbs, -1 to 1", low=-1, high=1),
    Scale(name="1 to 5", low=1, high=5),
    Scale(name="0 to 5", low=0, high=5),
    Scale(name="1 to 10", low=1, high=10),
    Scale(name="0 to 10", low=0, high=10),
)
_PERCENT = Scale(name="0 to 100", low=0, high=100)


def detect(values: Collection[float]) -> Scale | None:
    """The narrowest known scale that holds every value; None for no values or values on no known scale.

    Only 0 and 1 are thumbs; other values within [0, 1] are shares. A file of a 1 to 10 scale on which nobody gave more than 5
    reads as 1 to 5: the scale is always printed beside the figure.
    """
    if not values:
        return None
    if set(values) <= {0, 1}:
        return THUMBS
    if set(values) <= {-1, 0, 1}:
        return _WHOLE[0]
    low, high = min(values), max(values)
    if low >= 0 and high <= 1:
        return UNIT
    return next((s for s in (*_WHOLE[1:], _PERCENT) if low >= s.low and high <= s.high), None)
