"""Tools a target would refuse: names, schemas, choice."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from pipeline.models import family
from pipeline.prompts.importers.port import Imported
from pipeline.prompts.lint.port import LintRule, Severity
from pipeline.prompts.targets import on_bedrock
from pipeline.prompts.tools import NAME, TYPES, legal_toolset
from pipeline.prompts.tools import foreign_types as types_in

CHOOSES_BY_NAME = {"anthropic", "amazon"}
FORCES = {*CHOOSES_BY_NAME, "mistral", "openai"}


def names(imported: Imported, _ref: str) -> Iterable[str]:
    for number, tool in enumerate(imported.tools, 1):
        if not NAME.fullmatch(tool.name):
            yield f'Tool {number} has the name "{tool.name[:40]}"; a name has 1 to 64 letters, digits, "_" and "-".'


def twice(imported: Imported, _ref: str) -> Iterable[str]:
    counts = Counter(tool.name for tool in imported.tools)
    yield from (f'{n} tools have the name "{name[:40]}".' for name, n in counts.items() if n > 1)


def foreign_types(imported: Imported, _ref: str) -> Iterable[str]:
    for tool in imported.tools:
        if found := sorted(types_in(json.loads(tool.schema))):
            yield f'The input of tool "{tool.name[:40]}" has types JSON Schema does not know: {", ".join(found)}.'


def made_legal(imported: Imported, _ref: str) -> Imported:
    return replace(imported, prompt=replace(imported.prompt, tools=legal_toolset(imported.prompt.tools)))


def no_object(imported: Imported, _ref: str) -> Iterable[str]:
    for tool in imported.tools:
        kind = json.loads(tool.schema).get("type")
        if kind != "object" and TYPES.get(str(kind)) != "object":
            yield f'The input of tool "{tool.name[:40]}" must be an object.'


def none_chosen(imported: Imported, ref: str) -> Iterable[str]:
    if on_bedrock(ref) and imported.tools and imported.tool_choice == "none":
        yield 'Converse has no tool choice "none".'


def unknown_choice(imported: Imported, _ref: str) -> Iterable[str]:
    toolset = imported.prompt.tools
    known = {"", "auto", "any", "none", *(tool.name for tool in imported.tools)}
    if toolset and toolset.choice not in known and not toolset.variable:
        yield f'The tool "{toolset.choice[:40]}" must be called, but is not among the tools.'


def named_choice(imported: Imported, ref: str) -> Iterable[str]:
    """A name that is offered; one that is not is another rule's."""
    named = imported.tool_choice in {tool.name for tool in imported.tools} - {"auto", "any", "none"}
    if on_bedrock(ref) and named and family(ref) not in CHOOSES_BY_NAME:
        yield f'{ref} cannot be told which tool to call, and "{imported.tool_choice[:40]}" must be.'


def offered_alone(imported: Imported, _ref: str) -> Imported:
    """The tool that must be called as the only one, of which one must be called."""
    toolset = imported.prompt.tools
    if toolset is None:
        return imported
    alone = tuple(tool for tool in toolset.tools if tool.name == toolset.choice)
    return replace(imported, prompt=replace(imported.prompt, tools=replace(toolset, tools=alone, choice="any")))


def cannot_force(imported: Imported, ref: str) -> Iterable[str]:
    if on_bedrock(ref) and imported.tool_choice == "any" and family(ref) not in FORCES:
        yield f"{ref} may refuse to be made to call a tool, or ignore it."


_TOOLS = "Amazon Bedrock Converse API reference, toolConfig"
_CHOICE = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html"

RULES = (
    LintRule(
        id="tool-name",
        severity=Severity.ERROR,
        finds=names,
        source=f"{_TOOLS}; litellm issue 19384",
        fix='Write other characters as "_"; scores know the tool by either name.',
        change=made_legal,
    ),
    LintRule(id="tool-twice", severity=Severity.ERROR, finds=twice, source=_TOOLS, fix="Rename or remove one of them."),
    LintRule(
        id="tool-types",
        severity=Severity.ERROR,
        finds=foreign_types,
        source="JSON Schema 2020-12, type; seen in the Berkeley Function-Calling Leaderboard",
        fix="Write the JSON Schema names.",
        change=made_legal,
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
        change=made_legal,
    ),
    LintRule(id="tool-choice", severity=Severity.ERROR, finds=unknown_choice, source=_TOOLS, fix="Name a tool that is offered."),
    LintRule(
        id="tool-choice-named",
        severity=Severity.ERROR,
        finds=named_choice,
        source=_CHOICE,
        fix="Offer that tool alone, and say that one must be called.",
        change=offered_alone,
    ),
    LintRule(
        id="tool-choice-any",
        severity=Severity.WARNING,
        finds=cannot_force,
        source=_CHOICE,
        fix="Say in the text that a tool must be called, and count the answers in words.",
    ),
)
