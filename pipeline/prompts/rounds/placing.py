"""Where a round's words go in a prompt: near the question, never into a frozen span, in the way the text writes its braces."""

from dataclasses import replace

from pipeline.models import family
from pipeline.prompts.contract import answer_cue, literal_text
from pipeline.prompts.methods.layout import layout_of
from pipeline.prompts.template import ANY_FREEZE_TAG, Piece, pieces, write
from pipeline.records import Edit, PromptVersion

SOURCE = "failures on the dev split and comments of reviewers"


def says(prompt: PromptVersion, words: str) -> bool:
    """Whether the prompt has these words already, whatever the blanks between them."""
    return " ".join(words.split()) in " ".join(literal_text(prompt).split())


def with_words(prompt: PromptVersion, words: str, target: str) -> PromptVersion:
    """`prompt` with `words` as a paragraph of its own: at the end of the system text, else before an answer cue, else at the end.

    A base model continues the text, so there they stand before the question.
    """
    if not words.strip() or says(prompt, words):
        return prompt
    line = ANY_FREEZE_TAG.sub("", words.strip())
    if prompt.system.strip() and family(target) != "base":
        return replace(prompt, system=_after(prompt, prompt.system, line))
    if family(target) == "base" or answer_cue(prompt):
        return replace(prompt, user=_before_question(prompt, line))
    return replace(prompt, user=_after(prompt, prompt.user, line))


def edited(before: PromptVersion, after: PromptVersion, technique: str, reason: str) -> PromptVersion:
    """`after` as the child of `before` made by `technique`; `before` when nothing a model sees changed."""
    if after.hash == before.hash:
        return before
    edit = Edit(rule=f"round-{technique.replace(' ', '-')}", reason=reason, source=SOURCE, lossless=False)
    return replace(after, method=technique, parent=before.hash, edits=(*before.edits, edit))


def _after(prompt: PromptVersion, text: str, line: str) -> str:
    return write((*pieces(text.rstrip(), prompt.syntax), Piece(f"\n\n{line}")), prompt.syntax, like=text)


def _before_question(prompt: PromptVersion, line: str) -> str:
    """The words between what comes first and the lines of the question; before everything where a frozen span joins the two."""
    layout = layout_of(prompt)
    head = layout.head.rstrip()
    if head.count("<freeze>") != head.count("</freeze>"):
        parts = pieces(prompt.user, prompt.syntax)
        return write((Piece(f"{line}\n\n"), *parts), prompt.syntax, like=prompt.user)
    front = Piece(f"{head}\n\n{line}\n\n" if head else f"{line}\n\n")
    return write((front, *layout.query, Piece(layout.tail + layout.cue)), prompt.syntax, like=prompt.user)
