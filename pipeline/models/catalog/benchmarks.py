"""External benchmark figures as dated citations, from a file the operator keeps. Ferry ships none: they age."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipeline.errors import InputError

Text = Annotated[str, Field(min_length=1, max_length=500)]
COLUMNS = "model, name, figure, date, source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A figure somebody else measured: of which model, in which benchmark, when it was published or read, and where."""

    model: str
    name: str
    figure: float
    date: str
    source: str

    def __str__(self) -> str:
        return f"{self.name} {self.figure:g} ({self.source}, {self.date})"


def _day(text: str) -> str:
    return date.fromisoformat(text.strip()).isoformat()


class _Given(BaseModel):
    """One citation as the operator writes it; a figure without date or source is no citation."""

    model_config = ConfigDict(extra="forbid")

    model: Text
    name: Text
    figure: Annotated[float, Field(allow_inf_nan=False)]
    date: Annotated[str, AfterValidator(_day)]
    source: Text


_FILE = TypeAdapter(list[_Given])


def read_benchmarks(path: Path | None) -> tuple[Citation, ...]:
    """The citations in a JSON list or a CSV file; none without a path. Raises InputError that says which line is wrong."""
    if path is None:
        return ()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The benchmark file {path} cannot be read as UTF-8 text. Check the path and the file.") from error
    try:
        return tuple(Citation(**given.model_dump()) for given in _FILE.validate_python(_rows(path, text)))
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        where = f"Entry {int(place[0]) + 1}" if place and isinstance(place[0], int) else "The file"
        wrong = f" ({place[1]})" if len(place) > 1 else ""
        raise InputError(f"{where} of {path} is no citation{wrong}: each needs {COLUMNS}, the date as 2026-11-25.") from error
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path} is neither a JSON list nor a CSV file with the columns {COLUMNS}.") from error


def _rows(path: Path, text: str) -> Any:  # noqa: ANN401  whatever the file holds; validated by the caller
    if path.suffix.lower() != ".csv":
        return json.loads(text)
    rows: list[Mapping[Any, Any]] = list(csv.DictReader(text.splitlines(), strict=True))
    return rows
