"""What is written in pieces is the same text and the same hash, and no piece grows with the record."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.columns import Numbers
from pipeline.hashing import OMIT_DEFAULT, canonical_json, canonical_pieces, content_hash, large_hash


class Kind(StrEnum):
    ONE = "one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    z: str
    a: float | None = None
    kind: Kind = Kind.ONE
    later: str = field(default="", metadata=OMIT_DEFAULT)


LEAVES = st.builds(Leaf, z=st.text(), a=st.none() | st.floats(allow_nan=False, allow_infinity=False), later=st.text(max_size=1))
SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | LEAVES | st.builds(Numbers, st.lists(st.none() | st.floats(0, 1))),
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_the_pieces_are_the_canonical_text(value: Any) -> None:
    assert "".join(canonical_pieces(value)) == canonical_json(value)
    assert large_hash(value) == content_hash(value)


def test_a_long_record_is_written_in_short_pieces() -> None:
    n = 5_003
    value = {
        "ids": tuple(f"s{i}" for i in range(n)),
        "reasons": {f"s{i * 7 % n}": "a reason" for i in range(n)},
        "scores": Numbers([i / 7 if i % 3 else None for i in range(n)]),
        "leaves": tuple(Leaf(z=str(i)) for i in range(n)),
    }
    pieces = list(canonical_pieces(value))
    assert "".join(pieces) == canonical_json(value)
    assert max(map(len, pieces)) < 25_000 < len(canonical_json(value)) / 10
