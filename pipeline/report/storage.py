"""A report as canonical JSON and back, as a stream: memory holds its columns, never its text.

The JSON is what the hash covers, so reading and writing it changes nothing. A large report has a brief beside it: what people are
shown of it, without the cells, for processes that only show it.
"""

from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.hashing import canonical_json, canonical_pieces, content_hash
from pipeline.report.parse import parse
from pipeline.report.records import LARGE, ArmReport, Evidence, Report

FORMAT, BRIEF = "ferry-report-2", "ferry-report-brief-1"
EARLIER = frozenset({"ferry-report-1"})
KEPT = 50
"""Regressions of each run and metric in a brief."""
NO_CELLS = Evidence(samples=(), clusters=(), metrics=(), runs=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A report as it stands in a file, whether or not it fits the hash that stands beside it."""

    report: Report
    stated_hash: str
    found_hash: str

    @property
    def intact(self) -> bool:
        return self.stated_hash == self.found_hash


def write(report: Report, path: Path) -> None:
    """Write `dumps` of the report to `path`, a piece at a time."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(canonical_pieces({"format": FORMAT, "hash": report.hash, "report": report}))


def dumps(report: Report) -> str:
    """One line of canonical JSON with the report's hash beside it."""
    return "".join(canonical_pieces({"format": FORMAT, "hash": report.hash, "report": report}))


def for_showing(report: Report, *, large: int = LARGE) -> str:
    """What is stored to be shown: all of a report, or the brief of one of more samples than `large`."""
    if len(report.evidence.samples) <= large:
        return dumps(report)
    brief = _brief(report)
    return canonical_json({"format": BRIEF, "hash": report.hash, "report": brief, "seal": content_hash(brief)})


def _brief(report: Report) -> Report:
    kept: dict[tuple[str, str], int] = {}
    shown = []
    for regression in report.regressions:
        of = (regression.arm, regression.metric)
        kept[of] = kept.get(of, 0) + 1
        shown += [regression] if kept[of] <= KEPT else []
    return replace(
        report,
        evidence=NO_CELLS,
        arms=tuple(_without_names(arm) for arm in report.arms),
        regressions=tuple(shown),
        dev=tuple(replace(choice, scores={}) for choice in report.dev),
        error_groups=tuple(replace(group, sample_ids=group.sample_ids[:KEPT]) for group in report.error_groups),
    )


def _without_names(arm: ArmReport) -> ArmReport:
    return replace(arm, comparisons=tuple(replace(found, improved=(), regressed=()) for found in arm.comparisons))


def shown(text: str) -> Report:
    """What `for_showing` stored. Raises InputError when it is neither a report nor a brief, or was changed."""
    parsed = _parsed(BytesIO(text.encode()))
    if parsed.get("format") != BRIEF:
        return _intact(_read(parsed))
    report = _record(parsed)
    if parsed.get("seal") != content_hash(report):
        raise _changed()
    return report


def loads(text: str) -> Report:
    """The report in `text`. Raises InputError when it is no report, or when its content does not match its hash."""
    return _intact(read(text))


def _intact(found: Read) -> Report:
    if not found.intact:
        raise _changed()
    return found.report


def _changed() -> InputError:
    return InputError("The report does not match its own hash: it was changed after it was written. Use the original file.")


def read(text: str) -> Read:
    """As `loads`, but a report that does not match its hash is read all the same."""
    return _read(_parsed(BytesIO(text.encode())))


def read_file(path: Path) -> Read:
    """As `read`, from a file of any size. Raises InputError when there is none."""
    if not path.is_file():
        raise InputError(f"There is no report at {path}. Check the path.")
    with path.open("rb") as file:
        return _read(_parsed(file))


def _parsed(file: BinaryIO) -> dict[str, Any]:
    try:
        found = parse(file)
    except ValueError as error:
        raise _no_report() from error
    if not isinstance(found, dict) or not {"format", "hash"} <= found.keys():
        raise _no_report()
    return found


def _read(parsed: dict[str, Any]) -> Read:
    form = parsed["format"]
    if form in EARLIER:
        raise InputError(
            f"This report was written by an earlier Ferry (format {form}), which stored too little to recompute it. Its page and "
            "workbook still hold; for a new one, write the report again from its runs."
        )
    report = _record(parsed)
    if form != FORMAT:
        raise InputError(f"This report has the format {form}, which this Ferry does not know. Read it with a newer Ferry.")
    return Read(report=report, stated_hash=str(parsed["hash"]), found_hash=report.hash)


def _record(parsed: dict[str, Any]) -> Report:
    try:
        return TypeAdapter(Report).validate_python(parsed.pop("report"))
    except (KeyError, ValidationError) as error:
        raise _no_report() from error


def _no_report() -> InputError:
    return InputError("This file is not a Ferry report: give the report.json that came with the report.")
