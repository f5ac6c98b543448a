"""How the tests of this folder read a file's content."""

import json

from pipeline.prompts.importers import Imported, Source, imported
from pipeline.records import Turn


def read(content: object, **given: object) -> tuple[Imported, ...]:
    text = content if isinstance(content, str) else json.dumps(content)
    return imported(Source(text=text, name="prompt.txt", **given))  # type: ignore[arg-type]


def one(content: object, **given: object) -> Imported:
    (found,) = read(content, **given)
    return found


SHOWN = (Turn(role="user", text="Say 1"), Turn(role="assistant", text="1"))
