"""Statements of a text, and which of them another text supports: what the answer metrics count.

Both go through the judge's cache, so the statements of a reference are found once for the source and all targets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from pipeline.metrics.judge.port import Judge, JudgeError, Tab
from pipeline.metrics.judge.prompts import STATEMENTS, SUPPORT

AT_ONCE = 25  # statements of one question: the verdicts on more would not fit into a reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One statement and whether it was supported, with the judge's reason."""

    statement: str
    supported: bool
    reason: str


async def statements(judge: Judge, task: str, text: str, tab: Tab) -> tuple[str, ...]:
    """What `text` states in answer to `task`. Raises JudgeError, "vacuous" when it states nothing: nothing is not all right."""
    ruling = await judge.ask(STATEMENTS.question({"task": task, "text": text}), tab)
    found = tuple(line for said in ruling["statements"] if (line := " ".join(said.split())))
    if not found:
        raise JudgeError("vacuous", "the judge found no statement to check")
    return found


async def checked(judge: Judge, given: Sequence[str], evidence: str, tab: Tab) -> tuple[Finding, ...]:
    """Each of `given` held against `evidence`. Raises JudgeError, "verdict_mismatch" when one got no verdict of its own."""
    found: list[Finding] = []
    for start in range(0, len(given), AT_ONCE):
        found += await _checked(judge, given[start : start + AT_ONCE], evidence, tab)
    return tuple(found)


async def _checked(judge: Judge, given: Sequence[str], evidence: str, tab: Tab) -> list[Finding]:
    question = SUPPORT.question({"evidence": evidence, "statements": numbered(given)}, items=len(given))
    verdicts = sorted((await judge.ask(question, tab))["verdicts"], key=itemgetter("item"))
    return [
        Finding(statement=statement, supported=verdict["supported"], reason=verdict["reason"])
        for statement, verdict in zip(given, verdicts, strict=True)
    ]


def numbered(lines: Sequence[str]) -> str:
    """One numbered line each, whatever line ends are inside."""
    return "\n".join(f"{number}. {' '.join(line.split())}" for number, line in enumerate(lines, 1))
