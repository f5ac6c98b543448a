"""Rules for GPT, on OpenAI's own API and on Bedrock."""

from pipeline.prompts.families.limits import limits
from pipeline.prompts.families.rule import Rule
from pipeline.prompts.families.shared import NO_STEP_BY_STEP, WORDING
from pipeline.records import PromptVersion


def without_scaffold(prompt: PromptVersion, ref: str) -> PromptVersion:
    """Without the request to think step by step where the model reasons on its own."""
    return NO_STEP_BY_STEP.change(prompt, ref) if limits(ref).reasons else prompt


RULES = (
    *WORDING,
    Rule(
        id="gpt-reasoning",
        changes="Removes the request to think step by step.",
        why="Reasoning models plan on their own; the request makes answers longer and not better.",
        source="https://platform.openai.com/docs/guides/reasoning-best-practices, read 2026-11",
        lossless=False,
        change=without_scaffold,
    ),
)
