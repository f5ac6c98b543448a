"""Advanced Prompt Optimization of Amazon Bedrock: what a job is sent, its life, and the prompt it wrote.

https://docs.aws.amazon.com/bedrock/latest/userguide/advanced-prompt-optimization-input.html, format `bedrock-2026-05-14`, read
2026-11. The service scores on the samples it learns from. Ferry takes its prompt and none of its figures.
"""

from pipeline.prompts.advpo.asked import Asked, asked
from pipeline.prompts.advpo.jobs import Advpo
from pipeline.prompts.advpo.results import candidate

__all__ = ["Advpo", "Asked", "asked", "candidate"]
