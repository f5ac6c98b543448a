"""Rules for GPT, on OpenAI's own API and on Bedrock."""

from dataclasses import replace

from pipeline.prompts.families.limits import limits
from pipeline.prompts.families.long_inputs import instructions_after
from pipeline.prompts.families.rule import Rule
from pipeline.prompts.families.shared import NO_STEP_BY_STEP, WORDING, where_it_reasons
from pipeline.records import PromptVersion


def instructions_twice(prompt: PromptVersion, ref: str) -> PromptVersion:
    """The instructions above a long input below it too; reasoning models, which need them said once, keep the text."""
    return prompt if limits(ref).reasons else replace(prompt, user=instructions_after(prompt))


RULES = (
    *WORDING,
    Rule(
        id="gpt-instructions-twice",
        changes="Repeats the instructions after the long input they stand before.",
        why="OpenAI found that instructions before and after a long input are followed better than on one side of it.",
        source="https://cookbook.openai.com/examples/gpt4-1_prompting_guide, section Long Context, read 2026-11",
        lossless=False,
        change=instructions_twice,
    ),
    Rule(
        id="gpt-reasoning",
        changes="Removes the request to think step by step.",
        why="Reasoning models plan on their own; the request makes answers longer and not better.",
        source="https://platform.openai.com/docs/guides/reasoning-best-practices, read 2026-11",
        lossless=False,
        change=where_it_reasons(NO_STEP_BY_STEP.change),
    ),
)
