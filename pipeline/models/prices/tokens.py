"""How many tokens a call takes, before there was one."""

from collections.abc import Sequence

from pipeline.attachments.estimate import of_files
from pipeline.records import PromptVersion, Sample, Usage

CHARACTERS, MEASURED = 4.0, 500


def usage_of_a_call(prompt: PromptVersion, samples: Sequence[Sample]) -> Usage:
    """Tokens in and out of one answer, from recorded counts where there are any, else about four characters a token."""
    some = samples[:MEASURED]
    fixed = len(prompt.system) + len(prompt.user)
    told = [sample.recorded.usage for sample in some if sample.recorded and sample.recorded.usage]
    asked = [fixed + sum(map(len, sample.variables.values())) + round(CHARACTERS * of_files(sample)) for sample in some]
    said = [len(sample.recorded.text if sample.recorded else sample.reference or "") for sample in some]
    return Usage(
        input_tokens=round(_mean([usage.input_tokens for usage in told]) or _mean(asked) / CHARACTERS),
        output_tokens=max(1, round(_mean([usage.output_tokens for usage in told]) or _mean(said) / CHARACTERS)),
    )


def _mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0
