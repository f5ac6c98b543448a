"""From the messages and settings of a file to a prompt version: shared by the formats that have messages."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.prompts.importers.frozen import frozen
from pipeline.prompts.importers.port import Setting
from pipeline.prompts.importers.variables import mapped
from pipeline.prompts.template import declaration, refuse_other_tags
from pipeline.records import Parameters, PromptVersion, Syntax, Turn

# The names other tools give to the parameters Ferry has; the first that is present counts.
MAX_TOKENS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxTokens", "max_gen_len", "max_new_tokens")
TEMPERATURE = ("temperature",)
TOP_P = ("top_p", "topP")
STOP = ("stop", "stop_sequences", "stopSequences")
CARRIED = {*MAX_TOKENS, *TEMPERATURE, *TOP_P, *STOP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The messages of a file in Ferry's places. `roles` are as written; `prefill` is an assistant turn at the end."""

    system: str
    turns: tuple[Turn, ...]
    user: str
    prefill: str
    roles: tuple[str, ...]


def conversation(messages: Sequence[tuple[str, str]], where: str) -> Conversation:
    """(role, text) pairs sorted out: system and developer texts together, the last user text, what stands between.

    Neighbours of one role become one. Raises InputError when there is no user text, or a role that has no place.
    """
    system = "\n\n".join(text for role, text in messages if role in {"system", "developer"})
    spoken: list[Turn] = []
    for role, text in messages:
        if role in {"system", "developer"}:
            continue
        if role not in {"user", "assistant"}:
            raise InputError(
                f'{where} has a message of the role "{role}", which has no place in a template: take the results of tools out, '
                "and keep system, user and assistant messages."
            )
        if spoken and spoken[-1].role == role:
            spoken[-1] = Turn(role=role, text=f"{spoken[-1].text}\n\n{text}")
        else:
            spoken.append(Turn(role=role, text=text))
    prefill = spoken.pop().text if spoken and spoken[-1].role == "assistant" else ""
    if not spoken:
        raise InputError(f"{where} has no user message, so there is no place for a question. Add one.")
    *turns, last = spoken
    return Conversation(system=system, turns=tuple(turns), user=last.text, prefill=prefill, roles=tuple(r for r, _ in messages))


def version(
    found: Conversation, parameters: Parameters, *, where: str, syntax: str | None, native: Syntax | None = None
) -> PromptVersion:
    """The prompt version of a conversation, with its variables and frozen spans in Ferry's own marks.

    `syntax` is what a person declared, `native` the one of the format. Raises InputError naming the place for a tag that Ferry
    does not fill in, unless a syntax is declared: then it is plain text.
    """
    prompt = unchecked(found, parameters, syntax or (native.value if native else None))
    if syntax is None and declaration(found.user)[1] is None:
        refuse_other_tags(prompt, where)
    return prompt


def unchecked(found: Conversation, parameters: Parameters, syntax: str | None) -> PromptVersion:
    """As `version`, with tags that Ferry does not fill in left as text."""
    texts = frozen((found.system, *(turn.text for turn in found.turns), found.user))
    (system, *between, user), own = mapped(texts, syntax)
    turns = tuple(Turn(role=turn.role, text=text) for turn, text in zip(found.turns, between, strict=True))
    return PromptVersion(system=system, turns=turns, user=user, syntax=own, parameters=parameters)


def settings(given: Mapping[str, Any], *, without: Iterable[str] = ()) -> tuple[Setting, ...]:
    """Every setting of a file but those named in `without`, in its order; None counts as left out."""
    left = set(without)
    return tuple(Setting(name=n, value=canonical_json(v)) for n, v in given.items() if n not in left and v is not None)


def parameters(given: Sequence[Setting], where: str, json_schema: str | None = None) -> Parameters:
    """What Ferry has a place for. A temperature that is not stated stays the provider's default.

    Raises InputError for a value of the wrong kind.
    """
    stop = _first(given, STOP)
    stops = [stop] if isinstance(stop, str) else stop or []
    tokens, temperature, top_p = (_first(given, names) for names in (MAX_TOKENS, TEMPERATURE, TOP_P))
    if not isinstance(stops, list) or not all(isinstance(text, str) for text in stops):
        raise InputError(f"The stop sequences of {where} must be texts. Correct them.")
    for name, value in (("temperature", temperature), ("top_p", top_p)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise InputError(f"The {name} of {where} must be a number. Correct it.")
    if tokens is not None and (isinstance(tokens, bool) or not isinstance(tokens, int)):
        raise InputError(f"The longest answer in {where} must be a whole number of tokens. Correct it.")
    return Parameters(
        max_tokens=Parameters().max_tokens if tokens is None else tokens,
        temperature=temperature,
        top_p=top_p,
        stop=tuple(stops),
        json_schema=json_schema,
    )


def unstated(given: Sequence[Setting]) -> tuple[str, ...]:
    """A sentence where the file does not say how long an answer may be."""
    if _first(given, MAX_TOKENS) is not None:
        return ()
    return (f"The file names no longest answer; Ferry asks for at most {Parameters().max_tokens} tokens.",)


def dropped(given: Sequence[Setting]) -> tuple[str, ...]:
    """A sentence for the settings Ferry does not send."""
    names = [s.name for s in given if s.name not in CARRIED]
    return (f"Not sent: {', '.join(names)}.",) if names else ()


def schema_text(value: object, where: str) -> str:
    """A JSON schema as text, given as an object or as text already. Raises InputError for anything else."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{where} must be a JSON schema, which is an object. Correct it.")
    return canonical_json(found)


def _first(given: Sequence[Setting], names: Sequence[str]) -> Any:  # noqa: ANN401
    return next((s.read for name in names for s in given if s.name == name), None)
