"""Prompt management on 127.0.0.1: requests are checked against AWS's service model, versions never change."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from pipeline.models.settings import ModelSettings
from tests.pipeline.aws.wire import Fault, json_error, listening, violations

WHEN = "2026-01-05T09:00:00Z"
SERVICE = "bedrock-agent"
Contents = dict[str, Any]


@dataclass(slots=True)
class Stored:
    """A prompt: its draft, its versions by number, and the tokens of versions made."""

    id: str
    draft: Contents
    versions: dict[int, Contents] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Peer:
    """`faults` by operation are used up in order; `before_version` may meddle with a prompt, as somebody else would."""

    url: str = ""
    prompts: dict[str, Stored] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    before_version: Callable[[Stored], None] = lambda _stored: None
    hidden: int = 0

    @property
    def settings(self) -> ModelSettings:
        return ModelSettings(endpoint_url=self.url, region="us-east-1", timeout_s=10.0)

    def stored(self, name: str) -> Stored:
        return next(each for each in self.prompts.values() if each.draft["name"] == name)

    async def create(self, request: web.Request) -> web.Response:
        fault, body = self._fault("CreatePrompt"), json.loads(await request.read())
        if fault and not fault.lost:
            return json_error(fault)
        if wrong := list(violations("CreatePromptRequest", body, SERVICE)):
            return _invalid(wrong)
        if any(each.draft["name"] == body["name"] for each in self.prompts.values()):
            return json_error(Fault("ConflictException", 409, "the name is taken"))
        made = Stored(
            id=f"PROMPT{len(self.prompts):04d}", draft={k: v for k, v in body.items() if k not in {"clientToken", "tags"}}
        )
        self.prompts[made.id] = made
        return json_error(fault) if fault else web.json_response(_told(made, None), status=201)

    async def update(self, request: web.Request) -> web.Response:
        fault, body = self._fault("UpdatePrompt"), json.loads(await request.read())
        if fault:
            return json_error(fault)
        if wrong := list(violations("UpdatePromptRequest", body | {"promptIdentifier": _id(request)}, SERVICE)):
            return _invalid(wrong)
        found = self.prompts.get(_id(request)[-10:])
        if found is None:
            return json_error(Fault("ResourceNotFoundException", 404, "no such prompt"))
        found.draft = body
        return web.json_response(_told(found, None))

    async def version(self, request: web.Request) -> web.Response:
        fault, body = self._fault("CreatePromptVersion"), json.loads(await request.read())
        if fault and not fault.lost:
            return json_error(fault)
        if wrong := list(violations("CreatePromptVersionRequest", body | {"promptIdentifier": _id(request)}, SERVICE)):
            return _invalid(wrong)
        found = self.prompts[_id(request)[-10:]]
        self.before_version(found)
        number = found.tokens.setdefault(body["clientToken"], len(found.versions) + 1)
        found.versions.setdefault(number, deepcopy(found.draft) | {"description": body.get("description", "")})
        return json_error(fault) if fault else web.json_response(_told(found, number), status=201)

    async def get(self, request: web.Request) -> web.Response:
        if fault := self._fault("GetPrompt"):
            return json_error(fault)
        found, version = self.prompts.get(_id(request)[-10:]), request.query.get("promptVersion")
        if found is None or (version and int(version) not in found.versions):
            return json_error(Fault("ResourceNotFoundException", 404, "no such prompt"))
        return web.json_response(_told(found, int(version) if version else None))

    async def listed(self, request: web.Request) -> web.Response:
        """A page each, so that whoever reads the first page alone finds nothing."""
        if fault := self._fault("ListPrompts"):
            return json_error(fault)
        of, at = request.query.get("promptIdentifier"), int(request.query.get("nextToken", "0"))
        wanted = [self.prompts[of[-10:]]] if of else list(self.prompts.values())
        if self.hidden and not of:
            self.hidden -= 1
            wanted = []
        found = [_told(each, number) for each in wanted for number in (None, *(each.versions if of else ()))]
        kept = [{key: value for key, value in each.items() if key != "variants"} for each in found[at : at + 1]]
        more = {"nextToken": str(at + 1)} if at + 1 < len(found) else {}
        return web.json_response({"promptSummaries": kept, **more})

    def _fault(self, operation: str) -> Fault | None:
        self.asked[operation] += 1
        waiting = self.faults.get(operation, [])
        return waiting.pop(0) if waiting else None


def _id(request: web.Request) -> str:
    return unquote(request.match_info["id"])


def _told(stored: Stored, number: int | None) -> Mapping[str, Any]:
    contents = stored.draft if number is None else stored.versions[number]
    arn = f"arn:aws:bedrock:us-east-1:123456789012:prompt/{stored.id}" + (f":{number}" if number else "")
    at = {"id": stored.id, "arn": arn, "version": str(number or "DRAFT"), "createdAt": WHEN, "updatedAt": WHEN}
    return contents | at


def _invalid(wrong: list[str]) -> web.Response:
    return json_error(Fault("ValidationException", 400, "; ".join(wrong)))


@asynccontextmanager
async def peer(**given: Any) -> AsyncIterator[Peer]:
    """A peer that listens, and is closed with the test."""
    made = Peer(**given)
    routes = [
        web.post("/prompts/", made.create),
        web.get("/prompts/", made.listed),
        web.put("/prompts/{id:[^/]+}/", made.update),
        web.get("/prompts/{id:[^/]+}/", made.get),
        web.post("/prompts/{id:[^/]+}/versions", made.version),
    ]
    async with listening(routes) as made.url:
        yield made
