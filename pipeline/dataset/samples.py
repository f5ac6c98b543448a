"""A line of a file as a sample. Every refusal names the line and the column."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pipeline.dataset.columns import ColumnMapping
from pipeline.dataset.numbers import duration, is_missing, number, rating
from pipeline.dataset.port import Line
from pipeline.errors import InputError
from pipeline.hashing import content_hash
from pipeline.records import Attachment, PriorScores, RecordedOutput, Sample, Usage

ID_LENGTH = 16
MAX_ID = 200


def sample(line: Line, mapping: ColumnMapping, attachments: Sequence[Attachment] = ()) -> Sample:
    """The sample in `line`; without an id column its id is a hash of its content. Raises InputError for a figure that is none.

    `attachments` are the images and PDFs of the line by column; its cells hold their placeholders.
    """
    cells = line.cells
    found = Sample(
        id=_id(line, mapping),
        variables=variables(cells, mapping),
        reference=_text(cells, mapping.reference),
        recorded=_recorded(line, mapping),
        prior=_prior(line, mapping),
        cluster=_text(cells, mapping.cluster),
        attachments=_attached(attachments, mapping),
    )
    return found if found.id else replace(found, id=content_hash(found)[:ID_LENGTH])


def variables(cells: Mapping[str, str], mapping: ColumnMapping) -> dict[str, str]:
    """Every input under its column's name, and the question and the context also under these two words."""
    found = {column: cells.get(column, "") for column in mapping.inputs}
    for word, column in (("question", mapping.question), ("context", mapping.context)):
        if column:
            found.setdefault(word, cells.get(column, ""))
    return found


def _attached(found: Sequence[Attachment], mapping: ColumnMapping) -> tuple[Attachment, ...]:
    """Those of inputs, under every name a prompt may use for them, as with `variables`."""
    words = {column: word for word, column in (("context", mapping.context), ("question", mapping.question)) if column}
    inputs = [each for each in found if each.variable in mapping.inputs]
    again = [replace(each, variable=words[each.variable]) for each in inputs if each.variable in words]
    return tuple({each.variable: each for each in (*again, *inputs)}.values())


def _id(line: Line, mapping: ColumnMapping) -> str:
    if mapping.sample_id is None:
        return ""
    found = line.cells.get(mapping.sample_id, "").strip()
    if not found:
        raise InputError(
            f"{line.place.capitalize()} has no id in “{mapping.sample_id}”. Give every sample an id, or remove the column."
        )
    if len(found) > MAX_ID:
        raise InputError(
            f"{line.place.capitalize()} has an id of {len(found)} characters; {MAX_ID} are allowed. Is the column mapped right?"
        )
    return found


def _recorded(line: Line, mapping: ColumnMapping) -> RecordedOutput | None:
    """An empty answer counts as an answer only where its latency or tokens were recorded too."""
    if mapping.source_output is None:
        return None
    text = line.cells.get(mapping.source_output, "")
    latency = _latency(line, mapping)
    tokens_in, tokens_out = _count(line, mapping.source_input_tokens), _count(line, mapping.source_output_tokens)
    if not text.strip() and latency is None and tokens_out is None:
        return None
    usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out) if tokens_in is not None and tokens_out is not None else None
    return RecordedOutput(text=text, latency_s=latency, usage=usage)


def _prior(line: Line, mapping: ColumnMapping) -> PriorScores | None:
    found = PriorScores(
        judge=_figure(line, mapping.judge_score, rating),
        human=_figure(line, mapping.human_score, rating),
        human_reason=_text(line.cells, mapping.human_reason),
    )
    return None if found == PriorScores() else found


def _latency(line: Line, mapping: ColumnMapping) -> float | None:
    value = _figure(line, mapping.source_latency, lambda cell: duration(cell)[0], at_least=0)
    cell = line.cells.get(mapping.source_latency or "", "")
    return round(value / 1000, 9) if value is not None and mapping.latency_unit == "ms" and not duration(cell)[1] else value


def _count(line: Line, column: str | None) -> int | None:
    value = _figure(line, column, number, at_least=0)
    return None if value is None else round(value)


def _figure(
    line: Line, column: str | None, parse: Callable[[str], float | None], at_least: float = float("-inf")
) -> float | None:
    cell = line.cells.get(column, "") if column else ""
    if is_missing(cell):
        return None
    value = parse(cell)
    if value is None or value < at_least:
        raise InputError(f"{line.place.capitalize()} has no number in “{column}”. Write a number there or leave the cell empty.")
    return value


def _text(cells: Mapping[str, str], column: str | None) -> str | None:
    found = cells.get(column, "") if column else ""
    return found if found.strip() else None
