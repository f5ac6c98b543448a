"""The form that tells later what the start left open: targets, SMEs and owner."""

from dataclasses import dataclass
from typing import Any

from bot.modals import kit
from bot.modals.details import TARGETS_HINT, people_problem, read_refs
from bot.modals.new_migration import problems
from db.records import Migration

CALLBACK = "edit_details"


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    migration: str
    targets: tuple[str, ...]
    smes: tuple[str, ...]
    owner: str | None


def view(migration: Migration) -> dict[str, Any]:
    """The form with what is known."""
    targets = kit.text_input("\n".join(migration.targets), multiline=True, limit=1500)
    return kit.modal(
        CALLBACK,
        "Edit details",
        [
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
    texts: dict[str, str] = {"targets": kit.text_of(given.get("targets", {}))}
    owner = next(iter(kit.people_of(given.get("owner", {}))), None)
    smes = kit.people_of(given.get("smes", {}))
    errors = problems(texts) | people_problem(meta.get("requester", ""), owner, smes)
    if errors:
        return None, errors
    targets = read_refs(texts.get("targets", ""))
    return Details(migration=meta.get("migration", ""), targets=targets, smes=smes, owner=owner), {}
