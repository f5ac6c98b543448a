"""A report as canonical JSON and back. The JSON is what the hash covers, so reading and writing it changes nothing."""

import json

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.report.records import Report

FORMAT = "ferry-report-1"


def dumps(report: Report) -> str:
    """One line of canonical JSON with the report's hash beside it."""
    return canonical_json({"format": FORMAT, "hash": report.hash, "report": report})


def loads(text: str) -> Report:
    """The report in `text`. Raises InputError when it is no report, or when its content does not match its hash."""
    try:
        parsed = json.loads(text)
        report = TypeAdapter(Report).validate_python(parsed["report"])
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise InputError("This file is not a Ferry report: give the report.json that came with the report.") from error
    if parsed.get("format") != FORMAT or report.hash != parsed["hash"]:
        raise InputError("The report does not match its own hash: it was changed after it was written. Use the original file.")
    return report
