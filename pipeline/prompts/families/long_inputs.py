"""Where long inputs stand in a prompt: before the instructions, or between them. Only those that stand alone on their lines."""

import re

from pipeline.prompts.template import pieces
from pipeline.records import PromptVersion, Syntax

NAMES = "(?i:contexts?|documents?|passages?|articles?|transcripts?)"
"""Variables with such a name hold a long input."""
MARKS = {Syntax.SINGLE: (r"\{", r"\}"), Syntax.DOUBLE: (r"\{\{[ \t]*", r"[ \t]*\}\}"), Syntax.DOLLAR: (r"\{\$", r"\}")}
START, END = "[Document Start]", "[Document End]"
LONGEST = 1500
"""Characters of instructions that may be said twice: more would be a second prompt."""
_FENCE = r"<[A-Za-z][\w-]{0,40}>|\[[A-Za-z][\w \t-]{0,40}\]"
_ENDED = r"</[A-Za-z][\w-]{0,40}>|\[[A-Za-z][\w \t-]{0,40}\]"
_BLOCK = {
    syntax: re.compile(
        rf"^(?:(?P<fence>{_FENCE})[ \t]*\n)?(?:#{{1,4}}[ \t]+[^\n{{}}]{{1,40}}\n|[A-Z][^\n{{}}<>\[\].!?]{{0,40}}:[ \t]*\n)?"
        rf"(?:[A-Z][^\n{{}}<>\[\].!?]{{0,40}}:[ \t]*)?{opening}{NAMES}{closing}[ \t]*$(?:\n(?:{_ENDED})[ \t]*$)?",
        re.MULTILINE,
    )
    for syntax, (opening, closing) in MARKS.items()
}
_POINTS = re.compile(r"(?i)\b(?:below|following|follows|above|next|preceding|previous|here)\b")


def inputs_first(prompt: PromptVersion) -> str:
    """The user text with its long inputs in front, between start and end markers, and everything else after them in its order.

    As it was where a word such as "below" says where an input stands, and where a frozen span could be cut.
    """
    text = prompt.user
    found = list(_BLOCK[prompt.syntax].finditer(text))
    rest = _BLOCK[prompt.syntax].sub("", text)
    if not found or "<freeze>" in text or _POINTS.search(rest):
        return text
    blocks = [each.group() if each["fence"] else f"{START}\n{each.group()}\n{END}" for each in found]
    after = re.sub(r"\n{3,}", "\n\n", rest).strip("\n")
    made = "\n\n".join([*blocks, after] if after else blocks)
    return text if made.split() == text.split() else made


def instructions_after(prompt: PromptVersion) -> str:
    """The user text with the instructions before its first long input once more after its last one.

    Those in the user text, else the system's. As it was where they are long, hold a variable, braces or a frozen span, or stand
    there twice already.
    """
    text = prompt.user
    found = list(_BLOCK[prompt.syntax].finditer(text))
    if not found or "<freeze>" in text:
        return text
    said = text[: found[0].start()].strip() or prompt.system.strip()
    at = found[-1].end()
    bare = not any(piece.variable for piece in pieces(said, prompt.syntax)) and not {"{", "}", "<"} & set(said)
    if not said or not bare or len(said) > LONGEST or said in text[at:]:
        return text
    rest = text[at:].strip("\n")
    return "\n\n".join([text[:at], said, rest] if rest else [text[:at], said])
