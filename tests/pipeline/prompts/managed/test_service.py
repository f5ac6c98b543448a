"""Prompt management on the wire: published once, fetched with the same hash, rolled back; every fault is a sentence."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import FerryError, InputError, PermanentError, TemporaryError
from pipeline.prompts.importers import Source, imported
from pipeline.prompts.managed.service import Managed, Publication
from pipeline.prompts.template import parse_prompt
from pipeline.records import PromptVersion, Toolset
from tests.pipeline.aws.wire import Fault
from tests.pipeline.prompts.managed.peer import Stored, peer
from tests.pipeline.prompts.managed.test_form import FULL, TOOL, too_large

NAME = "support-intent"
FIRST, SECOND = parse_prompt("Sort {question}", "Be kind."), parse_prompt("Sort {question} well", "Be kind.")
NOVA = "eu.amazon.nova-lite-v1:0"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def asked(prompt: PromptVersion = FIRST, **changes: Any) -> Publication:
    return Publication(**{"name": NAME, "prompt": prompt, "model": NOVA, **changes})


async def test_published_fetched_and_the_same() -> None:
    async with peer() as at:
        made = await Managed(at.settings).publish(asked(FULL, facts={"ferry.report": "a" * 64}, tags={"team": "support"}))
        assert (made.name, made.version, made.new, made.hash) == (NAME, "1", True, FULL.hash)
        assert made.arn.endswith(f"prompt/{made.id}:1")
        for address in (made.arn, f"{made.id}:1", f"{NAME}:1", NAME, made.id, made.arn.removesuffix(":1")):
            found, text = await Managed(at.settings).fetch(address)
            assert (found.prompt, found.model) == (FULL, NOVA)
            assert imported(Source(text=text, name="file"))[0].prompt == FULL
        stored = at.stored(NAME)
    assert {"key": "ferry.report", "value": "a" * 64} in stored.versions[1]["variants"][0]["metadata"]


async def test_a_prompt_with_tools_is_published_with_them_once() -> None:
    tooled = replace(FIRST, tools=Toolset(tools=(TOOL,), choice="any"))
    async with peer() as at:
        service = Managed(at.settings)
        first, again = await service.publish(asked(tooled)), await service.publish(asked(tooled))
        assert (first.hash, again.arn, again.new) == (tooled.hash, first.arn, False)
        assert (await service.fetch(NAME))[0].prompt == tooled
        assert (await service.publish(asked())).version == "2"


async def test_published_twice_is_one_version_and_another_prompt_or_model_is_another() -> None:
    async with peer() as at:
        service = Managed(at.settings)
        first, again = await service.publish(asked()), await service.publish(asked())
        assert (again.arn, again.new) == (first.arn, False)
        assert at.asked["CreatePromptVersion"] == 1
        assert (await service.publish(asked(SECOND))).version == "2"
        assert (await service.publish(asked(SECOND, model="amazon.nova-pro-v1:0"))).version == "3"
        assert (await service.publish(asked())).version == "1"
        assert (await service.fetch(NAME))[0].prompt == FIRST
        assert (await service.publish(asked(name="another"))).version == "1"


async def test_a_prompt_too_large_for_its_record_is_one_version_too() -> None:
    async with peer() as at:
        made = await Managed(at.settings).publish(asked(too_large()))
        assert made.hash not in {"", too_large().hash}
        assert (await Managed(at.settings).publish(asked(too_large()))).new is False


async def test_a_list_that_says_nothing_of_versions_costs_reads_and_no_second_version() -> None:
    async with peer() as at:
        await Managed(at.settings).publish(asked())
        await Managed(at.settings).publish(asked(SECOND))
        for version in at.stored(NAME).versions.values():
            version.pop("description")
        assert (await Managed(at.settings).publish(asked())).version == "1"


@pytest.mark.parametrize("operation", ["CreatePrompt", "CreatePromptVersion"])
async def test_what_was_made_by_a_request_whose_reply_was_lost_is_found_again(operation: str) -> None:
    async with peer(faults={operation: [Fault("InternalServerException", 500, lost=True)]}) as at:
        with pytest.raises(TemporaryError):
            await Managed(at.settings).publish(asked())
        assert (await Managed(at.settings).publish(asked())).version == "1"
        assert (len(at.prompts), len(at.stored(NAME).versions)) == (1, 1)


async def test_a_name_that_somebody_takes_meanwhile_is_the_prompt() -> None:
    async with peer() as at:
        await Managed(at.settings).publish(asked())
        at.hidden = 1
        assert (await Managed(at.settings).publish(asked(SECOND))).version == "2"
        assert len(at.prompts) == 1


async def test_back_to_the_version_before_and_further_and_forward() -> None:
    async with peer() as at:
        service = Managed(at.settings)
        for prompt in (FULL, FIRST, SECOND):
            await service.publish(asked(prompt))
        back = await service.roll_back(NAME)
        assert (back.version, back.hash, back.new) == ("2", FIRST.hash, False)
        assert (await service.fetch(NAME))[0].prompt == FIRST
        assert (await service.roll_back(NAME)).hash == FULL.hash
        with pytest.raises(InputError, match="there is none before it"):
            await service.roll_back(NAME)
        assert (await service.roll_back(NAME, "3")).hash == SECOND.hash
        assert (await service.roll_back(f"{NAME}:2")).hash == FIRST.hash
        assert len(at.stored(NAME).versions) == 3
        with pytest.raises(InputError, match="no version 9"):
            await service.roll_back(NAME, "9")


async def test_work_of_others_is_not_overwritten() -> None:
    theirs = {"name": "v", "templateType": "TEXT", "templateConfiguration": {"text": {"text": "Theirs {{question}}"}}}
    async with peer() as at:
        at.prompts["PROMPT0000"] = Stored(id="PROMPT0000", draft={"name": NAME, "variants": [theirs]})
        service = Managed(at.settings)
        with pytest.raises(InputError, match="its draft is not from Ferry"):
            await service.publish(asked())
        assert (await service.fetch(NAME))[0].prompt.user == "Theirs {{question}}"
        with pytest.raises(InputError, match="equals no version"):
            await service.roll_back(NAME)
        assert (await service.publish(asked(over=True))).hash == FIRST.hash


async def test_a_draft_that_somebody_changes_in_between_is_noticed() -> None:
    def meddle(stored: Stored) -> None:
        stored.draft["variants"][0]["templateConfiguration"]["chat"]["system"] = [{"text": "Be rude."}]

    async with peer(before_version=meddle) as at:
        with pytest.raises(PermanentError, match="somebody changed the draft meanwhile"):
            await Managed(at.settings).publish(asked())
        at.before_version = lambda _stored: None
        made = await Managed(at.settings).publish(asked())
        assert (made.version, made.hash) == ("2", FIRST.hash)


Work = Callable[[Managed], Awaitable[object]]


@pytest.mark.parametrize(
    ("operation", "fault", "kind", "words"),
    [
        ("ListPrompts", Fault("AccessDeniedException", 403, "no"), PermanentError, "bedrock:CreatePrompt, UpdatePrompt"),
        ("CreatePrompt", Fault("ThrottlingException", 429), TemporaryError, "busy"),
        ("CreatePrompt", Fault("ServiceQuotaExceededException", 402), PermanentError, "quota of prompts"),
        ("CreatePrompt", Fault("ValidationException", 400, "a name"), PermanentError, "a name. Check the name"),
        ("CreatePromptVersion", Fault("AccessDeniedException", 403), PermanentError, "CreatePromptVersion"),
        ("CreatePromptVersion", Fault("InternalServerException", 500), TemporaryError, "publish the prompt"),
        ("GetPrompt", Fault("ThrottlingException", 429), TemporaryError, "busy"),
        ("GetPrompt", Fault("ResourceNotFoundException", 404), InputError, "There is no"),
    ],
)
async def test_what_goes_wrong_is_a_sentence(operation: str, fault: Fault, kind: type[FerryError], words: str) -> None:
    async with peer(faults={operation: [fault]}) as at:
        with pytest.raises(kind, match=words):
            await Managed(at.settings).publish(asked())


@pytest.mark.parametrize(
    "address",
    [
        "nowhere",
        "nowhere:3",
        "a b",
        "ABCDEFGHIJ",
        "ABCDEFGHIJ:2",
        "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ",
        "arn:aws:iam::1:role/x",
        ":",
        "",
    ],
)
async def test_an_address_of_nothing_is_a_sentence(address: str) -> None:
    async with peer() as at:
        with pytest.raises(InputError, match="There is no"):
            await Managed(at.settings).fetch(address)


async def test_the_same_id_in_another_region_is_another_prompt() -> None:
    async with peer() as at:
        made = await Managed(at.settings).publish(asked())
        with pytest.raises(InputError, match="There is no prompt"):
            await Managed(at.settings).fetch(made.arn.replace("us-east-1", "eu-west-1"))


def test_a_name_that_cannot_be_is_refused() -> None:
    for name in ("", "a b", "a--b", "ü", "x" * 101):
        with pytest.raises(InputError, match="cannot be the name"):
            asked(name=name)


async def test_a_prompt_without_a_variant_and_a_version_before_ferrys() -> None:
    async with peer() as at:
        at.prompts["PROMPT0000"] = Stored(id="PROMPT0000", draft={"name": NAME})
        with pytest.raises(InputError, match="there is nothing in it"):
            await Managed(at.settings).fetch(NAME)
        assert (await Managed(at.settings).publish(asked(replace(FIRST, method="AdvPO")))).version == "1"


async def test_the_key_and_the_description_of_a_draft_stay() -> None:
    """UpdatePrompt replaces everything: what is not sent again is gone."""
    key = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    async with peer() as at:
        await Managed(at.settings).publish(asked())
        at.stored(NAME).draft |= {"customerEncryptionKeyArn": key, "description": "Support's own."}
        for step in (Managed(at.settings).publish(asked(SECOND)), Managed(at.settings).roll_back(NAME)):
            await step
            assert at.stored(NAME).draft["customerEncryptionKeyArn"] == key
        await Managed(at.settings).publish(asked(SECOND))
        assert at.stored(NAME).versions[2]["customerEncryptionKeyArn"] == key
