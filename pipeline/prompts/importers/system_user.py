"""A mapping with a `system` and a `user` text, YAML or JSON: what llama-prompt-ops and many small tools write.

llama-prompt-ops writes `system` alone, the sample goes into the user turn as it is.
https://github.com/meta-llama/llama-prompt-ops, read 2026-11.
"""

from pipeline.prompts.importers.build import conversation, version
from pipeline.prompts.importers.port import Imported, Importer, Source
from pipeline.prompts.importers.yaml_text import as_mapping
from pipeline.prompts.template import detect, marker, variables
from pipeline.records import Parameters, Syntax

NAME = "system and user"
QUESTION = "input"
"""The variable of the user turn where the file has no user text."""
_KEYS = {"system", "user"}


def recognises(text: str) -> bool:
    found = as_mapping(text)
    if found is None or not found.keys() <= _KEYS or not all(isinstance(value, str) for value in found.values()):
        return False
    return "system" in found and ("user" in found or "\n" in found["system"])  # a single line may be a text that says "system:"


def read(source: Source) -> tuple[Imported, ...]:
    given = as_mapping(source.text) or {}
    system, user = str(given.get("system", "")), str(given.get("user", ""))
    added = not user
    native = detect(system) if added and source.syntax is None else None
    if added:
        user = marker(QUESTION, native or next((s for s in Syntax if s.value == source.syntax), Syntax.DOUBLE))
    pairs = [*((("system", system),) if system else ()), *((t.role, t.text) for t in source.turns), ("user", user)]
    prompt = version(conversation(pairs, source.name), Parameters(), where=source.name, syntax=source.syntax, native=native)
    said = f"The file has no user text; the question goes there as the variable {QUESTION}."
    marked = added and len(variables(prompt)) == 1
    return (
        Imported(
            name=source.name, format=NAME, prompt=prompt, roles=tuple(r for r, _ in pairs), not_carried=(said,) if marked else ()
        ),
    )


IMPORTER = Importer(name=NAME, recognises=recognises, read=read)
