"""An upload becomes a frozen dataset version, or is refused with the sentence that says what to change."""

import asyncio
from dataclasses import replace
from pathlib import Path

from agent.worker.shelf import ATTACHMENTS
from agent.worker.tools import Tools
from db.records import Upload
from pipeline.attachments.store import Kept
from pipeline.errors import InputError
from pipeline.records import Dataset


async def ingest(tools: Tools, upload_id: str) -> None:
    upload = await tools.store.datasets.upload(upload_id)
    if upload.state == "waiting":
        path = await tools.store.files.path(upload.path)
        try:
            dataset = await asyncio.to_thread(_freeze, path, upload.name, Kept(tools.store.files.root / ATTACHMENTS))
            await _share(tools, dataset, upload.name)
            await _take_prompt(tools, upload, path)
        except InputError as error:
            await tools.store.datasets.refuse(upload_id, error.message)
        else:
            await tools.store.datasets.freeze(upload_id, dataset)
    await tools.conversation.advance(upload.migration_id)


async def failed(tools: Tools, sentence: str, upload_id: str) -> None:
    """What nobody foresaw in a file is told as a refusal too, so that another file can be given."""
    await tools.store.datasets.refuse(upload_id, sentence)


async def _share(tools: Tools, dataset: Dataset, name: str) -> None:
    """Every process reaches the images and PDFs before anybody hears of the dataset; a frozen file brings none with it."""
    names = sorted({each.sha256 for sample in dataset.samples for each in sample.attachments if each.sha256})
    found = [await tools.store.files.path(f"{ATTACHMENTS}/{each}") for each in names]
    missing = [path for path in found if not await asyncio.to_thread(path.is_file)]
    if missing:
        raise InputError(
            f"{name}: {len(missing)} of its images and PDFs are not here: a frozen file knows them by their hash only. Give the "
            "ZIP archive or the table it was made from."
        )
    await tools.store.files.share(*(f"{ATTACHMENTS}/{each}" for each in names))


def _freeze(path: Path, name: str, kept: Kept) -> Dataset:
    from pipeline.dataset.freeze import freeze

    if not path.is_file():
        raise InputError(f"{name} is not in Ferry's data folder any more. Drop it into this thread again.")
    return freeze(path, name=name, kept=kept)


async def _take_prompt(tools: Tools, upload: Upload, path: Path) -> None:
    """A migration opened without a prompt takes the one its dataset records, if it records one for all samples."""
    from pipeline.dataset.freeze import source_prompt
    from pipeline.prompts.template import parse_prompt

    before = await tools.store.prompts.original(upload.migration_id)
    if before.user or before.system:
        return
    text = await asyncio.to_thread(source_prompt, path, name=upload.name)
    if text:
        prompt = replace(parse_prompt(text), parameters=before.parameters)
        await tools.store.prompts.tell(upload.migration_id, prompt, by=upload.by)
