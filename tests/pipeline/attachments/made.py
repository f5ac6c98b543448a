"""Small images and PDFs, made here, and tables with them."""

import base64
import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from PIL import Image


def image(color: str = "red", *, form: str = "PNG", size: tuple[int, int] = (3, 2)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, form)
    return out.getvalue()


def pdf(pages: int = 1, *, note: str = "", packed: bool = False) -> bytes:
    """A PDF by its structure; `packed` puts its page objects into a compressed object stream, as writers do since PDF 1.5."""
    objects = b"<< /Type /Pages /Count %d >>" % pages + b" << /Type /Page >>" * pages
    if packed:
        objects = b"<< /Type /ObjStm /Filter /FlateDecode >>\nstream\n" + zlib.compress(objects) + b"\nendstream"
    return b"%PDF-1.7\n" + objects + note.encode() + b"\n%%EOF\n"


def data_uri(content: bytes, media: str = "image/png") -> str:
    return f"data:{media};base64,{base64.b64encode(content).decode()}"


def archive(path: Path, files: Mapping[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return path
