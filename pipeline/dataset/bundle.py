"""A ZIP archive with one table of samples and the images and PDFs it names; any other file is its own table.

Nothing is unpacked by the names in the archive: the table goes to a temporary file, the others are read one at a time, each up to
a limit, whatever the archive says of their size.
"""

import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.attachments.values import ENDINGS
from pipeline.dataset.port import MIB, Limits
from pipeline.errors import InputError

TABLES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".xlsx", ".parquet")
OTHERS = ("[Content_Types].xml", "mimetype", "content.xml")
"""Files that make an archive something else: a workbook, a document."""
MOST_FILE = 32 * MIB
MOST_FILES = 20_000
PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Bundle:
    """`table` is the file with the samples; `members` are the images and PDFs beside it by path, none without an archive."""

    table: Path
    archive: zipfile.ZipFile | None = None
    members: Mapping[str, zipfile.ZipInfo] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        """The bytes of a member. Raises InputError, as the end of a sentence, where it is absent, damaged or too large."""
        if self.archive is None:
            raise InputError("it names a file beside the table; give a ZIP archive with the table and its files")
        if path not in self.members:
            raise InputError("the archive has no file of that name")
        try:
            with self.archive.open(self.members[path]) as member:
                content = member.read(MOST_FILE + 1)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError):
            raise InputError("it cannot be read from the archive, which is damaged or locked with a password") from None
        if len(content) > MOST_FILE:
            raise InputError(f"it is larger than {MOST_FILE // MIB} MB")
        return content


@contextmanager
def opened(path: Path, *, name: str, limits: Limits) -> Iterator[Bundle]:
    """The samples' table and what lies beside it. Raises InputError, starting with `name`, for an archive without one table."""
    if not _is_archive(path, limits):
        yield Bundle(path)
        return
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        files = [info for info in archive.infolist() if not info.is_dir() and not _hidden(info.filename)]
        table = _table(files, name)
        inside = Path(folder) / f"table{PurePosixPath(table.filename).suffix.lower()}"
        _unpack(archive, table, inside, name, limits)
        start = PurePosixPath(table.filename).parent
        yield Bundle(inside, archive, _members(files, start, name))


def _is_archive(path: Path, limits: Limits) -> bool:
    """A ZIP archive that is no workbook and no document, and not too large to be looked at."""
    if path.stat().st_size > limits.max_bytes or not zipfile.is_zipfile(path):
        return False
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return False
    with zipfile.ZipFile(path) as archive:
        return not set(OTHERS) & set(archive.namelist())


def _hidden(name: str) -> bool:
    """What file managers leave in archives."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts) or name.endswith("Thumbs.db")


def _table(files: list[zipfile.ZipInfo], name: str) -> zipfile.ZipInfo:
    found = [info for info in files if PurePosixPath(info.filename.lower()).suffix in TABLES]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} tables ({', '.join(info.filename for info in found[:3])})" if found else "no table of samples"
    raise InputError(
        f"{name}: The archive holds {what}. Put exactly one CSV, JSONL, JSON, XLSX or Parquet file into it, and beside it the "
        "images and PDFs that its cells name."
    )


def _members(files: list[zipfile.ZipInfo], start: PurePosixPath, name: str) -> dict[str, zipfile.ZipInfo]:
    """By the path as the table would name it, from the archive's top and from the table's own folder."""
    found = [info for info in files if PurePosixPath(info.filename.lower()).suffix in ENDINGS]
    if len(found) > MOST_FILES:
        raise InputError(f"{name}: The archive holds {len(found):,} files; {MOST_FILES:,} are allowed. Give a part of them.")
    paths = [(PurePosixPath(info.filename.replace("\\", "/")), info) for info in found]
    beside = {str(path.relative_to(start)): info for path, info in paths if path.is_relative_to(start)}
    return {str(path): info for path, info in paths} | beside


def _unpack(archive: zipfile.ZipFile, table: zipfile.ZipInfo, to: Path, name: str, limits: Limits) -> None:
    try:
        with archive.open(table) as source, to.open("wb") as out:
            while piece := source.read(PIECE):
                out.write(piece)
                if out.tell() > limits.max_bytes:
                    raise InputError(
                        f"{name}: {table.filename} is larger than {limits.max_bytes // MIB:,} MB. Give a part of it."
                    )
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
        raise InputError(
            f"{name}: {table.filename} cannot be read: the archive is damaged or has a password. Pack it again without one."
        ) from None
