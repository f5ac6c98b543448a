"""JSON values as the text a prompt gets: texts as they are, numbers as written, nested values as JSON, null as nothing."""

import json
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from pipeline.errors import InputError

WRAPPERS = frozenset({"fields", "inputs", "vars", "variables", "input_variables"})
"""Names under which tools put a sample's inputs: llama-prompt-ops `fields`, LangSmith `inputs`, promptfoo `vars`."""


def cells(value: object, place: str) -> dict[str, str]:
    """An object's fields as text by name, inputs that are wrapped under one of WRAPPERS as fields of their own.

    Raises InputError where it is no object or nests too deep.
    """
    if not isinstance(value, Mapping):
        raise InputError(f'{place.capitalize()} is not an object. Write each sample as {{"question": ..., ...}}.')
    try:
        return {str(name).strip(): _text(item) for name, item in _unwrapped(value).items()}
    except RecursionError:
        raise too_deep(place) from None


def _unwrapped(value: Mapping[str, object]) -> Mapping[str, object]:
    """`value` with the fields of its wrappers beside its own; a wrapper with a field of a name that is taken stays closed."""
    found: dict[str, object] = {}
    for name, item in value.items():
        inner = item if str(name).strip().lower() in WRAPPERS and isinstance(item, Mapping) else {}
        free = bool(inner) and not inner.keys() & (value.keys() | found.keys())
        found.update(inner if free else {name: item})
    return found


def too_deep(place: str) -> InputError:
    return InputError(f"{place.capitalize()} nests too deeply. Flatten it to one level of fields.")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=_number)


def _number(value: Decimal) -> float | str:
    return float(value) if isfinite(float(value)) else str(value)
