"""Rules for Claude."""

from pipeline.prompts.families.rule import Rule, on_texts, on_whole_texts, substitute
from pipeline.prompts.families.sections import documents_in_tags, headings_to_tags
from pipeline.prompts.families.shared import NO_STEP_BY_STEP, WORDING

_GUIDE = "https://platform.claude.com/docs/en/build-with-claude/prompt-engineering"
_SOURCE = f"{_GUIDE}/claude-prompting-best-practices, read 2026-11"
_LONG = f"{_GUIDE}/long-context-tips, read 2026-11"

RULES = (
    Rule(
        id="claude-tags",
        changes="Turns markdown headings into XML tags around their sections.",
        why="Claude is trained to keep parts of a prompt apart by XML tags.",
        source=_SOURCE,
        lossless=True,
        change=lambda prompt, _ref: on_whole_texts(prompt, headings_to_tags),
    ),
    Rule(
        id="claude-documents",
        changes="Puts a document that stands alone on its line between <document> tags.",
        why="Claude tells a long input from the instructions around it by tags of its own.",
        source=_LONG,
        lossless=True,
        change=lambda prompt, _ref: on_texts(prompt, lambda text: documents_in_tags(text, prompt.syntax)),
    ),
    *WORDING,
    Rule(
        id="claude-soften",
        changes="Writes shouted words in normal case.",
        why="Current Claude models over-react to capitals and apply such rules where they were not meant.",
        source=_SOURCE,
        lossless=False,
        change=substitute(
            (r"\b(?:IMPORTANT|CRITICAL|WARNING|ATTENTION)\b:", "Note:"),
            (r"\bMUST\b", "must"),
            (r"\bNOT\b", "not"),
            (r"\bDO not\b", "Do not"),
            (r"\bNEVER\b", "never"),
            (r"\bALWAYS\b", "always"),
            (r"\bONLY\b", "only"),
        ),
    ),
    NO_STEP_BY_STEP,
)
