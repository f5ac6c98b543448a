"""A report as canonical JSON and back. The JSON is what the hash covers, so reading and writing it changes nothing."""

import json
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.report.records import Report

FORMAT = "ferry-report-2"
EARLIER = frozenset({"ferry-report-1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A report as it stands in a file, whether or not it fits the hash that stands beside it."""

    report: Report
    stated_hash: str
    found_hash: str

    @property
    def intact(self) -> bool:
        return self.stated_hash == self.found_hash


def dumps(report: Report) -> str:
    """One line of canonical JSON with the report's hash beside it."""
    return canonical_json({"format": FORMAT, "hash": report.hash, "report": report})


def loads(text: str) -> Report:
    """The report in `text`. Raises InputError when it is no report, or when its content does not match its hash."""
    found = read(text)
    if not found.intact:
        raise InputError("The report does not match its own hash: it was changed after it was written. Use the original file.")
    return found.report


def read(text: str) -> Read:
    """As `loads`, but a report that does not match its hash is read all the same."""
    try:
        parsed = json.loads(text)
        form, stated = parsed["format"], str(parsed["hash"])
    except (ValueError, KeyError, TypeError) as error:
        raise _no_report() from error
    if form in EARLIER:
        raise InputError(
            f"This report was written by an earlier Ferry (format {form}), which stored too little to recompute it. Its page and "
            "workbook still hold; for a new one, write the report again from its runs."
        )
    try:
        report = TypeAdapter(Report).validate_python(parsed["report"])
    except (KeyError, ValidationError) as error:
        raise _no_report() from error
    if form != FORMAT:
        raise InputError(f"This report has the format {form}, which this Ferry does not know. Read it with a newer Ferry.")
    return Read(report=report, stated_hash=stated, found_hash=report.hash)


def _no_report() -> InputError:
    return InputError("This file is not a Ferry report: give the report.json that came with the report.")
