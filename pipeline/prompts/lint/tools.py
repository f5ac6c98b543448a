"""Tools a target would refuse: names, schemas, choice."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from pipeline.hashing import canonical_json
from pipeline.prompts.importers.port import Imported, ToolSpec
from pipeline.prompts.lint.port import LintRule, Severity
from pipeline.prompts.lint.targets import on_bedrock

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# Types of Python and of other languages, as they stand in published tool lists, and their JSON Schema names.
TYPES = {
    "dict": "object", "float": "number", "double": "number", "int": "integer", "str": "string", "bool": "boolean",
    "list": "array", "tuple": "array",
}  # fmt: skip


def names(imported: Imported, _ref: str) -> Iterable[str]:
    for number, tool in enumerate(imported.tools, 1):
        if not NAME.fullmatch(tool.name):
            yield f'Tool {number} has the name "{tool.name[:40]}"; a name has 1 to 64 letters, digits, "_" and "-".'


def twice(imported: Imported, _ref: str) -> Iterable[str]:
    counts = Counter(tool.name for tool in imported.tools)
    yield from (f'{n} tools have the name "{name[:40]}".' for name, n in counts.items() if n > 1)


def foreign_types(imported: Imported, _ref: str) -> Iterable[str]:
    for tool in imported.tools:
        found = sorted(_types(json.loads(tool.schema)) & TYPES.keys())
        if found:
            yield f'The input of tool "{tool.name[:40]}" has types JSON Schema does not know: {", ".join(found)}.'


def json_types(imported: Imported, _ref: str) -> Imported:
    return replace(imported, tools=tuple(_with_json_types(tool) for tool in imported.tools))


def no_object(imported: Imported, _ref: str) -> Iterable[str]:
    for tool in imported.tools:
        kind = json.loads(tool.schema).get("type")
        if kind != "object" and TYPES.get(str(kind)) != "object":
            yield f'The input of tool "{tool.name[:40]}" must be an object.'


def none_chosen(imported: Imported, ref: str) -> Iterable[str]:
    if on_bedrock(ref) and imported.tools and imported.tool_choice == "none":
        yield 'Converse has no tool choice "none".'


def without_tools(imported: Imported, _ref: str) -> Imported:
    return replace(imported, tools=(), tool_choice="")


def unknown_choice(imported: Imported, _ref: str) -> Iterable[str]:
    known = {"", "auto", "any", "none", *(tool.name for tool in imported.tools)}
    if imported.tool_choice not in known:
        yield f'The tool "{imported.tool_choice[:40]}" must be called, but is not among the tools.'


def _types(schema: object) -> set[str]:
    if isinstance(schema, list):
        return set[str]().union(*map(_types, schema))
    if not isinstance(schema, dict):
        return set()
    own = {schema["type"]} if isinstance(schema.get("type"), str) else set()
    return own.union(*map(_types, _inner(schema)))


def _inner(schema: dict[str, object]) -> list[object]:
    """The schemas inside a schema; properties may have any name, also "type"."""
    properties = schema.get("properties")
    named = list(properties.values()) if isinstance(properties, dict) else []
    return [*named, *(schema.get(key) for key in ("items", "anyOf", "allOf", "oneOf"))]


def _with_json_types(tool: ToolSpec) -> ToolSpec:
    schema = _renamed(json.loads(tool.schema))
    return replace(tool, schema=canonical_json(schema))


def _renamed(schema: object) -> object:
    if isinstance(schema, list):
        return [_renamed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _renamed(value) if key in {"items", "anyOf", "allOf", "oneOf"} else value for key, value in schema.items()}
    if isinstance(schema.get("type"), str):
        changed["type"] = TYPES.get(schema["type"], schema["type"])
    if isinstance(schema.get("properties"), dict):
        changed["properties"] = {name: _renamed(inner) for name, inner in schema["properties"].items()}
    return changed


_TOOLS = "Amazon Bedrock Converse API reference, toolConfig"

RULES = (
    LintRule(
        id="tool-name", severity=Severity.ERROR, finds=names, source=f"{_TOOLS}; litellm issue 19384", fix="Rename the tool."
    ),
    LintRule(id="tool-twice", severity=Severity.ERROR, finds=twice, source=_TOOLS, fix="Rename or remove one of them."),
    LintRule(
        id="tool-types",
        severity=Severity.ERROR,
        finds=foreign_types,
        source="JSON Schema 2020-12, type; seen in the Berkeley Function-Calling Leaderboard",
        fix="Write the JSON Schema names.",
        change=json_types,
    ),
    LintRule(
        id="tool-object", severity=Severity.ERROR, finds=no_object, source=_TOOLS, fix="Put the value into an object's property."
    ),
    LintRule(
        id="tool-choice-none",
        severity=Severity.ERROR,
        finds=none_chosen,
        source=_TOOLS,
        fix="Leave the tools out.",
        change=without_tools,
    ),
    LintRule(id="tool-choice", severity=Severity.ERROR, finds=unknown_choice, source=_TOOLS, fix="Name a tool that is offered."),
)
