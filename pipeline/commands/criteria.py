"""Criteria as a file: what `ferry guide` writes and what `ferry score`, `compare` and `report` take."""

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.hashing import plain
from pipeline.metrics.code.checks import validate
from pipeline.metrics.guide import check_roles
from pipeline.records import Criteria

FILE = TypeAdapter(Criteria)
CriteriaFile = Annotated[Path | None, typer.Option("--criteria", help="Criteria as `ferry guide` wrote them.")]


def write_criteria(path: Path, criteria: Criteria) -> None:
    """Writes `criteria` so that a person can read and change them; replaces what is there."""
    path.write_text(json.dumps(plain(criteria), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_criteria(path: Path) -> Criteria:
    """The criteria in `path`. Raises InputError for a file that holds none, or such that could give no verdict."""
    try:
        criteria = FILE.validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"The criteria {path} cannot be read ({error.strerror}). Check the path.") from error
    except ValidationError as error:
        raise InputError(
            f"{path} holds no criteria that ferry can read. Write them again with `ferry guide ... -o FILE`."
        ) from error
    for check in criteria.checks:
        validate(check)
    check_roles(criteria)
    return criteria
