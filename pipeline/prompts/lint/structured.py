"""Answers in a form: JSON mode and JSON schemas, where the target takes them and where it answers 400."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from pipeline.models import family
from pipeline.prompts.contract import demands_json
from pipeline.prompts.importers.port import Imported
from pipeline.prompts.lint.port import LintRule, Severity
from pipeline.prompts.schemas import REFUSED_KEYWORDS, with_legal_schema
from pipeline.prompts.targets import on_bedrock, takes_schema


def json_word(imported: Imported, ref: str) -> Iterable[str]:
    openai = family(ref) == "openai" and not on_bedrock(ref)
    if openai and imported.response_format == "json_object" and not demands_json(imported.prompt):
        yield 'json_object needs the word "JSON" somewhere in the messages.'


def json_mode(imported: Imported, ref: str) -> Iterable[str]:
    if imported.response_format == "json_object" and on_bedrock(ref):
        told = "" if demands_json(imported.prompt) else ", and the text does not ask for JSON either"
        yield f"Converse has no json_object{told}."


def no_schema(imported: Imported, ref: str) -> Iterable[str]:
    if imported.prompt.parameters.json_schema is not None and not takes_schema(ref):
        yield f"{ref} does not take a JSON schema for its answers."


def invalid_schema(imported: Imported, _ref: str) -> Iterable[str]:
    schema = _schema(imported)
    if schema is None:
        return
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        yield f"The schema of the answer is not valid: {error.message[:120]}"


def beyond_subset(imported: Imported, ref: str) -> Iterable[str]:
    schema = _schema(imported)
    if schema is None or not on_bedrock(ref) or not takes_schema(ref):
        return
    for place, part in _parts(schema, "the schema"):
        names = [name for name in REFUSED_KEYWORDS if name in part]
        if names:
            yield f"In {place}: {', '.join(names)} is not among the keywords Bedrock takes."
        if part.get("type") == "object" and part.get("additionalProperties") is not False:
            yield f"In {place}: an object must say additionalProperties: false."
        if str(part.get("$ref", "#"))[:1] != "#":
            yield f"In {place}: a $ref to another document is not taken."


def schema_made_legal(imported: Imported, ref: str) -> Imported:
    return replace(imported, prompt=with_legal_schema(imported.prompt, ref))


def _schema(imported: Imported) -> Mapping[str, Any] | None:
    written = imported.prompt.parameters.json_schema
    found = None if written is None else json.loads(written)
    return found if isinstance(found, dict) else None


def _parts(schema: object, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(schema, dict):
        return
    yield place, schema
    for name, inner in [*_named(schema, "properties"), *_named(schema, "$defs")]:
        yield from _parts(inner, name)
    for key in ("items", "anyOf", "allOf", "oneOf"):
        for inner in schema[key] if isinstance(schema.get(key), list) else [schema.get(key)]:
            yield from _parts(inner, f"{key} of {place}")


def _named(schema: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    inner = schema.get(key)
    return list(inner.items()) if isinstance(inner, dict) else []


_BEDROCK = (
    "Amazon Bedrock user guide, structured outputs: https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html"
)

RULES = (
    LintRule(
        id="json-word",
        severity=Severity.ERROR,
        finds=json_word,
        source="OpenAI structured outputs guide, JSON mode",
        fix="Ask for JSON in the text.",
    ),
    LintRule(
        id="json-mode",
        severity=Severity.WARNING,
        finds=json_mode,
        source=_BEDROCK,
        fix="Give a JSON schema, or ask for bare JSON in the text and check the answers.",
    ),
    LintRule(
        id="schema-not-taken",
        severity=Severity.ERROR,
        finds=no_schema,
        source=_BEDROCK,
        fix="Say the schema in the text, and check the answers.",
        change=schema_made_legal,
    ),
    LintRule(
        id="schema-invalid",
        severity=Severity.ERROR,
        finds=invalid_schema,
        source="JSON Schema 2020-12, https://json-schema.org/draft/2020-12",
        fix="Correct the schema.",
    ),
    LintRule(
        id="schema-subset",
        severity=Severity.ERROR,
        finds=beyond_subset,
        source=_BEDROCK,
        fix="Take it out of the schema and check it in the answers, as a metric.",
        change=schema_made_legal,
    ),
)
