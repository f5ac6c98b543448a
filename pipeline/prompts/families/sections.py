"""Sections of a prompt as markdown headings or as XML tags, and the way from one to the other without touching a word."""

import re

from pipeline.prompts.families.long_inputs import MARKS, NAMES
from pipeline.records import Syntax

_HEADING = re.compile(r"^#{1,3}[ \t]+([A-Za-z][\w /-]{0,40}?):?[ \t]*#*[ \t]*$", re.MULTILINE)
# Alone: a line break or the start before it, and neither a tag above it nor one below.
_DOCUMENT = {
    syntax: re.compile(rf"(\A|(?<!>)\n)({opening}{NAMES}{closing})(?=\n(?!</)|\Z)")
    for syntax, (opening, closing) in MARKS.items()
}
_TAG_LINE = re.compile(r"^<(/?)([A-Za-z][\w-]{0,40})>[ \t]*$", re.MULTILINE)


def headings_to_tags(text: str) -> str:
    """Every markdown section as `<title>...</title>`; unchanged where a fence or a frozen span could be cut."""
    headings = list(_HEADING.finditer(text))
    names = [_slug(h[1]) for h in headings]
    if (
        not headings
        or "```" in text
        or "<freeze>" in text
        or len(set(names)) < len(names)
        or any(f"<{n}>" in text for n in names)
    ):
        return text
    head, ends = text[: headings[0].start()].rstrip(), [*(h.start() for h in headings[1:]), len(text)]
    bodies = [text[h.end() : end].strip() for h, end in zip(headings, ends, strict=True)]
    if not bodies[-1]:  # a heading at the end is the cue for the answer
        names[-1:] = []
    sections = [f"<{name}>\n{body}\n</{name}>" for name, body in zip(names, bodies, strict=False)]
    sections += [text[h.start() :].strip() for h in headings[len(names) :]]
    return "\n\n".join([head, *sections] if head else sections)


def tags_to_headings(text: str) -> str:
    """Every section tag that stands alone on its lines and is named nowhere else as `## Title`."""
    if "<freeze>" in text:
        return text
    for opening in [m for m in _TAG_LINE.finditer(text) if not m[1]]:
        name = opening[2]
        alone = [m[1] for m in _TAG_LINE.finditer(text) if m[2] == name]
        if alone == ["", "/"] and len(re.findall(rf"</?{re.escape(name)}>", text)) == 2 and not name.startswith("example"):
            text = re.sub(rf"^<{re.escape(name)}>[ \t]*$", f"## {_title(name)}", text, flags=re.MULTILINE)
            text = re.sub(rf"\n*^</{re.escape(name)}>[ \t]*$\n?", "\n", text, flags=re.MULTILINE)
    return text


def headings_in_marks(text: str) -> str:
    """Every markdown heading as `##Title##`, but for one at the end, which is the cue for the answer."""
    if "```" in text or "<freeze>" in text:
        return text
    return _HEADING.sub(lambda found: f"##{found[1]}##" if text[found.end() :].strip() else found[0], text)


def documents_in_tags(text: str, syntax: Syntax) -> str:
    """Every variable with a name of a long input that stands alone on its line between `<document>` tags, once."""
    return re.sub(_DOCUMENT[syntax], r"\1<document>\n\2\n</document>", text)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def _title(name: str) -> str:
    words = re.sub(r"[_-]+", " ", name).strip()
    return words[:1].upper() + words[1:]
