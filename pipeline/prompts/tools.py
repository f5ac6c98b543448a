"""Tools a prompt offers: read in the shapes they are published in, made legal for every provider, and found for a sample.

Shapes: OpenAI's `{"type": "function", "function": {...}}`, Converse's `{"toolSpec": {...}}`, and the bare function of the
Berkeley Function-Calling Leaderboard. Providers agree on names (1 to 64 letters, digits, `_`, `-`) and on JSON Schema for inputs:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html and
https://platform.openai.com/docs/api-reference/chat/create, read 2026-11.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.records import Sample, Toolset, ToolSpec

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
LONGEST_NAME = 64
# Types of Python and of other languages, as they stand in published tool lists, and their JSON Schema names; "" is any type.
TYPES = {
    "dict": "object", "float": "number", "double": "number", "int": "integer", "str": "string", "bool": "boolean",
    "list": "array", "tuple": "array", "any": "",
}  # fmt: skip
_LISTS = ("items", "anyOf", "allOf", "oneOf")


def tool_of(tool: object, where: str) -> ToolSpec:
    """One tool in any of the shapes. Raises InputError that names the place."""
    given = tool.get("function", tool.get("toolSpec", tool)) if isinstance(tool, dict) else None
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise InputError(f"{where} has no name, so it cannot be offered. Correct the file.")
    schema = given.get("parameters", (given.get("inputSchema") or {}).get("json")) or {"type": "object", "properties": {}}
    if not isinstance(schema, dict):
        raise InputError(f"The input of {where[0].lower()}{where[1:]} must be a JSON schema, which is an object. Correct it.")
    return ToolSpec(name=given["name"], schema=canonical_json(schema), description=str(given.get("description") or ""))


def tools_of(text: str, where: str) -> tuple[ToolSpec, ...]:
    """The tools in a JSON list, or in one object. Raises InputError."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"The tools of {where} are no JSON. Give a list of tools.") from error
    listed = given if isinstance(given, list) else [given]
    return tuple(tool_of(tool, f"Tool {number} of {where}") for number, tool in enumerate(listed, 1))


def offered(toolset: Toolset | None, sample: Sample) -> tuple[ToolSpec, ...]:
    """What a model is offered for this sample; tools of the sample itself are made legal. Raises InputError for bad ones."""
    if toolset is None or toolset.choice == "none":
        return ()
    if not toolset.variable:
        return toolset.tools
    if toolset.variable not in sample.variables:
        raise InputError(
            f'The prompt takes tools from the column "{toolset.variable}", but the dataset has: '
            f"{', '.join(sorted(sample.variables)) or 'no columns'}. Name the column that holds them."
        )
    return legal((*toolset.tools, *tools_of(sample.variables[toolset.variable], f"sample {sample.id}")))


def legal_name(name: str) -> str:
    """`name` with what no provider takes written as `_`, cut to what they take."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:LONGEST_NAME] or "tool"


def legal(tools: Sequence[ToolSpec]) -> tuple[ToolSpec, ...]:
    """`tools` with names and types every provider takes; two names that become one are told apart by a number."""
    taken = {tool.name for tool in tools if NAME.fullmatch(tool.name)}
    made: list[ToolSpec] = []
    for tool in tools:
        name = tool.name if NAME.fullmatch(tool.name) else _free(legal_name(tool.name), taken)
        taken.add(name)
        made.append(replace(tool, name=name, schema=canonical_json(json_types(json.loads(tool.schema)))))
    return tuple(made)


def legal_toolset(toolset: Toolset | None) -> Toolset | None:
    """The same tools with legal names and types, the choice following a renamed one; no tools where none may be called."""
    if toolset is None or toolset.choice == "none":
        return None
    tools = legal(toolset.tools)
    renamed = {old.name: new.name for old, new in zip(toolset.tools, tools, strict=True)}
    return replace(toolset, tools=tools, choice=renamed.get(toolset.choice, toolset.choice))


def foreign_types(schema: object) -> set[str]:
    """The types in `schema` that JSON Schema does not know."""
    if isinstance(schema, list):
        return set[str]().union(*map(foreign_types, schema))
    if not isinstance(schema, dict):
        return set()
    own = {schema["type"]} if isinstance(schema.get("type"), str) else set()
    return (own & TYPES.keys()).union(*map(foreign_types, _inner(schema)))


def json_types(schema: object) -> Any:  # noqa: ANN401  whatever JSON holds
    """`schema` with JSON Schema's own names for its types."""
    if isinstance(schema, list):
        return [json_types(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: json_types(value) if key in _LISTS else value for key, value in schema.items()}
    if isinstance(schema.get("type"), str) and schema["type"] in TYPES:
        changed["type"] = TYPES[schema["type"]]
        changed = {key: value for key, value in changed.items() if key != "type" or value}
    if isinstance(schema.get("properties"), dict):
        changed["properties"] = {name: json_types(inner) for name, inner in schema["properties"].items()}
    return changed


def _inner(schema: dict[str, object]) -> list[object]:
    """The schemas inside a schema; properties may have any name, also "type"."""
    properties = schema.get("properties")
    named = list(properties.values()) if isinstance(properties, dict) else []
    return [*named, *(schema.get(key) for key in _LISTS)]


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[: LONGEST_NAME - 1 - len(str(number))]}_{number}"
    return free
