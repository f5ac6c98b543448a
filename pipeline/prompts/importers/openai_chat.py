"""OpenAI chat JSON: a request of Chat Completions (an object with `messages`), or the list of messages alone.

https://platform.openai.com/docs/api-reference/chat/create, read 2026-11. Messages whose content is a list of parts are read
where the parts are texts, in OpenAI's shape or in that of Amazon Bedrock Converse.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.errors import InputError
from pipeline.prompts.importers import build
from pipeline.prompts.importers.port import Imported, Importer, Source, as_json, field_of, text_of
from pipeline.prompts.tools import tool_of
from pipeline.records import Syntax, Toolset, Turn

NAME = "OpenAI chat JSON"
_NOT_SETTINGS = ("messages", "model", "tools", "tool_choice", "functions", "function_call", "response_format", "system")
_CHOICES = {"auto": "auto", "required": "any", "any": "any", "none": "none"}


def recognises(text: str) -> bool:
    """A request body says by its `messages` what it is, also with none in them; a bare list only by what is in it."""
    value = as_json(text)
    messages = value.get("messages") if isinstance(value, dict) else value or None
    return isinstance(messages, list) and all(isinstance(m, dict) and "role" in m for m in messages)


def read(source: Source) -> tuple[Imported, ...]:
    value = as_json(source.text)
    return (imported(value if isinstance(value, dict) else {"messages": value}, source),)


def imported(body: Mapping[str, Any], source: Source, native: Syntax | None = None) -> Imported:
    """One request body as a prompt; `native` is the syntax of the format it stands in, None where the markers tell."""
    where = source.name
    pairs = [("system", source.system)] if source.system else []
    pairs += [("system", body["system"])] if isinstance(body.get("system"), str) else []
    pairs += [(turn.role, turn.text) for turn in source.turns] + messages(body["messages"], where)
    found = build.conversation(pairs, where)
    given = build.settings(body, without=_NOT_SETTINGS)
    form, schema = _response_format(body.get("response_format"), where)
    version = build.version(found, build.parameters(given, where, schema), where=where, syntax=source.syntax, native=native)
    lost = ["The start of the answer (a last assistant message) is not sent." if found.prefill else ""]
    lost += ["response_format json_object is not sent: the text has to ask for JSON." if form == "json_object" else ""]
    return Imported(
        name=source.name,
        format=NAME,
        prompt=replace(version, tools=_toolset(body, where)),
        model=str(body.get("model") or ""),
        settings=given,
        response_format=form,
        prefill=found.prefill,
        roles=found.roles,
        not_carried=(*filter(None, lost), *build.dropped(given), *build.unstated(given)),
    )


def messages(value: object, where: str) -> list[tuple[str, str]]:
    """(role, text) of each message. Raises InputError for one that is not made of texts."""
    if not isinstance(value, list) or not value:
        raise InputError(f"The messages of {where} must be a list with one message at least. Correct the file.")
    return [_message(message, f"Message {number} of {where}") for number, message in enumerate(value, 1)]


def turns(text: str, where: str) -> tuple[Turn, ...]:
    """Earlier turns from a file of their own: a JSON list of user and assistant messages that ends with the assistant's."""
    found = [Turn(role=role, text=said) for role, said in messages(as_json(text), where)]
    if any(turn.role not in {"user", "assistant"} for turn in found) or found[-1].role != "assistant":
        raise InputError(f"{where} must hold user and assistant messages alone and end with the assistant's. Correct the file.")
    return tuple(found)


def _message(message: object, where: str) -> tuple[str, str]:
    role = text_of(field_of(message, "role", where), f"The role of {where[0].lower()}{where[1:]}")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(message, dict) and (message.get("tool_calls") or message.get("function_call")):
        raise InputError(f"{where} calls a tool, which has no place in a template. Take the tool calls and their results out.")
    parts = [content] if isinstance(content, (str, dict)) else content
    if not isinstance(parts, list) or not parts:
        raise InputError(f"{where} has no content. Give it a text, or take it out.")
    return role, "".join(_part(part, where) for part in parts)


def _part(part: object, where: str) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return str(part["text"])
    kind = part.get("type", next(iter(part), "")) if isinstance(part, dict) else "no object"
    raise InputError(f"{where} has a part that is no text ({kind}); Ferry carries text prompts. Take that part out.")


def _response_format(value: object, where: str) -> tuple[str, str | None]:
    if value is None:
        return "", None
    kind = text_of(field_of(value, "type", f"The response_format of {where}"), f"The type of response_format of {where}")
    if kind != "json_schema":
        return ("" if kind == "text" else kind), None
    inner = field_of(value, "json_schema", f"The response_format of {where}")
    schema = inner.get("schema", inner) if isinstance(inner, dict) else inner
    return kind, build.schema_text(schema, f"The response_format of {where}")


def _toolset(body: Mapping[str, Any], where: str) -> Toolset | None:
    given = [*(body.get("tools") or ()), *({"function": f} for f in body.get("functions") or ())]
    tools = tuple(tool_of(tool, f"Tool {number} of {where}") for number, tool in enumerate(given, 1))
    return Toolset(tools=tools, choice=_choice(body.get("tool_choice", body.get("function_call")))) if tools else None


def _choice(value: object) -> str:
    if isinstance(value, dict):
        function = value.get("function", value)
        return str(function.get("name", "")) if isinstance(function, dict) else ""
    return _CHOICES.get(str(value), "") if value is not None else ""


IMPORTER = Importer(name=NAME, recognises=recognises, read=read)
