"""The first line of a table: names that are there, unique and clean, and the lines below cut to them."""

from collections import Counter
from collections.abc import Sequence

from pipeline.errors import InputError


def names(cells: Sequence[str]) -> tuple[str, ...]:
    """Column names without surrounding space; nameless columns at the end are cut. Raises InputError naming the column."""
    found = [cell.strip().removeprefix("\ufeff") for cell in cells]
    while found and not found[-1]:
        found.pop()
    if "" in found:
        raise InputError(f"Column {found.index('') + 1} has no name in the first line. Name every column, or delete that one.")
    twice = [name for name, count in Counter(found).items() if count > 1]
    if twice:
        raise InputError(f"Two columns are called “{twice[0]}”. Rename one of them.")
    return tuple(found)


def fitted(cells: Sequence[str], columns: Sequence[str], place: str) -> dict[str, str]:
    """Cells by column name; too many or too few raise InputError with the place."""
    while len(cells) > len(columns) and not cells[-1]:
        cells = cells[:-1]
    if len(cells) != len(columns):
        raise InputError(
            f"{place.capitalize()} has {_cells(len(cells))}, but the first line names {len(columns)} columns. "
            "Put texts that hold a separator or a line break in double quotes."
        )
    return dict(zip(columns, cells, strict=True))


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"
