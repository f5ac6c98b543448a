"""Patterns (regular expressions) of people, bounded before they meet a text: none of them can keep a worker for minutes.

Python's `re` (https://docs.python.org/3/library/re.html) searches by trying again. In the worst case that costs the product of
all ways in which repeats, options and alternatives combine. Ferry counts that product beforehand and refuses a pattern if it is
too large: no clock is needed, and the same pattern is refused or accepted everywhere.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.errors import InputError

LONGEST_PATTERN = 200
LONGEST_LINE = 4_000
"""Characters of a line that a pattern sees; a pattern looks at one line at a time, as grep does."""
MOST_STEPS = 100_000_000
"""In the worst case of one line: about a second. What people write for answers takes milliseconds."""
COUNT = re.compile(r"\{(\d{1,4})?(,)?(\d{1,4})?\}")
WAY_OUT = "Write a simpler one, or several checks: give repeats an upper bound, such as \\d{1,12} instead of \\d+."


@dataclass(slots=True)
class _Part:
    """What has been read of a group: `ways` it can match in the worst case, `loose` when it can match in more than one."""

    ways: int = 1
    branches: int = 1
    loose: bool = False


@dataclass(slots=True)
class _Reader:
    """Walks a pattern once; `open` are the groups around the place where it is, `last` what a quantifier would repeat."""

    pattern: str
    at: int = 0
    open: list[_Part] = field(default_factory=lambda: [_Part()])
    last: _Part | None = None

    def whole(self) -> _Part:
        while self.at < len(self.pattern):
            READ.get(self.pattern[self.at], _Reader.letter)(self)
        return self.open[0]

    def letter(self) -> None:
        self.at += 1
        self.last = _Part()

    def escape(self) -> None:
        following = self.pattern[self.at + 1 : self.at + 2]
        if following.isdigit() and following != "0":
            raise InputError(f"A pattern may not refer back to a group (\\{following}). {WAY_OUT}")
        self.at += 2
        self.last = _Part()

    def letters(self) -> None:
        """A class such as [a-z]: a closing bracket right at its start is one of its letters."""
        end = self.at + 1 + (self.pattern[self.at + 1 : self.at + 2] == "^")
        end += self.pattern[end : end + 1] == "]"
        while end < len(self.pattern) and self.pattern[end] != "]":
            end += 2 if self.pattern[end] == "\\" else 1
        self.at, self.last = end + 1, _Part()

    def group(self) -> None:
        special = self.pattern.startswith("(?", self.at)
        if special and not self.pattern.startswith("(?:", self.at):
            raise InputError(f"A pattern may have plain groups, (…) or (?:…), and nothing else that begins with (?. {WAY_OUT}")
        self.at += 3 if special else 1
        self.open.append(_Part())
        self.last = None

    def end_of_group(self) -> None:
        self.at += 1
        if len(self.open) < 2:
            return
        inner = self.open.pop()
        inner.loose = inner.loose or inner.branches > 1
        inner.ways, inner.branches = inner.ways * inner.branches, 1
        self.last = inner
        self._take(inner.ways, loose=inner.loose)

    def alternative(self) -> None:
        self.at += 1
        self.open[-1].branches += 1
        self.last = None

    def repeat(self) -> None:
        low, high, length = self._times()
        self.at += length
        if self.pattern[self.at : self.at + 1] in {"?", "+"}:
            self.at += 1
        if self.last is None or low == high:
            return
        if self.last.loose and high > 1:
            raise InputError(f"This pattern repeats a group that itself repeats or offers a choice. {WAY_OUT}")
        self._take(min(high, LONGEST_LINE) - low + 1, loose=True)

    def _times(self) -> tuple[int, int, int]:
        """Least, most and how many letters say so; a brace that counts nothing is a letter."""
        sign = self.pattern[self.at]
        if sign != "{":
            return (1 if sign == "+" else 0), (1 if sign == "?" else LONGEST_LINE), 1
        found = COUNT.match(self.pattern, self.at)
        if found is None or found.group() in {"{}", "{,}"}:
            return 1, 1, 1
        low = int(found[1] or 0)
        high = int(found[3]) if found[3] else LONGEST_LINE if found[2] else low
        return low, max(low, high), len(found.group())

    def _take(self, ways: int, *, loose: bool) -> None:
        self.open[-1].ways *= max(ways, 1)
        self.open[-1].loose = self.open[-1].loose or loose


READ: dict[str, Callable[[_Reader], None]] = {
    "\\": _Reader.escape,
    "[": _Reader.letters,
    "(": _Reader.group,
    ")": _Reader.end_of_group,
    "|": _Reader.alternative,
    **dict.fromkeys("*+?{", _Reader.repeat),
}


def steps(pattern: str) -> int:
    """How many steps one line can take in the worst case. Raises InputError for a pattern Ferry does not take."""
    whole = _Reader(pattern).whole()
    anchored = pattern.startswith(("^", "\\A")) and whole.branches == 1
    return whole.ways * whole.branches * (1 if anchored else LONGEST_LINE)


def compiled(pattern: str) -> re.Pattern[str]:
    """`pattern`, ready to search. Raises InputError for one that is no pattern, is too long or could take too long."""
    if not pattern or len(pattern) > LONGEST_PATTERN:
        raise InputError(f"A pattern has 1 to {LONGEST_PATTERN} characters; this one has {len(pattern)}. Write a shorter one.")
    try:
        made = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f"This is no regular expression Python knows: {error}. Correct it, or use a check for words.") from error
    if steps(pattern) > MOST_STEPS:
        raise InputError(f"This pattern could take too long on an unlucky text. {WAY_OUT}")
    return made


def found_in(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a line of `text` has the pattern within its first LONGEST_LINE characters."""
    return any(pattern.search(line[:LONGEST_LINE]) for line in text.splitlines() or [text])
