"""What an empty form opens with, as an operator decided: a team's owner and SMEs, its usual source, its usual parameters."""

import json
from dataclasses import fields
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bot.modals.new_migration import Prefill
from pipeline.errors import InputError


def read_defaults(path: Path | None) -> Prefill:
    """The defaults in a JSON file with fields of `Prefill`; an empty form without a file. Raises InputError naming the field."""
    if path is None:
        return Prefill()
    try:
        text = path.read_bytes()
        start = TypeAdapter(Prefill).validate_json(text)
    except OSError as error:
        raise InputError(f"FERRY_FORM_DEFAULTS names {path}, which cannot be read. Correct the path, or unset it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"FERRY_FORM_DEFAULTS: {field} in {path} is not usable: {first['msg']}.") from error
    unknown = json.loads(text).keys() - {each.name for each in fields(Prefill)}
    if unknown:
        known = ", ".join(each.name for each in fields(Prefill))
        raise InputError(
            f"FERRY_FORM_DEFAULTS: {path} names {', '.join(sorted(unknown))}, which the form has not. It has {known}."
        )
    return start
