"""Amazon Bedrock Prompt management: what GetPrompt returns, a prompt per variant, the default variant first.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_GetPrompt.html, read 2026-11. Variables are `{{x}}`.
A variant that Ferry published comes back as the version it was, unless somebody has changed it since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.errors import InputError
from pipeline.prompts.importers import build
from pipeline.prompts.importers.openai_chat import messages
from pipeline.prompts.importers.port import Imported, Importer, Source, ToolSpec, as_json, field_of, text_of
from pipeline.prompts.managed import form, record
from pipeline.prompts.template import variables
from pipeline.records import PromptVersion, Syntax

NAME = "Bedrock Prompt"


def recognises(text: str) -> bool:
    value = as_json(text)
    variants = value.get("variants") if isinstance(value, dict) else None
    return isinstance(variants, list) and all(isinstance(v, dict) and "templateConfiguration" in v for v in variants)


def read(source: Source) -> tuple[Imported, ...]:
    value = as_json(source.text)
    variants, default = value["variants"], value.get("defaultVariant")
    if not variants:
        raise InputError(f"{source.name} has no variant, so there is no prompt in it. Export one that has.")
    ordered = sorted(variants, key=lambda variant: variant.get("name") != default)
    return tuple(_variant(variant, str(value.get("name") or source.name), source) for variant in ordered)


def _variant(variant: Mapping[str, Any], prompt: str, source: Source) -> Imported:
    """As it is read, or the version Ferry left in the metadata when that is what is read."""
    seen = _read(variant, prompt, source)
    kept = record.read(form.metadata_of(variant))
    if kept is None:
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
    version = build.version(found, build.parameters(given, name), syntax=source.syntax or Syntax.DOUBLE.value)
    tools = _tools(template.get("toolConfiguration") or {}, name)
    return Imported(
        name=name,
        format=NAME,
        prompt=version,
        model=str(variant.get("modelId") or ""),
        settings=given,
        tools=tools,
        tool_choice=_choice((template.get("toolConfiguration") or {}).get("toolChoice")),
        prefill=found.prefill,
        roles=found.roles,
        not_carried=(
            *_lost(variant, found.prefill, tools),
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


def _tools(configuration: Mapping[str, Any], name: str) -> tuple[ToolSpec, ...]:
    found = []
    for number, tool in enumerate(configuration.get("tools") or (), 1):
        where = f"Tool {number} of {name}"
        if "cachePoint" in tool:
            continue
        spec = field_of(tool, "toolSpec", where)
        schema = build.schema_text((spec.get("inputSchema") or {}).get("json"), f"The input schema of {where}")
        found.append(ToolSpec(name=str(spec.get("name", "")), schema=schema, description=str(spec.get("description") or "")))
    return tuple(found)


def _choice(value: object) -> str:
    if not isinstance(value, dict) or not value:
        return ""
    kind = next(iter(value))
    return str(value["tool"].get("name", "")) if kind == "tool" else kind


def _lost(variant: Mapping[str, Any], prefill: str, tools: Sequence[ToolSpec]) -> list[str]:
    lost = [f"The {len(tools)} tools are not sent: Ferry compares answers in words."] if tools else []
    lost += ["The start of the answer (a last assistant message) is not sent."] if prefill else []
    return lost + (["The agent this prompt belongs to is not called."] if variant.get("genAiResource") else [])


def _declared(prompt: PromptVersion, template: Mapping[str, Any]) -> list[str]:
    named = {str(v.get("name")) for v in template.get("inputVariables") or ()}
    marked = set(variables(prompt))
    said = [f"{{{{{name}}}}} is marked but not among the declared inputVariables." for name in sorted(marked - named) if named]
    return said + [f"The declared variable {name} is marked nowhere." for name in sorted(named - marked)]


IMPORTER = Importer(name=NAME, recognises=recognises, read=read)
