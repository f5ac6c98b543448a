"""A text file: the user text, in any syntax, with the system text and earlier turns the caller gives beside it."""

from pipeline.prompts.importers.build import Conversation, version
from pipeline.prompts.importers.port import Imported, Importer, Source
from pipeline.records import Parameters

NAME = "plain text"


def read(source: Source) -> tuple[Imported, ...]:
    roles = ("system",) * bool(source.system) + tuple(turn.role for turn in source.turns) + ("user",)
    found = Conversation(system=source.system, turns=source.turns, user=source.text, prefill="", roles=roles)
    prompt = version(found, Parameters(), where=source.name, syntax=source.syntax)
    return (Imported(name=source.name, format=NAME, prompt=prompt, roles=roles),)


IMPORTER = Importer(name=NAME, recognises=lambda _text: True, read=read)
