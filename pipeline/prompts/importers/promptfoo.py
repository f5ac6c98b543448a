"""promptfoo configuration, YAML or JSON: a prompt for each entry of `prompts`, with the settings of the first provider.

https://www.promptfoo.dev/docs/configuration/reference/, read 2026-11. Variables are `{{x}}` (Nunjucks). A prompt that is itself a
JSON list of messages is read as one. `vars` of the tests become samples; assertions and files named by `file://` do not come.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeline.errors import InputError
from pipeline.prompts.importers import openai_chat
from pipeline.prompts.importers.port import Imported, Importer, Source
from pipeline.prompts.importers.yaml_text import as_mapping
from pipeline.records import Sample, Syntax

NAME = "promptfoo"
_SHOWN = 40


def recognises(text: str) -> bool:
    found = as_mapping(text)
    return found is not None and bool(found.get("prompts")) and isinstance(found["prompts"], (list, str, dict))


def read(source: Source) -> tuple[Imported, ...]:
    config = as_mapping(source.text) or {}
    entries = list(_entries(config["prompts"], source.name))
    texts = [(label, text) for label, text in entries if not text.startswith(("file://", "exec:"))]
    skipped = tuple(f"Not read: {text[:_SHOWN]}. Import that file itself." for _, text in entries if (_, text) not in texts)
    if not texts:
        raise InputError(f"{source.name} names its prompts as files ({entries[0][1][:_SHOWN]}). Import those files themselves.")
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


def _entries(prompts: object, where: str) -> Iterator[tuple[str, str]]:
    """(label, text) of each prompt; a mapping gives its values, as in older configurations."""
    if isinstance(prompts, dict):
        prompts = [{"label": label, "raw": raw} for label, raw in prompts.items()]
    for number, entry in enumerate([prompts] if isinstance(prompts, str) else prompts if isinstance(prompts, list) else [], 1):
        place = f"{where}, prompt {number}"
        if isinstance(entry, str):
            yield place, entry
        elif isinstance(entry, dict) and isinstance(raw := entry.get("raw", entry.get("id")), str):
            yield str(entry.get("label") or place), raw
        else:
            raise InputError(f"{place} is no text. Write it as a text, or as an object with a label and raw.")


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
