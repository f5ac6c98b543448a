"""Prompts from other tools' files. A new format is a file here and a line below; the first that recognises a text reads it."""

import re

from pipeline.errors import InputError
from pipeline.prompts.importers import advpo, bedrock_prompt, ferry_version, openai_chat, plain, promptfoo, system_user
from pipeline.prompts.importers.port import Imported, Importer, Setting, Source

__all__ = ["IMPORTERS", "Imported", "Importer", "Setting", "Source", "imported"]

STRUCTURED = (".json", ".jsonl", ".yaml", ".yml")
"""Endings of files that are no plain text: what cannot be read of them is an error, never the prompt."""
HALVES = re.compile("[\ud800-\udfff]")

IMPORTERS: tuple[Importer, ...] = (
    ferry_version.IMPORTER,
    advpo.IMPORTER,
    bedrock_prompt.IMPORTER,
    openai_chat.IMPORTER,
    promptfoo.IMPORTER,
    system_user.IMPORTER,
    plain.IMPORTER,
)


def imported(source: Source) -> tuple[Imported, ...]:
    """Every prompt in `source`, read by the first format that recognises it; plain text is the last.

    Raises InputError when the content is of a format but cannot be read, and for an empty file.
    """
    if not source.text.strip():
        raise InputError(f"{source.name} is empty. Give a file that holds a prompt.")
    importer = next(importer for importer in IMPORTERS if importer.recognises(source.text))
    if importer is plain.IMPORTER and source.name.lower().endswith(STRUCTURED):
        raise InputError(
            f"{source.name} is of none of the formats Ferry knows ({', '.join(each.name for each in IMPORTERS[:-1])}), or is "
            "damaged. Export it again; where it is the prompt's text as it stands, give it as a .txt file."
        )
    try:
        found = importer.read(source)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # a list where an object belongs, and the like
        raise InputError(
            f"{source.name} looks like {importer.name}, but a part of it is not of the kind it has there. Export it again, "
            "or give the prompt's text in a plain text file."
        ) from error
    if any(HALVES.search(text) for one in found for text in one.prompt.texts):
        raise InputError(f"{source.name} holds half a character (such as \\ud800), which no model can be sent. Export it again.")
    return found
