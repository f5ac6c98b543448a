"""A report made again from its own stored cells, figure by figure, and what does not agree."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pipeline.errors import InputError
from pipeline.hashing import plain
from pipeline.report.build import Texts, assemble, unquoted
from pipeline.report.evidence import broken
from pipeline.report.records import Given, Regression, Report
from pipeline.report.storage import Read

TOLERANCE = 2e-6  # figures are rounded to six digits: another machine may round the last one the other way
GIVEN = frozenset(field.name for field in fields(Given))
TEXTS = frozenset({"question", "reference", "source_text", "target_text", "failure"})
"""What a regression quotes; texts follow from nothing that is stored, so only the hash holds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure that the stored cells do not bear out; `where` is its place in the report."""

    where: str
    stored: str
    recomputed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """What came of it: figures that agree by part of the report, those that do not, and cells that fit no seal."""

    agreeing: Mapping[str, int]
    differing: tuple[Difference, ...]
    changed_cells: tuple[str, ...]
    hash_agrees: bool
    signed_agrees: bool = True

    @property
    def agrees(self) -> bool:
        return self.hash_agrees and self.signed_agrees and not self.differing and not self.changed_cells


def recompute(found: Read, *, signed_hash: str = "") -> Recomputed:
    """Every figure of the report in `found` from its cells; `signed_hash` is that of the report a person signed, if known."""
    report = found.report
    cells = tuple(broken(report.evidence))
    try:
        again = assemble(report, _texts(report))
    except (InputError, KeyError, StopIteration, ValueError) as error:
        gone = Difference(where="the stored cells", stored="present", recomputed=f"cannot be made into runs: {error}")
        return Recomputed(agreeing={}, differing=(gone,), changed_cells=cells, hash_agrees=found.intact)
    agreeing: Counter[str] = Counter()
    differing = list(_of_criteria(report))
    for field in fields(Report):
        if field.name not in GIVEN:
            for difference in _compared(field.name, plain(getattr(report, field.name)), plain(getattr(again, field.name))):
                if difference is None:
                    agreeing[field.name] += 1
                else:
                    differing.append(difference)
    return Recomputed(
        agreeing=dict(agreeing),
        differing=tuple(differing),
        changed_cells=cells,
        hash_agrees=found.intact,
        signed_agrees=not signed_hash or found.found_hash.startswith(signed_hash),
    )


def _of_criteria(report: Report) -> Iterator[Difference]:
    """Where the criteria are not those the report says were locked."""
    locked, found = report.provenance.criteria_hash, report.criteria.hash
    if locked != found:
        yield Difference(where="criteria", stored=locked, recomputed=found)


def _texts(report: Report) -> Texts:
    """The texts of the regressions as they stand; a regression that is not there has none."""
    known = {(r.arm, r.metric, r.sample_id): r for r in report.regressions}

    def told(arm: str, metric: str, sample_id: str) -> Regression:
        return known.get((arm, metric, sample_id)) or unquoted(arm, metric, sample_id)

    return told


def _compared(where: str, stored: Any, again: Any) -> Iterator[Difference | None]:  # noqa: ANN401  plain JSON values
    """One item for each leaf: None when it agrees."""
    if isinstance(stored, dict) and isinstance(again, dict):
        for key in sorted({*stored, *again}):
            if key not in TEXTS:
                yield from _compared(f"{where}.{key}", stored.get(key), again.get(key))
    elif isinstance(stored, list) and isinstance(again, list):
        if len(stored) != len(again):
            yield Difference(where=where, stored=f"{len(stored)} entries", recomputed=f"{len(again)} entries")
        for place, (one, other) in enumerate(zip(stored, again, strict=False)):
            yield from _compared(f"{where}[{_name(one, place)}]", one, other)
    elif _same(stored, again):
        yield None
    else:
        yield Difference(where=where, stored=_short(stored), recomputed=_short(again))


def _name(entry: Any, place: int) -> str:  # noqa: ANN401
    """An entry by what people call it, where it has a name."""
    if isinstance(entry, dict):
        named = [str(entry[key]) for key in ("label", "metric", "sample_id", "target", "criterion", "run") if entry.get(key)]
        if named:
            return " · ".join(named)
    return str(place)


def _same(stored: Any, again: Any) -> bool:  # noqa: ANN401
    numbers = isinstance(stored, float) and isinstance(again, int | float) and not isinstance(again, bool)
    return abs(stored - again) <= TOLERANCE if numbers else bool(stored == again)


def _short(value: Any) -> str:  # noqa: ANN401
    said = str(value)
    return said if len(said) <= 80 else f"{said[:77]}..."
