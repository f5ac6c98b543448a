"""The form that tells later what the start left open: targets, prompt, SMEs and owner."""

from dataclasses import dataclass
from typing import Any

from bot.modals import kit
from bot.modals.details import PROMPT_HINT, TARGETS_HINT, people_problem, read_prompt, read_refs
from bot.modals.new_migration import problems
from db.records import Migration
from pipeline.records import PromptVersion

CALLBACK = "edit_details"


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What was filled in; `prompt` is None when the form did not ask for it or it was left empty."""

    migration: str
    targets: tuple[str, ...]
    prompt: PromptVersion | None
    smes: tuple[str, ...]
    owner: str | None


def view(migration: Migration, *, ask_prompt: bool) -> dict[str, Any]:
    """The form with what is known; the prompt is asked only while there is none, since a prompt version never changes."""
    targets = kit.text_input("\n".join(migration.targets), multiline=True, limit=1500)
    prompt = kit.field("prompt", "Prompt", kit.text_input(multiline=True), hint=PROMPT_HINT, optional=True)
    return kit.modal(
        CALLBACK,
        "Edit details",
        [
            kit.field("targets", "Target models", targets, hint=TARGETS_HINT, optional=True),
            *([prompt] if ask_prompt else []),
            kit.field("smes", "SMEs", kit.people(migration.smes), hint="They judge blind pairs of answers.", optional=True),
            kit.field("owner", "Owner", kit.person(migration.owner), hint="Signs off; never the requester.", optional=True),
        ],
        submit="Save",
        meta={"migration": migration.id, "requester": migration.requester},
    )


def read(submitted: kit.View) -> tuple[Details | None, dict[str, str]]:
    """What was filled in, or what is wrong with it by field."""
    given, meta = kit.values(submitted), kit.meta(submitted)
    asked: tuple[str, ...] = ("targets", "prompt")
    texts = {name: kit.text_of(given[name]) for name in asked if name in given}
    owner = next(iter(kit.people_of(given.get("owner", {}))), None)
    smes = kit.people_of(given.get("smes", {}))
    errors = problems(texts) | people_problem(meta.get("requester", ""), owner, smes)
    if errors:
        return None, errors
    prompt = read_prompt(texts["prompt"]) if texts.get("prompt") else None
    targets = read_refs(texts.get("targets", ""))
    return Details(migration=meta.get("migration", ""), targets=targets, prompt=prompt, smes=smes, owner=owner), {}
