"""What another tool's prompt file gives, and the port every file in this folder implements."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.errors import InputError
from pipeline.records import PromptVersion, Sample, ToolSpec, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One inference setting under the name the file gives it; `value` is JSON."""

    name: str
    value: str

    @property
    def read(self) -> Any:  # noqa: ANN401  whatever JSON holds
        return json.loads(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A prompt as Ferry holds it, and all the file says besides.

    `settings` are every inference setting of the file, also those `prompt.parameters` took over. `response_format` is
    `json_object`, `json_schema` or "".
    `prefill` is an assistant turn at the end, which starts the answer. `roles` are those of all messages, as written.
    `samples` came in the same file. `not_carried` says in sentences what a run of `prompt` will not do as the file would.
    """

    name: str
    format: str
    prompt: PromptVersion
    model: str = ""
    settings: tuple[Setting, ...] = ()
    response_format: str = ""
    prefill: str = ""
    roles: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()
    not_carried: tuple[str, ...] = ()

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """The tools the prompt offers."""
        return self.prompt.tools.tools if self.prompt.tools else ()

    @property
    def tool_choice(self) -> str:
        """How one is chosen, "" where the file says nothing."""
        return self.prompt.tools.choice if self.prompt.tools else ""

    def setting(self, *names: str) -> Setting | None:
        """The setting of the first of these names that the file gives."""
        return next((s for name in names for s in self.settings if s.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to import: its `text`, the `name` to call it by, and what the caller adds where the file has no place for it."""

    text: str
    name: str
    system: str = ""
    turns: tuple[Turn, ...] = ()
    syntax: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """A format of prompt files. `read` raises InputError naming the place; it gives one prompt at least."""

    name: str
    recognises: Callable[[str], bool]
    read: Callable[[Source], tuple[Imported, ...]]


def as_json(text: str) -> Any:  # noqa: ANN401
    """The JSON value `text` is, or None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def field_of(value: object, name: str, where: str) -> Any:  # noqa: ANN401
    """`value[name]`; raises InputError that names the place where it should stand."""
    if not isinstance(value, dict) or name not in value:
        raise InputError(f'{where} has no "{name}", so it cannot be read as a prompt. Add it, or give the prompt as plain text.')
    return value[name]


def text_of(value: object, where: str) -> str:
    """`value` when it is a text; raises InputError naming the place otherwise."""
    if not isinstance(value, str):
        raise InputError(f"{where} must be a text. Correct the file, or give the prompt as plain text.")
    return value
