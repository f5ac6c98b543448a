"""Who may do what: the one place that says so. Pure; identity is the immutable pair (team id, user id), never a name."""

from dataclasses import dataclass
from enum import StrEnum

from bot.cards.kit import mention, mentions
from db.records import OVER, Migration, Person


class Act(StrEnum):
    """What a person can ask of a migration."""

    SEE = "see"
    EDIT = "edit"
    UPLOAD = "upload"
    DECIDE_PLAN = "decide_plan"
    DECIDE_PROMPTS = "decide_prompts"
    TRY_PROMPT = "try_prompt"
    REVIEW = "review"
    CHECK_REFERENCE = "check_reference"
    CLOSE_REVIEW = "close_review"
    SIGN_OFF = "sign_off"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    CANCEL = "cancel"
    AGAIN = "again"
    PUBLISH = "publish"
    SET_BUDGET = "set_budget"


WORDS = {
    Act.EDIT: "change its details",
    Act.UPLOAD: "give it a dataset",
    Act.DECIDE_PLAN: "decide on its plan",
    Act.DECIDE_PROMPTS: "decide on its prompts",
    Act.TRY_PROMPT: "try its prompts",
    Act.CLOSE_REVIEW: "close its review",
    Act.PAUSE: "pause it",
    Act.RESUME: "resume it",
    Act.RETRY: "retry its runs",
    Act.CANCEL: "cancel it",
    Act.PUBLISH: "publish its prompt",
    Act.SET_BUDGET: "set its budget",
}
"""Acts of the requester or the owner, as they end the sentence "Only ... may"."""

GIVEN = {Act.REVIEW: "judge this pair", Act.CHECK_REFERENCE: "answer for this reference"}
"""Acts of the one SME a thing was given to."""

AFTERWARDS = frozenset({Act.SEE, Act.AGAIN, Act.PUBLISH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why not, in a sentence that says who may; `code` is what the audit keeps."""

    code: str
    sentence: str


def may(act: Act, person: Person, migration: Migration, *, sme: str | None = None) -> Refusal | None:
    """None when `person` may; `sme` is the one person a pair or a reference was given to."""
    if person.team != migration.team:
        return Refusal(code="other_team", sentence="This migration belongs to another workspace; only its own people may act.")
    if migration.status in OVER and act not in AFTERWARDS:
        ended = f"This migration is over ({migration.status}). Start the next one with `/migrate again`."
        return Refusal(code="over", sentence=ended)
    if act is Act.SIGN_OFF:
        return _sign_off(person, migration)
    if act in GIVEN:
        return _assigned(GIVEN[act], person, sme)
    return _lead(act, person, migration)


def _sign_off(person: Person, migration: Migration) -> Refusal | None:
    if migration.owner is None:
        way = "No owner is named yet. The requester names one with *Edit details* on the status card."
        return Refusal(code="no_owner", sentence=way)
    if migration.owner == migration.requester:
        way = "The owner is also the requester, and nobody signs off their own migration. Name another owner with *Edit details*."
        return Refusal(code="own_migration", sentence=way)
    if person.user != migration.owner:
        return Refusal(code="not_owner", sentence=f"Only the owner, {mention(migration.owner)}, may sign off this migration.")
    return None


def _assigned(what: str, person: Person, sme: str | None) -> Refusal | None:
    if person.user == sme:
        return None
    who = f"Only {mention(sme)}, whom it was given to," if sme else "Only the SME it was given to"
    return Refusal(code="not_assigned", sentence=f"{who} may {what}.")


def _lead(act: Act, person: Person, migration: Migration) -> Refusal | None:
    lead = [user for user in (migration.requester, migration.owner) if user]
    if act not in WORDS or person.user in lead:
        return None
    who = f"the requester {mention(lead[0])}" + (f" or the owner {mentions(lead[1:])}" if len(lead) > 1 else "")
    return Refusal(code="not_lead", sentence=f"Only {who} may {WORDS[act]}.")
