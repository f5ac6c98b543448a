"""A whole prompt version as Ferry writes it: texts, turns, parameters, shots and steps, so that nothing is lost on the way.

Read before any other format, since it has keys that no other one has together.
"""

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.hashing import plain
from pipeline.prompts.importers.port import Imported, Importer, Setting, Source, as_json
from pipeline.records import PromptVersion

NAME = "Ferry prompt version"
_VERSION = TypeAdapter(PromptVersion)
_KEYS = {"user", "syntax", "parameters", "method"}


def dumps(prompt: PromptVersion) -> str:
    """`prompt` as a person can read it and `read` takes it back, equal to the last character."""
    return json.dumps(plain(prompt), ensure_ascii=False, indent=2) + "\n"


def recognises(text: str) -> bool:
    found = as_json(text) if text.lstrip().startswith("{") else None
    return isinstance(found, dict) and found.keys() >= _KEYS


def loads(text: str, name: str) -> PromptVersion:
    """The version in `text`. Raises InputError that names the file."""
    try:
        return _VERSION.validate_json(text)
    except ValidationError as error:
        raise InputError(f"{name} looks like a prompt version of Ferry, but was changed so that it cannot be read.") from error


def read(source: Source) -> tuple[Imported, ...]:
    prompt = loads(source.text, source.name)
    roles = (*(("system",) if prompt.system else ()), *(turn.role for turn in prompt.turns), "user")
    given: dict[str, Any] = plain(prompt.parameters)
    settings = tuple(Setting(name=k, value=json.dumps(v)) for k, v in given.items() if v is not None and k != "json_schema" and v)
    return (Imported(name=source.name, format=NAME, prompt=prompt, settings=settings, roles=roles),)


IMPORTER = Importer(name=NAME, recognises=recognises, read=read)
