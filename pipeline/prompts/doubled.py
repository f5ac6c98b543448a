"""A prompt as services read it that know `{{x}}` and nothing else: no other syntax, no escapes, few variables, plain names."""

import re

from pipeline.errors import InputError
from pipeline.prompts.template import FREEZE_TAGS, marker, pieces, variables
from pipeline.records import PromptVersion, Syntax

MOST_VARIABLES = 20
"""Amazon Bedrock, quotas of prompt management and of Advanced Prompt Optimization, read 2026-11."""


def texts_for(prompt: PromptVersion, service: str, name: re.Pattern[str]) -> tuple[str, ...]:
    """Every text of `prompt` with its variables as `{{x}}`, frozen spans still marked; `name` is what a variable may be called.

    Raises InputError where `service` would read another prompt than Ferry does.
    """
    names = sorted(set(variables(prompt)))
    if len(names) > MOST_VARIABLES:
        raise InputError(f"{service} takes at most {MOST_VARIABLES} variables; this prompt has {len(names)}. Join some of them.")
    if strange := [each for each in names if not name.fullmatch(each)]:
        raise InputError(
            f'{service} does not take the variable name "{strange[0][:40]}". Rename it in the prompt and in the dataset: '
            "letters, digits and single underscores."
        )
    return tuple(_text(text, prompt.syntax, service) for text in prompt.texts)


def without_marks(text: str) -> str:
    """`text` as it is sent to a model: the marks of frozen spans are Ferry's own."""
    return FREEZE_TAGS.sub("", text)


def _text(text: str, syntax: Syntax, service: str) -> str:
    parts = pieces(text, syntax)
    written = "".join(marker(part.text, Syntax.DOUBLE) if part.variable else part.text for part in parts)
    if pieces(written, Syntax.DOUBLE) != parts:
        raise InputError(
            f"{service} would fill in a {{{{name}}}} that this prompt means as plain text, or miss one behind a backslash. Write "
            "that place in another way."
        )
    return written
