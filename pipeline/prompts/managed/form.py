"""A prompt version as a variant of a managed prompt: the template, the parameters, the model, and facts as metadata."""

import json
import re
from collections.abc import Mapping
from typing import Any

from pipeline.aws.inference import inference_configuration
from pipeline.errors import InputError
from pipeline.prompts.doubled import texts_for, without_marks
from pipeline.prompts.managed import record
from pipeline.prompts.template import variables
from pipeline.prompts.tools import legal_toolset
from pipeline.records import Parameters, PromptVersion

SERVICE = "Prompt management"
VARIANT = "ferry"
HASH = "ferry.hash"
MOST_STOPS = 4
LONGEST_NAME = 100
TOOL = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,63}")
"""Converse takes a hyphen too: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_ToolSpecification.html."""
NAME = re.compile(r"([0-9a-zA-Z][_-]?){1,100}")
"""https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreatePrompt.html, read 2026-11."""
_MODEL = re.compile(
    r"(arn:aws(-[^:]{1,12})?:(bedrock|sagemaker):[a-z0-9-]{1,20}:([0-9]{12})?:([a-z-]+/)?)?([a-zA-Z0-9.-]{1,63}){0,2}"
    r"(([:][a-z0-9-]{1,63}){0,2})?(/[a-z0-9]{1,12})?"
)
_UNUSUAL = re.compile(r"[^a-zA-Z0-9\s._:/=+@-]+")


def variant(prompt: PromptVersion, model: str = "", facts: Mapping[str, str] = {}) -> dict[str, Any]:
    """The variant of `prompt` for the Bedrock `model` ("" for none), with `facts` beside what Ferry needs to know it again.

    Raises InputError where prompt management has no place for a part of the prompt that a model would miss.
    """
    marked = texts_for(prompt, SERVICE, NAME)
    chat = bool(marked[0].strip() or prompt.turns or _tools(prompt))
    made: dict[str, Any] = {
        "name": VARIANT,
        "templateType": "CHAT" if chat else "TEXT",
        "templateConfiguration": {"chat": _chat(prompt, marked)} if chat else {"text": _text(prompt, marked[-1])},
        "inferenceConfiguration": {"text": _inference(prompt.parameters)},
        "metadata": [{"key": key, "value": value} for key, value in _metadata(prompt, facts).items()],
    }
    if model and not _MODEL.fullmatch(model):
        raise InputError(f'"{model[:80]}" is no model that {SERVICE.lower()} can name. Give bedrock:<model id, profile or ARN>.')
    return {**made, "modelId": model} if model else made


def is_prompt_name(name: str) -> bool:
    """Whether prompt management takes `name` for a prompt: at most 100 characters."""
    return len(name) <= LONGEST_NAME and NAME.fullmatch(name) is not None


def prompt_name(text: str) -> str:
    """A name for a prompt made from any text: its letters and digits of ASCII, with hyphens between."""
    return re.sub(r"[^0-9a-zA-Z]+", "-", text).strip("-").lower()[:LONGEST_NAME].strip("-") or "ferry-prompt"


def unsaid(prompt: PromptVersion) -> tuple[str, ...]:
    """What a caller of the published prompt has to add, in sentences."""
    said = []
    if prompt.parameters.json_schema is not None:
        said.append(
            "The JSON schema of the answer is no part of a managed prompt: send it with each call (outputConfig of Converse)."
        )
    if prompt.tools is not None and prompt.tools.variable:
        said.append(
            f'The tools of single samples (the column "{prompt.tools.variable}") are no part of a managed prompt: send them with '
            "each call."
        )
    if steps := [step.name for step in (*prompt.prepare, *prompt.finish)]:
        said.append(
            f"The steps beside the call are no part of a managed prompt: your application does them ({', '.join(steps)})."
        )
    return tuple(said)


def metadata_of(given: Mapping[str, Any]) -> Mapping[str, str]:
    """The metadata of a variant as GetPrompt tells it."""
    return {str(entry.get("key")): str(entry.get("value")) for entry in given.get("metadata") or ()}


def _text(prompt: PromptVersion, text: str) -> dict[str, Any]:
    return {"text": without_marks(text), "inputVariables": _names(prompt)}


def _chat(prompt: PromptVersion, texts: tuple[str, ...]) -> dict[str, Any]:
    system, *spoken = map(without_marks, texts)
    roles = (*(turn.role for turn in prompt.turns), "user")
    messages = [{"role": role, "content": [{"text": text}]} for role, text in zip(roles, spoken, strict=True)]
    told = {"messages": messages, "inputVariables": _names(prompt), **_tools(prompt)}
    return {"system": [{"text": system}], **told} if system.strip() else told


def _tools(prompt: PromptVersion) -> dict[str, Any]:
    """The tools every sample is offered, as Converse takes them; nothing where there is none, or none may be called."""
    toolset = legal_toolset(prompt.tools)
    if toolset is None or not toolset.tools:
        return {}
    if wrong := [tool.name for tool in toolset.tools if not TOOL.fullmatch(tool.name)]:
        raise InputError(
            f'{SERVICE} takes no tool called "{wrong[0][:80]}": names have letters, digits and _, and begin with a letter. '
            "Rename it in the application's prompt, or take the prompt from the report's files."
        )
    specs = [
        {"name": tool.name, "inputSchema": {"json": json.loads(tool.schema)}}
        | ({"description": tool.description} if tool.description else {})
        for tool in toolset.tools
    ]
    made: dict[str, Any] = {"tools": [{"toolSpec": spec} for spec in specs]}
    if toolset.choice not in {"", "auto"}:
        made["toolChoice"] = {"any": {}} if toolset.choice == "any" else {"tool": {"name": toolset.choice}}
    return {"toolConfiguration": made}


def _names(prompt: PromptVersion) -> list[dict[str, str]]:
    return [{"name": name} for name in sorted(set(variables(prompt)))]


def _inference(parameters: Parameters) -> dict[str, Any]:
    if len(parameters.stop) > MOST_STOPS:
        raise InputError(f"{SERVICE} keeps at most {MOST_STOPS} stop sequences; this prompt has {len(parameters.stop)}.")
    if not 0 <= (parameters.temperature or 0) <= 1:
        raise InputError(f"{SERVICE} takes a temperature from 0 to 1; this prompt has {parameters.temperature:g}.")
    return inference_configuration(parameters)


def _metadata(prompt: PromptVersion, facts: Mapping[str, str]) -> Mapping[str, str]:
    """In the alphabet the service takes; any other character becomes a hyphen."""
    own = {HASH: prompt.hash, "ferry.method": prompt.method, **({"ferry.parent": prompt.parent} if prompt.parent else {})}
    told = {key: _UNUSUAL.sub("-", value)[: record.VALUE_LENGTH] for key, value in {**facts, **own}.items()}
    return {**told, **record.written(prompt)}
