"""Which encoding a text file is in, and opening it so that a byte that does not belong names its line.

Order: byte order mark, the NUL pattern of UTF-16, UTF-8, then a guess by charset-normalizer. The evidence is bounded: the start
of the file and the first lines with a byte above 127, wherever they are.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pipeline.errors import InputError

HEAD_BYTES = 64 * 1024
EVIDENCE_BYTES = 16 * 1024
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What spreadsheet programs write when not told to write Unicode; between equals the first one wins.
LEGACY = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "gb18030", "big5", "cp949"
)  # fmt: skip
UNICODE = frozenset({"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"})
NUL, HALVES = "a NUL character", "half of a character (a lone surrogate)"
HALF = re.compile("[\ud800-\udfff]")
WAY_OUT = "Save the file as UTF-8 (in Excel: “CSV UTF-8”) and upload it again."


def encoding_of(path: Path, start: bytes) -> str:
    """The encoding of a text file, empty where it is no text. Raises InputError for UTF-8 with broken bytes in it."""
    marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
    if marked:
        return marked
    if b"\0" in start:
        return _utf16_without_mark(start) or ("utf-8" if _holds_stray_nul(start) else "")
    evidence = _evidence(path)
    if _is_utf8(evidence):
        return "utf-8"
    if _is_damaged_utf8(evidence) or _is_utf8(evidence, "surrogatepass"):
        raise broken(path, "utf-8")
    return _guess(evidence)


def beginning(start: bytes, encoding: str) -> str:
    """The first bytes as text; a character cut at the end is left out."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeDecodeError as error:
        return error.object[: error.start].decode(encoding, "ignore")


def unfit(text: str) -> str:
    """What a text holds that not every database can keep, as `NUL` or `HALVES`; empty where it is fit.

    Postgres holds neither (https://www.postgresql.org/docs/current/datatype-character.html, and UTF-8 has no lone surrogates).
    """
    if "\0" in text:
        return NUL
    return HALVES if not text.isascii() and HALF.search(text) else ""


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[TextIO]:
    """The file as text with its line ends as they are; a byte that does not decode becomes an InputError with its line."""
    with path.open(encoding=encoding, newline="") as file:
        try:
            yield file
        except UnicodeDecodeError:
            # Not chained: the original error carries the file's bytes, which are sample texts.
            raise broken(path, encoding) from None


def broken(path: Path, encoding: str) -> InputError:
    line = _first_broken_line(path, encoding)
    return InputError(f"Line {line} holds bytes that are not valid {encoding.upper()}. {WAY_OUT}")


def _first_broken_line(path: Path, encoding: str) -> int:
    decoder, lines = codecs.getincrementaldecoder(encoding)(), 1
    with path.open("rb") as file:
        while True:
            block = file.read(HEAD_BYTES)
            try:
                lines += decoder.decode(block, final=not block).count("\n")
            except UnicodeDecodeError as error:
                return lines + error.object[: error.start].decode(encoding, "ignore").count("\n")
            if not block:
                return lines


def _utf16_without_mark(start: bytes) -> str:
    """Western text in UTF-16 has a NUL in every other byte: which half holds them tells the byte order."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) < 0.3 * len(start) / 2 or min(even, odd) > 0.05 * max(even, odd):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _holds_stray_nul(start: bytes) -> bool:
    """Whether it would be text but for a few NULs: the reader then says where the first one is."""
    others = start.translate(None, b"\0\t\n\f\r")
    return start.count(0) < 0.01 * len(start) + 1 and min(others, default=32) >= 32 and _is_utf8(start.rpartition(b"\n")[0])


def _evidence(path: Path) -> bytes:
    """Whole lines with a byte above 127; of a line too long for one look only its beginning, up to a space."""
    found = b""
    continued = False
    with path.open("rb") as file:
        while len(found) < EVIDENCE_BYTES and (line := file.readline(HEAD_BYTES)):
            cut = len(line) == HEAD_BYTES and not line.endswith(b"\n")
            if not continued and not line.isascii():
                found += line[: line.rfind(b" ") + 1] if cut else line
            continued = cut
    return found


def _is_utf8(evidence: bytes, errors: str = "strict") -> bool:
    try:
        evidence.decode("utf-8", errors)
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf8(evidence: bytes) -> bool:
    """Mostly well-formed multi-byte characters: reading it in another encoding would garble all of them."""
    text = evidence.decode("utf-8", "surrogateescape")
    damaged = sum("\udc80" <= char <= "\udcff" for char in text)
    sound = sum(char > "\x7f" for char in text) - damaged
    return sound > 2 * damaged


def _guess(evidence: bytes) -> str:
    from charset_normalizer import from_bytes

    # A line that repeats makes its letters look improbable.
    lines = b"".join(dict.fromkeys(evidence.splitlines(keepends=True)))
    found = from_bytes(lines, cp_isolation=list(LEGACY), threshold=0.4)
    best = min(
        found, key=lambda match: (round(match.chaos, 2), -round(match.coherence, 2), LEGACY.index(match.encoding)), default=None
    )
    return best.encoding if best else ""
