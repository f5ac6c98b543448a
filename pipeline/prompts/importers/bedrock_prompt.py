"""Amazon Bedrock Prompt management: what GetPrompt returns, a prompt per variant, the default variant first.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_GetPrompt.html, read 2026-11. Variables are `{{x}}`.
A variant that Ferry published comes back as the version it was, unless somebody has changed it since.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.errors import InputError
from pipeline.prompts.importers import build
from pipeline.prompts.importers.openai_chat import messages
from pipeline.prompts.importers.port import Imported, Importer, Source, as_json, field_of, text_of
from pipeline.prompts.managed import form, record
from pipeline.prompts.template import refuse_other_tags, variables
from pipeline.prompts.tools import tool_of
from pipeline.records import PromptVersion, Syntax, Toolset

NAME = "Bedrock Prompt"


def recognises(text: str) -> bool:
    value = as_json(text)
    variants = value.get("variants") if isinstance(value, dict) else None
    return isinstance(variants, list) and all(isinstance(v, dict) and "templateConfiguration" in v for v in variants)


def read(source: Source) -> tuple[Imported, ...]:
    """Raises InputError for a tag that Ferry does not fill in, as `build.version` does."""
    return _variants(source, checked=source.syntax is None)


def as_it_stands(source: Source) -> tuple[Imported, ...]:
    """As `read`, with such tags left as text: to compare versions by."""
    return _variants(source, checked=False)


def _variants(source: Source, *, checked: bool) -> tuple[Imported, ...]:
    value = as_json(source.text)
    variants, default = value["variants"], value.get("defaultVariant")
    if not variants:
        raise InputError(f"{source.name} has no variant, so there is no prompt in it. Export one that has.")
    ordered = sorted(variants, key=lambda variant: variant.get("name") != default)
    return tuple(_variant(variant, str(value.get("name") or source.name), source, checked=checked) for variant in ordered)


def _variant(variant: Mapping[str, Any], prompt: str, source: Source, *, checked: bool) -> Imported:
    """As it is read, or the version Ferry left in the metadata when that is what is read."""
    seen = _read(variant, prompt, source)
    kept = record.read(form.metadata_of(variant))
    if kept is None:
        if checked:
            refuse_other_tags(seen.prompt, seen.name)
        return seen
    if not _same(_read(form.variant(kept), prompt, source).prompt, seen.prompt):
        return replace(
            seen, not_carried=("It was changed since Ferry published it; what is there now is read.", *seen.not_carried)
        )
    return replace(seen, prompt=kept)


def _same(one: PromptVersion, other: PromptVersion) -> bool:
    """Equal texts and parameters; a service may keep numbers in single precision."""
    return _rounded(one).hash == _rounded(other).hash


def _rounded(prompt: PromptVersion) -> PromptVersion:
    temperature, top_p = (
        None if value is None else round(float(value), 4) for value in (prompt.parameters.temperature, prompt.parameters.top_p)
    )
    return replace(prompt, parameters=replace(prompt.parameters, temperature=temperature, top_p=top_p))


def _read(variant: Mapping[str, Any], prompt: str, source: Source) -> Imported:
    name = f"{prompt}/{variant.get('name', 'variant')}"
    configuration = variant["templateConfiguration"]
    kind = "chat" if "chat" in configuration else "text"
    template = field_of(configuration, kind, f"The template of {name}")
    pairs = _pairs(template, kind, name)
    found = build.conversation(pairs, name)
    given = build.settings(
        {
            **((variant.get("inferenceConfiguration") or {}).get("text") or {}),
            **(variant.get("additionalModelRequestFields") or {}),
        }
    )
    version = build.unchecked(found, build.parameters(given, name), source.syntax or Syntax.DOUBLE.value)
    return Imported(
        name=name,
        format=NAME,
        prompt=replace(version, tools=_toolset(template.get("toolConfiguration") or {}, name)),
        model=str(variant.get("modelId") or ""),
        settings=given,
        prefill=found.prefill,
        roles=found.roles,
        not_carried=(
            *_lost(variant, found.prefill),
            *_declared(version, template),
            *build.dropped(given),
            *build.unstated(given),
        ),
    )


def _pairs(template: Mapping[str, Any], kind: str, name: str) -> list[tuple[str, str]]:
    if kind == "text":
        return [("user", text_of(field_of(template, "text", f"The template of {name}"), f"The text of {name}"))]
    system = [part["text"] for part in template.get("system") or () if "text" in part]
    spoken = [{**m, "content": _texts(m.get("content"))} for m in field_of(template, "messages", f"The template of {name}")]
    return [*(("system", text) for text in system), *messages(spoken, name)]


def _texts(content: object) -> object:
    """Without cache points, which change cost and not the answer."""
    return [part for part in content if part.keys() != {"cachePoint"}] if isinstance(content, list) else content


def _toolset(configuration: Mapping[str, Any], name: str) -> Toolset | None:
    """The tools without cache points, which change cost and not the answer."""
    given = [tool for tool in configuration.get("tools") or () if "cachePoint" not in tool]
    tools = tuple(tool_of(tool, f"Tool {number} of {name}") for number, tool in enumerate(given, 1))
    return Toolset(tools=tools, choice=_choice(configuration.get("toolChoice"))) if tools else None


def _choice(value: object) -> str:
    if not isinstance(value, dict) or not value:
        return ""
    kind = next(iter(value))
    return str(value["tool"].get("name", "")) if kind == "tool" else kind


def _lost(variant: Mapping[str, Any], prefill: str) -> list[str]:
    lost = ["The start of the answer (a last assistant message) is not sent."] if prefill else []
    return lost + (["The agent this prompt belongs to is not called."] if variant.get("genAiResource") else [])


def _declared(prompt: PromptVersion, template: Mapping[str, Any]) -> list[str]:
    named = {str(v.get("name")) for v in template.get("inputVariables") or ()}
    marked = set(variables(prompt))
    said = [f"{{{{{name}}}}} is marked but not among the declared inputVariables." for name in sorted(marked - named) if named]
    return said + [f"The declared variable {name} is marked nowhere." for name in sorted(named - marked)]


IMPORTER = Importer(name=NAME, recognises=recognises, read=read)
