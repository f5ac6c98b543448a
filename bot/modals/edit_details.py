"""The form that tells later what the start left open: prompt, targets, SMEs and owner."""

from dataclasses import dataclass
from typing import Any

from bot.modals import kit
from bot.modals.details import PROMPT_HINT, TARGETS_HINT, people_problem, read_refs
from bot.modals.new_migration import problems
from db.records import Migration

CALLBACK = "edit_details"


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What was filled in; an empty `prompt` tells none."""

    migration: str
    prompt: str
    targets: tuple[str, ...]
    smes: tuple[str, ...]
    owner: str | None


def view(migration: Migration, *, has_prompt: bool) -> dict[str, Any]:
    """The form with what is known; a prompt once told stays, so it is asked for only while there is none."""
    prompt = kit.field("prompt", "Prompt", kit.text_input(multiline=True), hint=PROMPT_HINT, optional=True)
    targets = kit.text_input("\n".join(migration.targets), multiline=True)
    return kit.modal(
        CALLBACK,
        "Edit details",
        [
            *([] if has_prompt else [prompt]),
            kit.field("targets", "Target models", targets, hint=TARGETS_HINT, optional=True),
            kit.field("smes", "SMEs", kit.people(migration.smes), hint="They judge blind pairs of answers.", optional=True),
            kit.field("owner", "Owner", kit.person(migration.owner), hint="Signs off; never the requester.", optional=True),
        ],
        submit="Save",
        meta={"migration": migration.id, "requester": migration.requester},
    )


def read(submitted: kit.View) -> tuple[Details | None, dict[str, str]]:
    """What was filled in, or what is wrong with it by field."""
    given, meta = kit.values(submitted), kit.meta(submitted)
    texts: dict[str, str] = {name: kit.text_of(given.get(name, {})) for name in ("prompt", "targets")}
    owner = next(iter(kit.people_of(given.get("owner", {}))), None)
    smes = kit.people_of(given.get("smes", {}))
    errors = problems(texts) | people_problem(meta.get("requester", ""), owner, smes)
    if errors:
        return None, errors
    targets = read_refs(texts["targets"])
    return Details(migration=meta.get("migration", ""), prompt=texts["prompt"], targets=targets, smes=smes, owner=owner), {}
