"""A candidate in full, as files in the migration's thread: its text, to be edited and given back, and every line that changed."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from bot.cards.files import PromptFilesFacts
from db.records import Message, MessageKind, Migration
from db.store import Store
from pipeline.prompts.diff import changes
from pipeline.prompts.template import file_text
from pipeline.records import PromptVersion

MARKS = {"same": " ", "added": "+", "removed": "-"}


class _Block(yaml.SafeDumper):
    """Texts of several lines as blocks, so that a person can edit them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Block.add_representer(str, _text)


def names(migration_id: str, prompt: PromptVersion) -> tuple[str, str, str]:
    """The files of a candidate under the data folder: its text, its changes as text and as a page."""
    folder, short = f"prompts/{migration_id}/{prompt.hash[:16]}", prompt.hash[:8]
    kind = "yaml" if prompt.system else "txt"
    return f"{folder}/prompt-{short}.{kind}", f"{folder}/changes-{short}.txt", f"{folder}/changes-{short}.html"


async def write(folder: Path, migration_id: str, before: PromptVersion, after: PromptVersion) -> None:
    """All of them; writing them again writes the same."""
    from pipeline.prompts.page import side_by_side

    whole, changed, page = names(migration_id, after)
    await asyncio.to_thread(_write, folder / whole, editable(after))
    await asyncio.to_thread(_write, folder / changed, "\n".join(told(before, after)) + "\n")
    await asyncio.to_thread(_write, folder / page, await asyncio.to_thread(side_by_side, before, after))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def editable(prompt: PromptVersion) -> str:
    """The text alone where there is only one, else YAML with `system` and `user`: what the edit form reads back. Earlier turns
    stay as they are.
    """
    if not prompt.system:
        return file_text(prompt)
    texts = {"system": prompt.system, "user": prompt.user}
    return yaml.dump(texts, Dumper=_Block, allow_unicode=True, sort_keys=False, width=10_000)


def told(before: PromptVersion, after: PromptVersion) -> Iterator[str]:
    """Every edit with its reason and source, then every line of each section that changed."""
    yield f"{after.method} ({after.hash[:16]}) against the source's prompt ({before.hash[:16]})"
    for edit in after.edits:
        yield f"* {edit.rule}{'' if edit.lossless else ' (wording, a proposal)'}: {edit.reason} Source: {edit.source}"
    for change in changes(before, after):
        yield f"\n== {change.section}: {change.summary}"
        for line in change.lines:
            if line.kind == "changed":
                yield f"- {line.before}"
                yield f"+ {line.after}"
            else:
                yield f"{MARKS[line.kind]} {line.before if line.after is None else line.after}"


async def show(store: Store, migration: Migration, target: str, prompt: PromptVersion) -> None:
    """The message with the files; the same candidate is posted once."""
    await store.messages.show(
        f"prompt_files:{migration.id}:{prompt.hash[:16]}",
        migration_id=migration.id,
        channel=migration.channel,
        place="thread",
        kind=MessageKind.FILES,
        subject=json.dumps({"prompt": prompt.hash, "target": target}),
    )


async def facts(store: Store, message: Message) -> PromptFilesFacts | None:
    """What the message of a candidate's files tells; None for a message about a report's."""
    if not message.subject.startswith("{"):
        return None
    named = json.loads(message.subject)
    prompt = await store.prompts.get(message.migration_id or "", named["prompt"])
    return PromptFilesFacts(
        method=prompt.method, prompt_hash=prompt.hash, target=named["target"], files=names(message.migration_id or "", prompt)
    )
