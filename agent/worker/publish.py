"""The signed prompt in Bedrock's prompt management: published once whoever asks how often, and told in the thread."""

import asyncio

from agent import handover, told
from agent.worker.tools import Tools
from db.records import MessageKind, Migration
from pipeline.errors import RefusedError
from pipeline.prompts.managed.form import unsaid
from pipeline.prompts.managed.service import Managed, Publication, Version
from pipeline.records import PromptVersion

NOT_SIGNED = "Nothing is signed here, so there is no prompt to publish. Sign off a report first."
NO_AWS = "This worker reaches no AWS account. Ask the operator to give it credentials and a region."
BEDROCK = "bedrock:"
TAKEN = (
    "Publish under another name, or replace the draft with --over; its versions stay in any case.",
    'Write "publish as ANOTHER-NAME".',
)
"""What the service's sentence says of the command line, and what that is here."""


async def publish(tools: Tools, migration_id: str, name: str) -> None:
    """Publish what was signed as `name`, with the hashes of the report and the prompt beside it."""
    migration = await tools.store.migrations.get(migration_id)
    if tools.live is None:
        raise RefusedError(NO_AWS)
    asked = await _asked(tools, migration, name)
    made = await Managed(tools.live).publish(asked)
    body = "\n".join([_told(made), *unsaid(asked.prompt)])
    await told.tell(tools.store, migration, told.publish_key(migration_id, name), MessageKind.REPLY, body=body)


async def failed(tools: Tools, sentence: str, migration_id: str, name: str) -> None:
    migration = await tools.store.migrations.get(migration_id)
    there, here = TAKEN
    again = "" if there in sentence else f' Write "publish as {name}" to try again.'
    body = f"The prompt was not published. {sentence.replace(there, here)}{again}"
    await told.tell(tools.store, migration, told.publish_key(migration_id, name), MessageKind.REPLY, body=body)


async def _asked(tools: Tools, migration: Migration, name: str) -> Publication:
    from pipeline.report.storage import shown

    signed = await tools.store.reports.sign_off(migration.id)
    if signed is None:
        raise RefusedError(NOT_SIGNED)
    stored = await tools.store.reports.get(signed.report_hash)
    arm = handover.signed_arm(await asyncio.to_thread(shown, stored.json))
    if arm is None:
        raise RefusedError("The signed report compares no target, so there is no prompt to publish.")
    prompt = await tools.store.prompts.get(migration.id, arm.prompt_hash)
    return Publication(name=name, prompt=prompt, model=_model(arm.model), facts=_facts(migration, prompt, stored.hash, arm.model))


def _facts(migration: Migration, prompt: PromptVersion, report_hash: str, target: str) -> dict[str, str]:
    """What an auditor needs to find the evidence from the published prompt."""
    about = {"ferry.migration": migration.id, "ferry.name": migration.name, "ferry.report": report_hash, "ferry.target": target}
    return {**about, "ferry.prompt": prompt.hash}


def _model(ref: str) -> str:
    """The model's id on Bedrock; a prompt for a model elsewhere is published without one."""
    return ref.removeprefix(BEDROCK) if ref.startswith(BEDROCK) else ""


def _told(made: Version) -> str:
    start = "The signed prompt is published" if made.new else "The signed prompt was published before"
    return f"{start} as {made.name}, version {made.version} (prompt {made.hash[:16]}).\n{made.arn}"
