"""Rules for Claude."""

from pipeline.prompts.families.rule import Rule, on_whole_texts, substitute
from pipeline.prompts.families.sections import headings_to_tags
from pipeline.prompts.families.shared import NO_STEP_BY_STEP, OTHER_NAMES

_SOURCE = "Anthropic prompting best practices and migration guide, read 2026-11"

RULES = (
    Rule(
        id="claude-tags",
        changes="Turns markdown headings into XML tags around their sections.",
        why="Claude is trained to keep parts of a prompt apart by XML tags.",
        source=_SOURCE,
        lossless=True,
        change=lambda prompt, _ref: on_whole_texts(prompt, headings_to_tags),
    ),
    OTHER_NAMES,
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
