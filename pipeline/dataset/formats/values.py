"""JSON values as the text a prompt gets: texts as they are, numbers as written, nested values as JSON, null as nothing."""

import json
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from pipeline.errors import InputError


def cells(value: object, place: str) -> dict[str, str]:
    """An object's fields as text by name. Raises InputError where it is no object or nests too deep."""
    if not isinstance(value, Mapping):
        raise InputError(f'{place.capitalize()} is not an object. Write each sample as {{"question": ..., ...}}.')
    try:
        return {str(name).strip(): _text(item) for name, item in value.items()}
    except RecursionError:
        raise too_deep(place) from None


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
