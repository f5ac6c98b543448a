"""How a cell says that it holds an image or a PDF: the bytes themselves, a file beside the table, or an address in S3.

`data:image/png;base64,...` (RFC 2397), `file:photos/1.png` or the bare path of a file in the same archive, `s3://bucket/key.png`.
A column holds files where every cell of it that is not empty says so; in any other column such a cell is text like any other.
"""

import base64
import binascii
import re
from collections.abc import Collection
from pathlib import PurePosixPath

from pipeline.errors import InputError

DATA = "data:"
FILE = "file:"
MEDIA = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
MEDIA["application/pdf"] = "pdf"
ENDINGS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp", ".pdf": "pdf"}
_DATA = re.compile(r"data:(?P<media>[a-z]+/[a-z.+-]+)(?:;[a-z-]+=[^;,]*)*;base64,", re.IGNORECASE)
# As Converse wants an address, https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_S3Location.html
_S3 = re.compile(r"s3://[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9]/\S.{0,950}", re.DOTALL)


def says_file(cell: str, members: Collection[str] = ()) -> bool:
    """Whether `cell` has the form of an image or a PDF; `members` are the paths of the files in the same archive."""
    cell = cell[:2000].strip()
    found = _DATA.match(cell)
    if found:
        return found["media"].lower() in MEDIA
    return _path(cell) in members or is_s3(cell) or (cell.startswith(FILE) and ending(cell) is not None)


def is_s3(cell: str) -> bool:
    return _S3.fullmatch(cell.strip()) is not None and ending(cell) is not None


def ending(cell: str) -> str | None:
    """The format that the end of a name promises; None for any other."""
    return ENDINGS.get(PurePosixPath(cell.strip().lower()).suffix)


def path_of(cell: str) -> str:
    """The path that a cell names, relative to the archive."""
    return _path(cell.strip())


def decoded(cell: str) -> bytes:
    """The bytes of a data URI. Raises InputError, without a word of the cell, where they are no base64."""
    _, _, coded = cell.strip().partition(",")
    try:
        return base64.b64decode("".join(coded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InputError("it is no base64, or was cut off. Write it again as data:image/png;base64, and the whole code") from None


def shortened(cell: str) -> str:
    """A data URI without its content, so that a look at many lines holds none of them; other cells as they are."""
    return cell[:100] if cell[:5].lower() == DATA else cell


def _path(cell: str) -> str:
    """`./photos/1.png`, `photos\\1.png` and `file:photos/1.png` are one path."""
    parts = PurePosixPath(cell.removeprefix(FILE).lstrip("/").replace("\\", "/")).parts
    return "/".join(part for part in parts if part != ".")
