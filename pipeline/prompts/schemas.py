"""JSON schemas of answers: what part of one a target takes, how it is said in words, and what the references let one guess.

Amazon Bedrock takes a part of JSON Schema 2020-12 and answers 400 to the rest; some models take no schema at all.
https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html, read 2026-11
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline.hashing import canonical_json
from pipeline.prompts.targets import on_bedrock, takes_schema
from pipeline.prompts.template import Piece, pieces, write
from pipeline.records import PromptVersion

REFUSED_KEYWORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength")
IN_WORDS = "Answer with JSON that fits this schema, with no code fence and nothing around it:"
FEWEST_REFERENCES = 5
MOST_VALUES, LONGEST_VALUE = 12, 40
_TYPES: tuple[tuple[type, str], ...] = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"))


def legal_schema(schema: str, ref: str) -> str | None:
    """The part of `schema` that the model `ref` takes, None when it takes no schema; what is no object stays for the lint."""
    if not takes_schema(ref):
        return None
    found = json.loads(schema)
    return canonical_json(_subset(found)) if on_bedrock(ref) and isinstance(found, dict) else schema


def with_legal_schema(prompt: PromptVersion, ref: str) -> PromptVersion:
    """`prompt` with what the target takes of its schema; where that is none, the schema stands in the text instead."""
    schema = prompt.parameters.json_schema
    if schema is None:
        return prompt
    legal = legal_schema(schema, ref)
    kept = replace(prompt, parameters=replace(prompt.parameters, json_schema=legal))
    return kept if legal is not None else _in_words(kept, schema)


def inferred(references: Sequence[str]) -> str | None:
    """A schema all `references` fit, as text; None unless they are five JSON objects or more with a field in common.

    A text with few, short values that come back is a choice among them. It is a guess from what was seen: for a person to
    accept, never to be applied unasked.
    """
    try:
        found = [json.loads(text) for text in references]
    except (ValueError, RecursionError):
        return None
    if len(found) < FEWEST_REFERENCES or not all(isinstance(value, dict) for value in found):
        return None
    schema = _of(found)
    return canonical_json(schema) if schema.get("required") else None


def _subset(schema: Any) -> Any:  # noqa: ANN401
    """Without the keywords that are refused; objects take no fields but those they name."""
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in REFUSED_KEYWORDS}
    for key in ("properties", "$defs"):
        if isinstance(kept.get(key), dict):
            kept[key] = {name: _subset(inner) for name, inner in kept[key].items()}
    for key in ("items", "anyOf", "allOf", "oneOf"):
        if key in kept:
            kept[key] = [_subset(inner) for inner in kept[key]] if isinstance(kept[key], list) else _subset(kept[key])
    return kept | {"additionalProperties": False} if kept.get("type") == "object" else kept


def _in_words(prompt: PromptVersion, schema: str) -> PromptVersion:
    """The schema at the end of the system text, or in front of the user text, whose last line may be a cue."""
    said = f"{IN_WORDS}\n{schema}"
    if prompt.system.strip():
        parts = (*pieces(prompt.system.rstrip(), prompt.syntax), Piece(f"\n\n{said}"))
        return replace(prompt, system=write(parts, prompt.syntax, like=prompt.system))
    parts = (Piece(f"{said}\n\n"), *pieces(prompt.user, prompt.syntax))
    return replace(prompt, user=write(parts, prompt.syntax, like=prompt.user))


def _of(values: Sequence[Any]) -> dict[str, Any]:
    """The narrowest schema of our few keywords that all `values` fit; {} where they are of several kinds."""
    if all(isinstance(value, dict) for value in values):
        names = dict.fromkeys(name for value in values for name in value)
        return {
            "type": "object",
            "properties": {name: _of([value[name] for value in values if name in value]) for name in names},
            "required": [name for name in names if all(name in value for value in values)],
            "additionalProperties": False,
        }
    kinds = {next((name for kind, name in _TYPES if isinstance(value, kind)), "other") for value in values}
    kinds = {"number"} if kinds == {"integer", "number"} else kinds
    kind = kinds.pop() if len(kinds) == 1 else "other"
    if kind == "array":
        items = [item for value in values for item in value]
        return {"type": "array", "items": _of(items)} if items else {"type": "array"}
    if kind == "string":
        return {"type": "string", **_choice(values)}
    return {} if kind == "other" else {"type": kind}


def _choice(values: Sequence[str]) -> dict[str, list[str]]:
    different = sorted(set(values))
    closed = len(different) <= min(MOST_VALUES, len(values) // 3) and all(len(value) <= LONGEST_VALUE for value in different)
    return {"enum": different} if closed else {}
