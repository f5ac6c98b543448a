"""Images and PDFs of a file's cells, as attachments of its samples: decoded, recognised by content, kept, counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from pipeline.attachments import values
from pipeline.attachments.sniff import look
from pipeline.attachments.store import Kept, sha256
from pipeline.dataset.bundle import Bundle
from pipeline.dataset.port import Line
from pipeline.errors import InputError
from pipeline.records import Attachment, Finding, Sample

SHOWN = 12
"""Characters of a content's hash that name a file which has no name."""


@dataclass(slots=True)
class Columns:
    """Which columns hold images and PDFs, learned cell by cell; `members` are the files of the archive."""

    members: Mapping[str, object]
    said: dict[str, set[bool]] = field(default_factory=lambda: defaultdict(set))

    def take(self, cells: Mapping[str, str]) -> None:
        for column, cell in cells.items():
            if cell and not cell.isspace():
                self.said[column].add(values.says_file(cell, self.members))

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(column for column, said in self.said.items() if said == {True})

    def findings(self) -> tuple[Finding, ...]:
        mixed = [f"“{column}”" for column, said in self.said.items() if len(said) == 2]
        if not mixed:
            return ()
        message = (
            f"Some cells of {', '.join(mixed)} name images or PDFs and some are text: the whole column is read as text. Leave "
            "empty what has no file, and put texts into another column."
        )
        return (Finding(level="warning", code="mixed_column", message=message),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gatherer:
    """Makes attachments of the cells of `columns`; `kept` is where bytes are put, None where nobody will send them."""

    columns: tuple[str, ...]
    bundle: Bundle
    kept: Kept | None = None

    def gathered(self, line: Line) -> tuple[Line, tuple[Attachment, ...]]:
        """The line with placeholders in place of files, and the files. Raises InputError that names the place and the column."""
        found = tuple(self._attachment(line, column) for column in self.columns if line.cells.get(column, "").strip())
        if not found:
            return line, ()
        return replace(line, cells={**line.cells, **{each.variable: each.placeholder for each in found}}), found

    def _attachment(self, line: Line, column: str) -> Attachment:
        cell = line.cells[column].strip()
        try:
            if values.is_s3(cell):
                form = values.ending(cell) or ""
                return Attachment(variable=column, format=form, name=PurePosixPath(cell).name, uri=cell)
            return self._of_bytes(column, cell)
        except InputError as error:
            raise InputError(
                f"{line.place.capitalize()} has an image or PDF in “{column}” that cannot be used: {error.message}. Correct the "
                "cell or the file, or leave the cell empty."
            ) from None

    def _of_bytes(self, column: str, cell: str) -> Attachment:
        inline = cell[:5].lower() == values.DATA
        content = values.decoded(cell) if inline else self.bundle.read(values.path_of(cell))
        seen = look(content)
        if seen is None:
            raise InputError("its content is no PNG, JPEG, GIF or WebP image and no PDF, or is damaged")
        name = self.kept.keep(content) if self.kept else sha256(content)
        return Attachment(
            variable=column,
            format=seen.format,
            name=f"{name[:SHOWN]}.{seen.format}" if inline else values.path_of(cell),
            sha256=name,
            size=len(content),
            width=seen.width,
            height=seen.height,
            pages=seen.pages,
        )


def findings(samples: Iterable[Sample]) -> Iterator[Finding]:
    """What a person should know about the files of the samples: which column holds what, and what stands in S3."""
    every = [each for sample in samples for each in sample.attachments]
    by_column: dict[str, list[Attachment]] = defaultdict(list)
    for each in every:
        by_column[each.variable].append(each)
    for column, found in by_column.items():
        counts = Counter(each.format.upper() for each in found)
        kinds = " and ".join({"image": "images", "pdf": "PDFs"}[kind] for kind in sorted({each.kind for each in found}))
        formats = ", ".join(f"{count:,} {form}" for form, count in sorted(counts.items()))
        size = sum({each.sha256: each.size for each in found}.values())
        told = f"; {max(size / 1e6, 0.1):,.1f} MB in all" if size else ""
        message = f"“{column}” holds {kinds} ({formats}{told}). Only models that take them can be asked."
        yield Finding(level="info", code="file_column", message=message)
    if any(each.uri for each in every):
        message = (
            "Some files are addresses in S3: the dataset's hash covers the address, not the content, and only models on Bedrock "
            "can be asked. Do not change these files while the migration runs."
        )
        yield Finding(level="warning", code="files_in_s3", message=message)
