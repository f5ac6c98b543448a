"""Rules for base models, which continue a text instead of following a conversation."""

from dataclasses import replace

from pipeline.prompts.contract import answer_cue
from pipeline.prompts.families.rule import Rule, system_into_user
from pipeline.records import PromptVersion

_SOURCE = "Brown et al. 2020, https://arxiv.org/abs/2005.14165, section 2; llama.cpp server documentation, read 2026-11"


def trim_end(prompt: PromptVersion, _ref: str) -> PromptVersion:
    """Without white space after the last word, unless a frozen span or a variable ends the text."""
    return replace(prompt, user=prompt.user.rstrip())


def end_with_cue(prompt: PromptVersion, _ref: str) -> PromptVersion:
    """With a last line after which only the answer can follow."""
    return prompt if answer_cue(prompt) else replace(prompt, user=f"{prompt.user.rstrip()}\n\nAnswer:")


RULES = (
    Rule(
        id="base-system",
        changes="Puts the system text in front of the user text.",
        why="A base model has no system role.",
        source=_SOURCE,
        lossless=True,
        change=lambda prompt, _ref: system_into_user(prompt),
    ),
    Rule(
        id="base-trim",
        changes="Removes white space at the end.",
        why="Tokens begin with their space: a space at the end makes the wanted token improbable.",
        source=_SOURCE,
        lossless=True,
        change=trim_end,
    ),
    Rule(
        id="base-cue",
        changes='Ends the prompt with the line "Answer:".',
        why="A base model continues the text; without a cue it continues the instructions.",
        source=_SOURCE,
        lossless=False,
        change=end_with_cue,
    ),
)
