"""What a call with a prompt is expected to take before any is made: tokens by length, money at the target's price.

An answer is expected to be as long as those that are known. What a model thinks in hidden tokens is not known before it is
measured, so a figure for a model that reasons is the least it will be.
"""

from collections.abc import Sequence

from pipeline.attachments.estimate import of_files
from pipeline.models.prices import Price
from pipeline.prompts.contract import CHARACTERS_PER_TOKEN, answers
from pipeline.records import PromptVersion, Sample, Usage


def characters(prompt: PromptVersion) -> int:
    """Of all that is sent with every call besides the values: the texts, the schema of the answer, the tools."""
    tools = prompt.tools.tools if prompt.tools else ()
    offered = sum(len(tool.name) + len(tool.description) + len(tool.schema) for tool in tools)
    return sum(map(len, prompt.texts)) + len(prompt.parameters.json_schema or "") + offered


def usage_of_a_call(prompt: PromptVersion, dev: Sequence[Sample]) -> Usage:
    """Tokens in and out of one call on a sample like those of `dev`; the longest answer allowed where no answer is known."""
    given = sum(len(value) for sample in dev for value in sample.variables.values()) // max(1, len(dev))
    files = sum(map(of_files, dev)) // max(1, len(dev))
    known = [len(text) for text in answers(dev)]
    expected = sum(known) // len(known) // CHARACTERS_PER_TOKEN + 1 if known else prompt.parameters.max_tokens
    return Usage(
        input_tokens=(characters(prompt) + given) // CHARACTERS_PER_TOKEN + files,
        output_tokens=min(expected, prompt.parameters.max_tokens),
    )


def usd_per_1000(prompt: PromptVersion, dev: Sequence[Sample], price: Price) -> float:
    """USD of 1,000 such calls."""
    return 1_000 * price.of(usage_of_a_call(prompt, dev))
