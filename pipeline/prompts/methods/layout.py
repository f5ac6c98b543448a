"""How a prompt lays out its question: the lines with the variables, and the cue after which the answer stands.

Read from the prompt, never from a dataset: `Message: {question}` + `Intent:` gives shots `Message: ...` + `Intent: ...`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.prompts.contract import answer_cue
from pipeline.prompts.template import Piece, pieces
from pipeline.records import PromptVersion, Sample

DEFAULT_CUE = "\nAnswer:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A user text in four parts: `head` before the question, the `query` lines, `tail` after them, the `cue` (may be "")."""

    head: str
    query: tuple[Piece, ...]
    tail: str
    cue: str

    @property
    def next_start(self) -> str:
        """What a base model writes when it goes on to invent the next sample."""
        label = self.query[0].text.strip() if self.query and not self.query[0].variable else ""
        return f"\n\n{label}"

    def shown(self, sample: Sample) -> str:
        """One solved sample in this layout."""
        cue = self.cue or DEFAULT_CUE
        gap = "\n" if cue.strip().startswith("#") else " "
        return f"{self.question(sample)}{cue}{gap}{(sample.reference or '').strip()}"

    def question(self, sample: Sample) -> str:
        """The query lines filled with a sample's values."""
        values = {name.casefold(): value for name, value in sample.variables.items()}
        filled = (values.get(p.text.casefold(), "").strip() if p.variable else p.text for p in self.query)
        return "".join(filled).strip()

    def solved(self) -> tuple[tuple[str, int], ...]:
        """Answers the head already shows in this layout, with how often: (answer, times)."""
        cue = self.cue.strip()
        if not cue:
            return ()
        found = [line.strip() for line in re.findall(rf"^{re.escape(cue)}[ \t]*\n?(.+)$", self.head, re.MULTILINE)]
        return tuple((answer, found.count(answer)) for answer in dict.fromkeys(found))

    def with_shots(self, shots: Sequence[Sample], *, tagged: bool, completion: bool) -> tuple[Piece, ...]:
        """The user text with `shots` before the question.

        `tagged` wraps them in `<example>` tags. `completion` is for base models: everything that is not the question comes
        first, so that the text ends with the cue.
        """
        blocks = [f"<example>\n{self.shown(s)}\n</example>" if tagged else self.shown(s) for s in shots]
        examples = "<examples>\n" + "\n".join(blocks) + "\n</examples>" if tagged else "\n\n".join(blocks)
        before = [self.head.strip(), self.tail.strip() if completion else "", examples]
        front = Piece("\n\n".join(part for part in before if part) + "\n\n")
        if completion:
            return (front, *self.query, Piece(self.cue or DEFAULT_CUE))
        return (front, *self.query, Piece(self.tail + self.cue))


def layout_of(prompt: PromptVersion) -> Layout:
    """The layout of the user text; the system text stays out of it. Without variables in it, all of it is head."""
    parts = pieces(prompt.user, prompt.syntax)
    marked = [index for index, part in enumerate(parts) if part.variable]
    if not marked:
        return Layout(head=prompt.user, query=(), tail="", cue="")
    first, last = marked[0], marked[-1]
    before = parts[first - 1].text if first else ""
    after = parts[last + 1].text if last + 1 < len(parts) else ""
    head, label = _split_last_line(before)
    rest, tail, cue = _split_cue(after, answer_cue(prompt))
    query = (Piece(label), *parts[first : last + 1], Piece(rest))
    return Layout(head=head, query=tuple(p for p in query if p.variable or p.text), tail=tail, cue=cue)


def _split_last_line(text: str) -> tuple[str, str]:
    """The label is the start of the question's own line, or the whole line above when the question stands alone under it."""
    at = text.rfind("\n") + 1
    if not text[at:].strip():
        above = text[:at].rstrip("\n")
        line = above[above.rfind("\n") + 1 :]
        if line.rstrip().endswith(":") and len(line) <= 40 and text[:at].endswith("\n") and not text[:at].endswith("\n\n"):
            at = above.rfind("\n") + 1
    return text[:at], text[at:]


def _split_cue(text: str, cue: str | None) -> tuple[str, str, str]:
    """`text` after the last variable as (rest of its line, instructions after it, cue with the line break before it)."""
    body = text
    tail_cue = ""
    if cue is not None:
        at = text.rfind(cue)
        gap = len(text[:at]) - len(text[:at].rstrip())
        body, tail_cue = text[: at - gap], text[at - gap :].rstrip()
    rest, newline, tail = body.partition("\n")
    return rest, newline + tail, tail_cue
