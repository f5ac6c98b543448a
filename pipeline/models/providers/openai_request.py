"""What a model behind Chat Completions is asked, in the dialect its server takes.

https://platform.openai.com/docs/api-reference/chat/create. Which parameters a model refuses is not written down anywhere for all
servers, so it is learned from the first refusal, which costs nothing, and remembered.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.attachments.store import NO_CONTENTS, Contents
from pipeline.records import Attachment, Parameters, Request, Tool, Turn

LIMITS = ("max_completion_tokens", "max_tokens")
# Parameters an answer can do without. `stop` and the schema are not among them: without them the answer is another one.
_SPARE = ("temperature", "top_p", "stream_options")
_REFUSED = re.compile(
    r"unsupported|not (?:\w+ )?supported|(?:not|only) support|only .{0,60}supported|unrecognized|unknown|unexpected|extra"
    r"|not (?:permitted|allowed)|deprecated|invalid schema|strict",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one model is asked: `limit` is the name of max_tokens tried first, `refused` what it does not take."""

    limit: str = LIMITS[0]
    refused: frozenset[str] = frozenset()

    def body(self, model: str, request: Request, contents: Contents = NO_CONTENTS, *, stream: bool) -> dict[str, Any]:
        """The body of a call; what a parameter leaves open is not sent. `contents` are bytes of images and PDFs by SHA-256."""
        parameters = request.parameters
        system = [{"role": "system", "content": request.system}] if request.system else []
        body: dict[str, Any] = {
            "model": model,
            "messages": [*system, *({"role": turn.role, "content": _content(turn, contents)} for turn in request.turns)],
            self._limit(): parameters.max_tokens,
            "temperature": parameters.temperature,
            "top_p": parameters.top_p,
            "stop": list(parameters.stop) or None,
            "stream": True if stream else None,
            "stream_options": {"include_usage": True} if stream else None,
            "response_format": self._format(parameters),
            **(self._tool(request.tool) or _offered(request)),
        }
        return {key: value for key, value in body.items() if value is not None and key not in self.refused & set(_SPARE)}

    def after(self, said: str, parameter: str | None, body: Mapping[str, Any]) -> "Dialect | None":
        """The dialect to try after a refusal of `body`; None when another one would not help."""
        if not _REFUSED.search(said):
            return None
        words = re.findall(r"\w+", f"{parameter or ''} {said}")
        found = next((name for name in words if name in self._spare(body)), None)
        return None if found is None else replace(self, refused=self.refused | {found})

    def both(self, other: "Dialect") -> "Dialect":
        """What either of two calls had to learn."""
        return replace(self, refused=self.refused | other.refused)

    def _limit(self) -> str:
        return next(name for name in LIMITS if name != self.limit) if self.limit in self.refused else self.limit

    def _spare(self, body: Mapping[str, Any]) -> set[str]:
        """What of `body` could be said in another way, or left out."""
        again = {self.limit, "response_format", "tool_choice"} - self.refused
        return {name for name in (*_SPARE, *again) if name in body}

    def _format(self, parameters: Parameters) -> dict[str, Any] | None:
        if parameters.json_schema is None:
            return None
        given = {"name": "answer", "schema": json.loads(parameters.json_schema), "strict": "response_format" not in self.refused}
        return {"type": "json_schema", "json_schema": given}

    def _tool(self, tool: Tool | None) -> dict[str, Any]:
        """One tool that must be called, by name; servers that know no names take `required`, which says the same of one."""
        if tool is None:
            return {}
        function = {"name": tool.name, "description": "Gives the answer.", "parameters": json.loads(tool.schema)}
        named = {"type": "function", "function": {"name": tool.name}}
        return {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": "required" if "tool_choice" in self.refused else named,
        }


def _content(turn: Turn, contents: Contents) -> str | list[dict[str, Any]]:
    """A message's text, or its parts: images as data URIs, PDFs as files under a neutral name.

    https://platform.openai.com/docs/guides/images-vision and https://platform.openai.com/docs/guides/pdf-files, read 2026-11.
    """
    if not turn.parts:
        return turn.text
    return [_part(part, contents) for part in turn.parts if not isinstance(part, str) or part.strip()]


def _part(part: str | Attachment, contents: Contents) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    uri = f"data:{part.media_type};base64,{base64.b64encode(contents[part.sha256]).decode()}"
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": uri}}
    return {"type": "file", "file": {"filename": "document.pdf", "file_data": uri}}


def _offered(request: Request) -> dict[str, Any]:
    """Tools that may be called; the choice `auto` is the default and left out."""
    if not request.tools:
        return {}
    functions = [
        {"name": tool.name, "parameters": json.loads(tool.schema)}
        | ({"description": tool.description} if tool.description else {})
        for tool in request.tools
    ]
    tools: dict[str, Any] = {"tools": [{"type": "function", "function": function} for function in functions]}
    if request.tool_choice in {"", "auto"}:
        return tools
    named = {"type": "function", "function": {"name": request.tool_choice}}
    return tools | {"tool_choice": "required" if request.tool_choice == "any" else named}
