"""The file a person starts from: the specification's columns and two samples that show what goes where."""

import csv
import io
from pathlib import Path

from pipeline.dataset.names import FIELDS, Field

FILE_NAME = "template.csv"
SHOWN: dict[Field, tuple[str, str]] = {
    Field.SAMPLE_ID: ("1", "2"),
    Field.QUESTION: ("How long does a refund take?", "Can I change my delivery address?"),
    Field.CONTEXT: ("Refunds are paid within 5 working days.", "An address can be changed until the parcel is sent."),
    Field.PROMPT_SOURCE: ("Answer from the context.\n{context}\nQuestion: {question}",) * 2,
    Field.REFERENCE: ("Within 5 working days.", "Yes, until the parcel is sent."),
    Field.SOURCE_OUTPUT: ("It takes up to 5 working days.", "You can, as long as it was not sent."),
    Field.SOURCE_LATENCY: ("0.83", "0.79"),
    Field.SOURCE_INPUT_TOKENS: ("41", "44"),
    Field.SOURCE_OUTPUT_TOKENS: ("9", "12"),
    Field.JUDGE_SCORE: ("0.9", "1"),
    Field.HUMAN_SCORE: ("1", "1"),
    Field.HUMAN_REASON: ("Right and short.", ""),
}


def text() -> str:
    """The template as CSV. Only `question` is needed; every other column may be deleted."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(FIELDS[field][0] if field is not Field.CONTEXT else "content" for field in SHOWN)
    writer.writerows(zip(*SHOWN.values(), strict=True))
    return file.getvalue()


def write(path: Path) -> None:
    """Writes the template with a byte order mark, without which Excel garbles accented letters."""
    path.write_text(text(), encoding="utf-8-sig", newline="")
