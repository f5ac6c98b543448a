"""What a file is, by its content: never by its name, which people get wrong."""

import io
import re
import warnings
import zlib
from dataclasses import dataclass

from pipeline.records.attachments import IMAGES

_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_COUNT = re.compile(rb"/Count\s+(\d{1,5})(?!\d)")
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_OBJECTS = re.compile(rb"/Type\s*/ObjStm")
_MOST_INFLATED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`format` as in Attachment, with pixels of an image or pages of a PDF; 0 where the file does not say."""

    format: str
    width: int = 0
    height: int = 0
    pages: int = 0


def look(content: bytes) -> Look | None:
    """What `content` is; None where it is neither an image that models take nor a PDF, or is damaged at its start."""
    if content.startswith(b"%PDF-"):
        return Look(format="pdf", pages=_pages(content))
    return _image(content)


def _image(content: bytes) -> Look | None:
    """The header alone is read, so a picture that would unpack to gigabytes costs nothing."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[name.upper() for name in IMAGES]) as image:
                return Look(format=(image.format or "").lower(), width=image.width, height=image.height)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None


def _pages(content: bytes) -> int:
    """Page objects, or the highest count of a page tree; both may stand in compressed object streams (PDF 1.5)."""
    texts = [content]
    if _OBJECTS.search(content):
        texts += [_inflated(found[1]) for found in _STREAM.finditer(content)]
    pages = sum(len(_PAGE.findall(text)) for text in texts)
    counts = [int(found) for text in texts if b"/Pages" in text for found in _COUNT.findall(text)]
    return pages or max(counts, default=0)


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream, _MOST_INFLATED)
    except zlib.error:
        return b""
