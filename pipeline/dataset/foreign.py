"""Files that hold no samples Ferry can read: what each is, and what to do instead."""

import zipfile
from pathlib import Path

CONVERT = "Export the samples as CSV, JSONL, JSON or XLSX and upload that."
LOGIN_PAGE = (
    "This is a web page (HTML), not the file: Slack sends its login page when the bot may not read files. "
    "Add the files:read scope to the app, reinstall it to the workspace, and upload the file again."
)
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a media file"),
    (b"ID3", "an audio file"),
    (b"OggS", "an audio file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"{\\rtf", "an RTF document"),
)
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WEB_PAGE = (b"<!doctype html", b"<html", b"<head", b"<script")
PACKED = {
    "word/": "a Word document",
    "ppt/": "a PowerPoint document",
    "xl/workbook.bin": "a binary Excel workbook (XLSB)",
    "content.xml": "an OpenDocument file",
}


def refusal(path: Path, start: bytes) -> str | None:
    """Why this file cannot be a dataset, judged by its first bytes; None where nothing speaks against it."""
    if start.startswith(b"PK"):
        return _packed(path)
    if start.startswith(OLD_EXCEL):
        return "This is an old Excel file (.xls) or one with a password. Save it as .xlsx without a password and upload that."
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(WEB_PAGE):
        return LOGIN_PAGE
    if start.lstrip().startswith(b"<?xml"):
        return f"This is an XML file. {CONVERT}"
    kind = next((kind for magic, kind in MAGIC if start.startswith(magic)), None)
    return f"This is {kind}, not a table of samples. {CONVERT}" if kind else None


def _packed(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return "The file starts like an XLSX or ZIP file but is damaged or cut off. Upload it again."
    if "xl/workbook.xml" in names:
        return None
    kind = next((kind for part, kind in PACKED.items() if any(name.startswith(part) for name in names)), None)
    if kind:
        return f"This is {kind}, not a table of samples. {CONVERT}"
    return "This is a ZIP archive, not an XLSX workbook, whatever its name says. Unpack it and upload the file inside."
