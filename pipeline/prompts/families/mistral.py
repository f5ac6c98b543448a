"""Rules for Mistral."""

import re
from dataclasses import replace

from pipeline.prompts.families.rule import Rule, system_into_user
from pipeline.prompts.families.shared import WORDING
from pipeline.records import PromptVersion

_SOURCE = (
    "https://docs.mistral.ai/guides/prompting_capabilities; "
    "https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral.html, read 2026-11"
)
_NO_SYSTEM = re.compile(r"mistral-7b-instruct-v0[.:][12]\b|mistral-7b-instruct-v0\b")


def early_instruct(prompt: PromptVersion, ref: str) -> PromptVersion:
    """The system text in the user turn for Mistral 7B Instruct v0.1 and v0.2."""
    return system_into_user(prompt) if _NO_SYSTEM.search(ref) else prompt


def set_temperature(prompt: PromptVersion, _ref: str) -> PromptVersion:
    """With temperature 0 where none is set."""
    if prompt.parameters.temperature is not None:
        return prompt
    return replace(prompt, parameters=replace(prompt.parameters, temperature=0.0))


RULES = (
    Rule(
        id="mistral-system",
        changes="Puts the system text in front of the user text.",
        why="Mistral 7B Instruct v0.1 and v0.2 have no system role.",
        source=_SOURCE,
        lossless=True,
        change=early_instruct,
    ),
    *WORDING,
    Rule(
        id="mistral-temperature",
        changes="Sets the temperature to 0.",
        why="The default differs from one Mistral model to the next, so leaving it out changes behaviour unseen.",
        source=_SOURCE,
        lossless=False,
        change=set_temperature,
    ),
)
