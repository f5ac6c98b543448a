"""A report's JSON into plain values as a stream: the cells go into columns at once, and what is said often is held once."""

from array import array
from collections.abc import Iterator
from typing import Any, BinaryIO

from pipeline.columns import Column, Counts, Numbers

COLUMNS: dict[str, type[Column[Any]]] = {
    "values": Numbers,
    "latency_s": Numbers,
    "ttft_s": Numbers,
    "calls": Counts,
    "input_tokens": Counts,
    "output_tokens": Counts,
    "cache_read_tokens": Counts,
    "cache_write_tokens": Counts,
}
CELLS = ("report", "evidence", "runs")
OFTEN = 200
"""Characters up to which a text may be said often: an id, a reason."""
BUFFER = 256 * 1024
Events = Iterator[tuple[str, Any]]


def parse(file: BinaryIO) -> Any:  # noqa: ANN401  plain JSON values
    """What `file` holds. Raises ValueError when it is no JSON, or holds something else than numbers where the cells are."""
    import ijson

    try:
        events = iter(ijson.basic_parse(file, use_float=True, buf_size=BUFFER))
        event, value = next(events)
        return _value(events, event, value, (), {})
    except (ijson.JSONError, StopIteration, OverflowError, TypeError) as error:
        raise ValueError("not the JSON of a report") from error


def _value(events: Events, event: str, value: Any, path: tuple[str, ...], known: dict[str, str]) -> Any:  # noqa: ANN401
    if event == "start_map":
        return _object(events, path, known)
    if event == "start_array":
        kind = COLUMNS.get(path[-1]) if path[:3] == CELLS else None
        return _column(events, kind) if kind else _list(events, path, known)
    return known.setdefault(value, value) if event == "string" and len(value) <= OFTEN else value


def _object(events: Events, path: tuple[str, ...], known: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for opened, name in events:
        if opened == "end_map":
            break
        key = known.setdefault(name, name)
        event, value = next(events)
        found[key] = _value(events, event, value, (*path, key), known)
    return found


def _list(events: Events, path: tuple[str, ...], known: dict[str, str]) -> list[Any]:
    found: list[Any] = []
    for event, value in events:
        if event == "end_array":
            break
        found.append(_value(events, event, value, path, known))
    return found


def _column(events: Events, kind: type[Column[Any]]) -> Column[Any]:
    missing: Any = kind.missing
    held: array[Any] = array(kind.code)
    for event, value in events:
        if event == "number":
            held.append(value)
        elif event == "null":
            held.append(missing)
        elif event == "end_array":
            break
        else:
            raise TypeError("a column holds something else than numbers")
    return kind.of(held)
