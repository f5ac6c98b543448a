"""Publishing, fetching and rolling back: the same prompt under the same name is one version, however often it is published.

A version never changes, and applications that name one by its ARN keep it. A prompt named without a version is its draft, so
rolling back sets the draft to an earlier version: nothing new is published. https://docs.aws.amazon.com/bedrock/latest/
APIReference/API_agent_CreatePromptVersion.html and API_agent_GetPrompt.html, read 2026-11.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pipeline.aws.faults import WaysOut, told
from pipeline.errors import InputError, PermanentError
from pipeline.hashing import canonical_json, content_hash
from pipeline.models.providers.bedrock import make_client
from pipeline.models.settings import ModelSettings
from pipeline.prompts.importers import bedrock_prompt
from pipeline.prompts.importers.port import Imported, Source
from pipeline.prompts.managed.form import HASH, NAME, VARIANT, is_prompt_name, metadata_of, variant
from pipeline.records import PromptVersion

SERVICE = "bedrock-agent"
TIMEOUT_S = 60.0
DRAFT = "DRAFT"
MARK = "ferry "
"""How the description of a version begins that Ferry made."""
_ADDRESS = re.compile(
    r"(?P<arn>arn:aws[a-z-]*:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:prompt/)?(?P<id>[0-9a-zA-Z]{10})(?::(?P<version>\d{1,5}))?"
)
KEY = "customerEncryptionKeyArn"
_KEPT = ("name", "id", "arn", "version", "description", "defaultVariant", "variants", KEY)
_WAYS = WaysOut(
    quota="The account's quota of prompts or versions is used up: delete some that nothing calls, or ask AWS for more.",
    access="Ferry's credentials need bedrock:CreatePrompt, UpdatePrompt, GetPrompt, ListPrompts and CreatePromptVersion (and "
    "TagResource for tags); a Bedrock API key alone does not do.",
    refused="Check the name and that prompt management is offered in this region.",
    quota_passes=False,
)


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A prompt to publish as `name` for a Bedrock `model`. `facts` go with the version, `tags` on the prompt and the version.

    With `over` a draft that Ferry did not write may be replaced.
    """

    name: str
    prompt: PromptVersion
    model: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    over: bool = False

    def __post_init__(self) -> None:
        if not is_prompt_name(self.name):
            raise InputError(
                f'"{self.name[:60]}" cannot be the name of a prompt. Use letters and digits, with single - or _ between.'
            )

    @cached_property
    def form(self) -> dict[str, Any]:
        """The variant that is published. Raises InputError where prompt management cannot hold the prompt."""
        return variant(self.prompt, self.model, self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version in prompt management; `new` where this call made it, `hash` of the prompt in it ("" where it is not Ferry's)."""

    name: str
    id: str
    arn: str
    version: str
    hash: str = ""
    new: bool = False


class Managed:
    """Prompt management of one account and region. Every method raises a FerryError, TemporaryError where waiting may help."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = replace(settings, timeout_s=min(settings.timeout_s, TIMEOUT_S))

    async def publish(self, asked: Publication) -> Version:
        """The version of this name that holds this prompt, made unless it is there."""
        return await asyncio.to_thread(self._publish, asked)

    async def fetch(self, address: str) -> tuple[Imported, str]:
        """The prompt at an ARN, id or name, each with `:VERSION` or its draft, and the file that `importers` read it from."""
        return await asyncio.to_thread(self._fetch, address)

    async def roll_back(self, address: str, to: str | None = None) -> Version:
        """The version that is the draft now: number `to`, else the one before the version the draft equals."""
        return await asyncio.to_thread(self._roll_back, address, to)

    def _publish(self, asked: Publication) -> Version:
        _ = asked.form  # refuses before anything is sent
        with told("publish the prompt", _WAYS):
            found = self._named(asked.name)
            if found is None:
                return self._versioned(self._created(asked), asked)
            self._set_draft(found, asked)
            return self._there(found, asked) or self._versioned(found, asked)

    def _created(self, asked: Publication) -> str:
        """The id of a new prompt of this name; of the other one's where somebody was faster."""
        token = content_hash([asked.name, asked.form])
        try:
            made = self._agent.create_prompt(
                name=asked.name, defaultVariant=VARIANT, variants=[asked.form], clientToken=token, tags=dict(asked.tags)
            )
        except self._agent.exceptions.ConflictException:
            found = self._named(asked.name)
            if found is None:
                raise
            self._set_draft(found, asked)
            return found
        return str(made["id"])

    def _set_draft(self, prompt_id: str, asked: Publication) -> None:
        draft = self._get(prompt_id, DRAFT)
        if _holds(draft, asked):
            return
        if not asked.over and draft.get("variants") and not _hash(draft):
            raise InputError(
                f"The prompt {asked.name} is there and its draft is not from Ferry, so it stays. Publish under another name, or "
                "replace the draft with --over; its versions stay in any case."
            )
        kept = _sent_again(draft, "description", KEY)
        self._agent.update_prompt(
            promptIdentifier=prompt_id, name=asked.name, defaultVariant=VARIANT, variants=[asked.form], **kept
        )

    def _versioned(self, prompt_id: str, asked: Publication) -> Version:
        """A version of the draft, looked at again: somebody may have changed the draft in between."""
        last = next(iter(self._numbers(prompt_id)), "")
        made = self._agent.create_prompt_version(
            promptIdentifier=prompt_id,
            description=_description(asked),
            clientToken=content_hash([prompt_id, asked.prompt.hash, asked.model, last]),
            tags=dict(asked.tags),
        )
        written = self._get(prompt_id, str(made["version"]))
        version = _version(written, new=True)
        if not _holds(written, asked):
            raise PermanentError(
                f"Version {version.version} of {asked.name} holds another prompt: somebody changed the draft meanwhile. Publish "
                "again."
            )
        return version

    def _there(self, prompt_id: str, asked: Publication) -> Version | None:
        """The newest version that holds this prompt for this model; those whose description says otherwise are not read."""
        for number in self._numbers(prompt_id, unless=lambda said: said.startswith(MARK) and said != _description(asked)):
            written = self._get(prompt_id, number)
            if _holds(written, asked):
                return _version(written)
        return None

    def _fetch(self, address: str) -> tuple[Imported, str]:
        prompt_id, version = self._address(address)
        with told("fetch the prompt", _WAYS):
            reply = self._get(prompt_id, version or DRAFT)
        return _imported(reply), _file(reply)

    def _roll_back(self, address: str, to: str | None) -> Version:
        prompt_id, version = self._address(address)
        with told("roll the prompt back", _WAYS):
            wanted = to or version or self._before(prompt_id)
            kept, draft = self._get(prompt_id, wanted), self._get(prompt_id, DRAFT)
            self._agent.update_prompt(
                promptIdentifier=prompt_id,
                **_sent_again(kept, "name", "description", "defaultVariant", "variants"),
                **_sent_again(draft, KEY),
            )
        return _version(kept)

    def _before(self, prompt_id: str) -> str:
        """The version before the one the draft equals. Raises InputError where that does not say which one is meant."""
        now = _imported(self._get(prompt_id, DRAFT)).prompt.hash
        numbers = self._numbers(prompt_id)
        while numbers and _imported(self._get(prompt_id, numbers[0])).prompt.hash != now:
            numbers.pop(0)
        if not numbers:
            raise InputError("The draft equals no version, so it would be lost. Name the version to go back to with --to.")
        if len(numbers) == 1:
            raise InputError(f"The draft is version {numbers[0]}, and there is none before it. Name another one with --to.")
        return numbers[1]

    def _address(self, written: str) -> tuple[str, str | None]:
        """Id and version. A name is looked up before it is taken for an id. Raises InputError where there is no such prompt."""
        name, _, version = written.rpartition(":")
        if not version.isdigit():
            name, version = written, ""
        found = _ADDRESS.fullmatch(written)
        with told("look for the prompt", _WAYS):
            prompt_id = self._named(name) if NAME.fullmatch(name) else None
            if (
                prompt_id is None
                and found is not None
                and str(self._get(found["id"], DRAFT)["arn"]).startswith(found["arn"] or "")
            ):
                prompt_id, version = found["id"], found["version"] or ""
        if prompt_id is None:
            raise InputError(
                f'There is no prompt "{written[:100]}" in this account and region. Give its name, id or ARN, and --region.'
            )
        return prompt_id, version or None

    def _named(self, name: str) -> str | None:
        return next((str(each["id"]) for each in self._listed() if each["name"] == name), None)

    def _numbers(self, prompt_id: str, unless: Callable[[str], bool] = lambda _said: False) -> list[str]:
        """The numbers of the versions, newest first, without those of whose description `unless` is true."""
        listed = [(str(each["version"]), str(each.get("description") or "")) for each in self._listed(promptIdentifier=prompt_id)]
        return sorted((number for number, said in listed if number.isdigit() and not unless(said)), key=int, reverse=True)

    def _listed(self, **of: str) -> Iterator[Mapping[str, Any]]:
        for page in self._agent.get_paginator("list_prompts").paginate(**of):
            yield from page["promptSummaries"]

    def _get(self, prompt_id: str, version: str) -> Mapping[str, Any]:
        try:
            reply = self._agent.get_prompt(promptIdentifier=prompt_id, **({} if version == DRAFT else {"promptVersion": version}))
        except self._agent.exceptions.ResourceNotFoundException:
            what = "prompt" if version == DRAFT else f"version {version} of the prompt"
            raise InputError(f"There is no {what} {prompt_id} in this account and region. Check the address.") from None
        return {key: reply[key] for key in _KEPT if key in reply}

    @cached_property
    def _agent(self) -> Any:  # noqa: ANN401  boto3 builds its clients at run time
        return make_client(SERVICE, self._settings)


def _sent_again(reply: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """What UpdatePrompt would drop where it is not sent: it replaces the whole draft."""
    return {key: reply[key] for key in keys if reply.get(key)}


def _description(asked: Publication) -> str:
    return f"{MARK}{asked.prompt.hash} {asked.model}"[:200].strip()


def _holds(reply: Mapping[str, Any], asked: Publication) -> bool:
    """Whether what is there reads as this prompt for this model does; one too large for its record reads as it stands."""
    if not _hash(reply):
        return False
    there, wanted = _imported(reply), _imported({"name": asked.name, "variants": [asked.form]})
    return (there.prompt.hash, there.model) == (wanted.prompt.hash, wanted.model)


def _version(reply: Mapping[str, Any], *, new: bool = False) -> Version:
    known = _imported(reply).prompt.hash if _hash(reply) else ""
    return Version(name=reply["name"], id=reply["id"], arn=reply["arn"], version=reply["version"], hash=known, new=new)


def _hash(reply: Mapping[str, Any]) -> str:
    """What Ferry said when it wrote this; "" where it did not."""
    return next((said for each in reply.get("variants") or () if (said := metadata_of(each).get(HASH))), "")


def _imported(reply: Mapping[str, Any]) -> Imported:
    if not reply.get("variants"):
        raise InputError(f"The prompt {reply['name']} has no variant, so there is nothing in it. Choose another version.")
    return bedrock_prompt.as_it_stands(Source(text=_file(reply), name=str(reply["name"])))[0]


def _file(reply: Mapping[str, Any]) -> str:
    return canonical_json(reply) + "\n"
