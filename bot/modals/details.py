"""What a migration is about, as people write it into a form: shared by the new-migration and the edit-details form."""

import re
from collections.abc import Sequence

from pipeline.errors import InputError
from pipeline.models.registry import PROVIDERS
from pipeline.prompts.template import parse_prompt
from pipeline.records import Parameters, PromptVersion

MOST_TARGETS, MOST_TOKENS, MOST_STOPS = 5, 100_000, 4
SOURCE_HINT = "Where it runs today: recorded:NAME when you only have its outputs, or a live one such as bedrock:MODEL-ID."
TARGETS_HINT = "One to five, one a line: bedrock:MODEL-ID, openai:MODEL, local:gemma3-270m, local:/path/to/file.gguf."
PROMPT_HINT = "As the source gets it; mark variables as {question}, {{question}} or {$QUESTION}. A dataset may bring it along."


def read_refs(text: str) -> tuple[str, ...]:
    """Model refs, one a line or separated by commas. Raises InputError for one that no provider knows, or for too many."""
    refs = tuple(dict.fromkeys(read_ref(part.strip()) for part in re.split(r"[,\n]", text) if part.strip()))
    if len(refs) > MOST_TARGETS:
        raise InputError(f"{len(refs)} targets are too many for one comparison: name at most {MOST_TARGETS}.")
    return refs


def read_ref(ref: str) -> str:
    """`ref` if it is `provider:name` of a provider Ferry has, without the invisible joiners of a ref copied from a message."""
    ref = ref.replace("\u2060", "")
    provider, colon, name = ref.partition(":")
    if not colon or not name.strip() or provider not in PROVIDERS:
        known = ", ".join(f"{each}:" for each in PROVIDERS)
        raise InputError(f"'{ref[:80]}' is no model Ferry can reach: write one of {known} and its name, e.g. local:gemma3-270m.")
    return ref


def read_prompt(text: str) -> PromptVersion:
    """The prompt as a version, an empty one when nothing was written. Raises InputError for ambiguous or missing variables."""
    return parse_prompt(text) if text else PromptVersion(user="")


def read_tokens(text: str) -> int:
    """The longest answer in tokens; the default when nothing was written."""
    if not text:
        return Parameters().max_tokens
    if not text.isdecimal() or not 1 <= int(text) <= MOST_TOKENS:
        raise InputError(f"Write a whole number of tokens from 1 to {MOST_TOKENS:,}.")
    return int(text)


def read_stop(text: str) -> tuple[str, ...]:
    """Stop sequences, one a line; `\\n` stands for a line break."""
    stops = tuple(dict.fromkeys(each.replace("\\n", "\n").replace("\\t", "\t") for each in text.splitlines() if each))
    if len(stops) > MOST_STOPS:
        raise InputError(f"{len(stops)} stop sequences are too many: providers take at most {MOST_STOPS}.")
    return stops


def people_problem(requester: str, owner: str | None, smes: Sequence[str]) -> dict[str, str]:
    """Why these people cannot be owner and SMEs, by field."""
    if owner == requester:
        return {"owner": "Nobody signs off their own migration: name somebody else than its requester."}
    return {"smes": "Name each SME once."} if len(set(smes)) != len(smes) else {}
