"""Messages as Converse takes them: text, and the images and PDFs between it.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html, API_runtime_DocumentBlock.html. A document
has a name that the model reads, so AWS asks for a neutral one, and a message with a document needs a text.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any

from pipeline.attachments.store import Contents
from pipeline.records import Attachment, Turn

Block = dict[str, Any]
NO_TEXT = "See the document."
"""What stands beside a document where the prompt says nothing at all."""


def messages(turns: Sequence[Turn], contents: Contents) -> list[Block]:
    """The messages of a request; `contents` are bytes by SHA-256. Documents are numbered through all of them."""
    numbers = count(1)
    return [{"role": turn.role, "content": _content(turn, contents, numbers)} for turn in turns]


def _content(turn: Turn, contents: Contents, numbers: "count[int]") -> list[Block]:
    if not turn.parts:
        return [{"text": turn.text}]
    blocks = [_block(part, contents, numbers) for part in turn.parts if not isinstance(part, str) or part.strip()]
    alone = any("document" in block for block in blocks) and not any("text" in block for block in blocks)
    return [*blocks, {"text": NO_TEXT}] if alone else blocks


def _block(part: str | Attachment, contents: Contents, numbers: "count[int]") -> Block:
    if isinstance(part, str):
        return {"text": part}
    source: Block = {"s3Location": {"uri": part.uri}} if part.uri else {"bytes": contents[part.sha256]}
    if part.kind == "image":
        return {"image": {"format": part.format, "source": source}}
    return {"document": {"format": part.format, "name": f"Document {next(numbers)}", "source": source}}
