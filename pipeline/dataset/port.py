"""What a file format is to the reader: recognised by content, read line by line, never held whole in memory."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.records import Finding

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a dataset file may take: bytes on disk, samples, characters in one cell, and in one that is a data URI."""

    max_bytes: int = 50 * MIB
    max_samples: int = 100_000
    max_cell: int = 1_000_000
    max_data_uri: int = 8_000_000

    def most(self, cell: str) -> int:
        """Characters that a cell which begins like `cell` may have."""
        return max(self.max_cell, self.max_data_uri) if cell[:5].lower() == "data:" else self.max_cell


USUAL = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a file says of one sample: text by column name, and `place`, where a person finds it ("line 7", "object 3")."""

    place: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """A file's first bytes, and the same as text where it is text (`encoding` is empty where it is not)."""

    path: Path
    start: bytes
    encoding: str = ""
    text: str = ""


def no_findings(_: Peek) -> tuple[Finding, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A way to store samples in a file. `nothing` is the sentence for a well-formed file without a sample.

    `lines` raises InputError naming the place; `findings` are remarks on how the file was read.
    """

    name: str
    recognises: Callable[[Peek], bool]
    lines: Callable[[Peek, Limits], Iterator[Line]]
    nothing: str
    findings: Callable[[Peek], tuple[Finding, ...]] = no_findings
