"""Long columns of numbers: eight bytes a value instead of a Python object, read back as the values that were put in."""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydantic_core import CoreSchema

N = TypeVar("N", float, int)
PIECE = 1_000
"""Values turned into Python objects at a time."""


class Column(Sequence[N | None]):
    """A sequence of numbers and None that never changes once it is shared. `Numbers` holds floats, `Counts` whole numbers."""

    __slots__ = ("_held",)
    code: ClassVar[str]
    missing: ClassVar[float | int]

    def __init__(self, values: Iterable[N | None] = ()) -> None:
        self._held: array[Any] = array(self.code, (self.missing if value is None else value for value in values))

    @classmethod
    def of(cls, held: "array[Any]") -> Self:
        """The column of values that stand in an array already, `missing` for None."""
        made = cls()
        made._held = held
        return made

    @classmethod
    def blank(cls, n: int) -> "array[Any]":
        """An array of `n` missing values, to be filled in."""
        return array(cls.code, [cls.missing]) * n

    @classmethod
    def read(cls, given: object) -> Self:
        """A column from a list as a file holds it. Raises ValueError for anything that is no number."""
        if isinstance(given, cls):
            return given
        if not isinstance(given, (list, tuple)) or not all(value is None or cls._fits(value) for value in given):
            raise ValueError("not a column of numbers")
        return cls(given)

    @classmethod
    def _fits(cls, value: object) -> bool:
        raise NotImplementedError

    @property
    def view(self) -> "NDArray[Any]":
        """The values without a copy, `missing` for None; not to be written to."""
        import numpy as np

        return np.frombuffer(self._held, dtype=self.code) if self._held else np.empty(0, dtype=self.code)

    @property
    def known(self) -> "NDArray[np.bool_]":
        """Where there is a value."""
        raise NotImplementedError

    def pieces(self) -> Iterator[list[N | None]]:
        """The values in order, a piece at a time."""
        for start in range(0, len(self._held), PIECE):
            yield [self._value(value) for value in self._held[start : start + PIECE]]

    def _value(self, held: N) -> N | None:
        return None if held == self.missing else held

    def __iter__(self) -> Iterator[N | None]:
        for piece in self.pieces():
            yield from piece

    def __len__(self) -> int:
        return len(self._held)

    @overload
    def __getitem__(self, place: int) -> N | None: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> "N | Self | None":
        return self.of(self._held[place]) if isinstance(place, slice) else self._value(self._held[place])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._held.tobytes() == other._held.tobytes()

    def __hash__(self) -> int:
        return hash(self._held.tobytes())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> "CoreSchema":
        """How a record that has columns is read from JSON."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(cls.read)


class Numbers(Column[float]):
    """Floats; NaN stands for None, which JSON has no number for."""

    __slots__ = ()
    code, missing = "d", math.nan

    @classmethod
    def _fits(cls, value: object) -> bool:
        return isinstance(value, (float, int)) and not isinstance(value, bool) and math.isfinite(value)

    @property
    def known(self) -> "NDArray[np.bool_]":
        import numpy as np

        known: NDArray[np.bool_] = ~np.isnan(self.view)
        return known

    def _value(self, held: float) -> float | None:
        return held if held == held else None  # noqa: PLR0124  NaN alone differs from itself


class Counts(Column[int]):
    """Whole numbers below 2**63; the lowest of them stands for None."""

    __slots__ = ()
    code, missing = "q", -(2**63)

    @classmethod
    def _fits(cls, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and cls.missing < value < 2**63

    @property
    def known(self) -> "NDArray[np.bool_]":
        known: NDArray[np.bool_] = self.view != self.missing
        return known

    def total(self) -> int:
        """The sum of the values."""
        return int(self.view[self.known].sum())
