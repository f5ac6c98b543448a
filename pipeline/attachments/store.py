"""Where the bytes of images and PDFs are: a folder with a file for each content, named by its SHA-256."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from pipeline.errors import InputError
from pipeline.records import Attachment, Request

Contents = Mapping[str, bytes]
NO_CONTENTS: Contents = {}


@dataclass(frozen=True, slots=True)
class Kept:
    """The folder `root`; the same content is there once, however many samples show it."""

    root: Path

    def keep(self, content: bytes) -> str:
        """Writes `content`, whole or not at all, and gives its SHA-256 (64 hexadecimal characters)."""
        name = sha256(content)
        path = self.root / name
        if not path.is_file():
            self.root.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self.root, suffix=".part", delete=False) as out:
                out.write(content)
            os.replace(out.name, path)
        return name

    def read(self, attachment: Attachment) -> bytes:
        """The bytes. Raises InputError where they are not there, or are not those that were hashed."""
        path = self.root / attachment.sha256
        content = path.read_bytes() if attachment.sha256 and path.is_file() else None
        if content is None or sha256(content) != attachment.sha256:
            raise InputError(
                f"The file {attachment.name} of this dataset is not in Ferry's folder any more, or was changed there. Give the "
                "dataset with its files again."
            )
        return content


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def contents_of(request: Request, root: Path) -> Contents:
    """The bytes of what `request` sends besides text, by SHA-256. Raises InputError as `Kept.read` does."""
    kept = Kept(root)
    return {each.sha256: kept.read(each) for each in request.attachments if not each.uri}
