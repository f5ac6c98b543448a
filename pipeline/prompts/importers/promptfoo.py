"""promptfoo configuration, YAML or JSON: a prompt for each entry of `prompts`, with the settings of the first provider.

https://www.promptfoo.dev/docs/configuration/reference/, read 2026-11. Variables are `{{x}}` (Nunjucks). A prompt that is itself a
JSON list of messages is read as one. `vars` of the tests become samples; assertions, functions and
prompts in files (`src/prompts/utils.ts` there says what it takes for a path) do not come.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.errors import InputError
from pipeline.prompts.importers import openai_chat
from pipeline.prompts.importers.port import Imported, Importer, Source
from pipeline.prompts.importers.yaml_text import as_mapping
from pipeline.records import Sample, Syntax

NAME = "promptfoo"
_SHOWN = 40
_ELSEWHERE = re.compile(r"(?:file|https?|langfuse|portkey|helicone)://|exec:")
_ENDING = re.compile(r"\.(?:cjs|csv|j2|js|json|jsonl|md|mjs|mts|py|rb|sh|ts|txt|ya?ml)(?::\w+)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One of `prompts`; `unread` is the sentence where its text stands in another place."""

    label: str
    text: str
    unread: str


def recognises(text: str) -> bool:
    found = as_mapping(text)
    return found is not None and bool(found.get("prompts")) and isinstance(found["prompts"], (list, str, dict))


def read(source: Source) -> tuple[Imported, ...]:
    config = as_mapping(source.text) or {}
    entries = list(_entries(config["prompts"], source.name))
    texts = [(entry.label, entry.text) for entry in entries if not entry.unread]
    skipped = tuple(entry.unread for entry in entries if entry.unread)
    if not texts:
        raise InputError(
            f"{source.name} names its prompts as files or functions ({entries[0].text[:_SHOWN]}). Import those files themselves, "
            "or write the text of each prompt into a file."
        )
    model, given = _provider(config)
    samples = tuple(_samples(config))
    lost = (*skipped, *_lost(config))
    return tuple(
        replace(_prompt(label, text, model, given, source), samples=samples, not_carried=(*lost, *found.not_carried))
        for label, text in texts
        for found in (_prompt(label, text, model, given, source),)
    )


def _prompt(label: str, text: str, model: str, given: Mapping[str, Any], source: Source) -> Imported:
    own = replace(source, name=label, text=text)
    body: Mapping[str, Any] = {"messages": [{"role": "user", "content": text}]}
    if openai_chat.recognises(text):
        loaded = as_mapping(f'{{"messages": {text}}}') or {}
        body = loaded if isinstance(loaded.get("messages"), list) else loaded.get("messages", {})
    return replace(openai_chat.imported({**given, **body, "model": model}, own, Syntax.DOUBLE), format=NAME)


def _entries(prompts: object, where: str) -> Iterator[_Entry]:
    """Each prompt; a mapping gives its values, as in older configurations, unless a key is a file, which they allow too."""
    if isinstance(prompts, dict):
        prompts = [{"label": key, "raw": key if _is_file(str(key)) else value} for key, value in prompts.items()]
    for number, entry in enumerate([prompts] if isinstance(prompts, str) else prompts if isinstance(prompts, list) else [], 1):
        place = f"{where}, prompt {number}"
        given = {"raw": entry} if isinstance(entry, str) else entry if isinstance(entry, dict) else {}
        raw, named = given.get("raw"), given.get("function") or given.get("id")
        if isinstance(raw, str):
            yield _Entry(label=str(given.get("label") or place), text=raw, unread=_unread(raw) if _is_file(raw) else "")
        elif raw is None and isinstance(named, str):
            yield _Entry(label=place, text=named, unread=_unread(named))
        else:
            raise InputError(f"{place} is no text. Write it as a text, or as an object with a label and raw.")


def _is_file(text: str) -> bool:
    """Whether promptfoo would look for the text in a file or elsewhere: an address, a pattern, a path, a name with an ending."""
    line = text.strip()
    if _ELSEWHERE.match(line):
        return True
    if "\n" in line or "{{" in line:
        return False
    return _ENDING.search(line) is not None or (not re.search(r"\s", line) and any(mark in line for mark in "*/\\"))


def _unread(named: str) -> str:
    way = "Import that file itself" if _is_file(named) else "A function makes that prompt: write its text into a file"
    return f"Not read: {named[:_SHOWN]}. {way}."


def _provider(config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    given = config.get("providers") or config.get("targets") or ()
    first = given if isinstance(given, (str, dict)) else next(iter(given), "")
    if isinstance(first, str):
        return first, {}
    named = first.get("id")
    model, inner = (named, first) if named else next(iter(first.items()), ("", {}))
    settings = inner.get("config", {}) if isinstance(inner, dict) else {}
    return str(model), settings if isinstance(settings, dict) else {}


def _samples(config: Mapping[str, Any]) -> Iterator[Sample]:
    default = _vars(config.get("defaultTest"))
    tests = config.get("tests")
    for number, test in enumerate(tests if isinstance(tests, list) else [], 1):
        values = {**default, **_vars(test)}
        if values:
            yield Sample(id=f"test {number}", variables=values)


def _vars(test: object) -> dict[str, str]:
    given = test.get("vars") if isinstance(test, dict) else None
    return {str(k): v if isinstance(v, str) else str(v) for k, v in given.items()} if isinstance(given, dict) else {}


def _lost(config: Mapping[str, Any]) -> Iterator[str]:
    tests = config.get("tests")
    if isinstance(tests, str):
        yield f"The tests in {tests[:_SHOWN]} are not read; give them as a dataset."
    listed = tests if isinstance(tests, list) else []
    if any(isinstance(test, dict) and test.get("assert") for test in [*listed, config.get("defaultTest")]):
        yield "Assertions are not read; name the metrics or give a style guide with `ferry guide`."
    given = config.get("providers")
    if isinstance(given, list) and len(given) > 1:
        yield f"Settings are those of the first of {len(given)} providers."


IMPORTER = Importer(name=NAME, recognises=recognises, read=read)
