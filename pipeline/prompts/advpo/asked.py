"""What a job of Advanced Prompt Optimization is sent: one template, the dev samples it learns from, the model it is for.

A template is one text, so system and user text are joined. Frozen spans are fenced with `<advpo:exclude>`. Each variable of a
sample is an object of its own: objects with several keys are not what the documentation describes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.aws.inference import inference_configuration
from pipeline.errors import InputError
from pipeline.hashing import content_hash
from pipeline.prompts.doubled import texts_for
from pipeline.prompts.methods.family_rules import converted
from pipeline.prompts.port import Ask
from pipeline.prompts.template import fill, marker, placed, variables
from pipeline.records import PromptVersion, Sample, Syntax

NAME = "AdvPO"
VERSION = "bedrock-2026-05-14"
MOST_SAMPLES, MOST_CRITERIA, MOST_BYTES = 100, 5, 50_000_000
"""https://docs.aws.amazon.com/bedrock/latest/userguide/advanced-prompt-optimization.html, quotas, read 2026-11."""
_VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True)
class Asked:
    """One job: the `start` prompt it rewrites, the `template` and `samples` it is sent, for the `model` (a Bedrock id).

    `steering` says in words what to look for; without it the service's own judge compares with the references. A higher
    `attempt` asks anew where a job failed.
    """

    start: PromptVersion
    template: str
    model: str
    samples: tuple[Mapping[str, Any], ...]
    steering: tuple[str, ...] = ()
    attempt: int = 1

    @cached_property
    def name(self) -> str:
        """Made from all that is asked: the same is asked once, whoever asks."""
        sent = [self.template, self.model, self.samples, self.steering, self.start.parameters, self.attempt]
        return f"ferry-{content_hash(sent)[:40]}"

    @property
    def body(self) -> bytes:
        """The file of the job, one JSON object in one line, in ASCII."""
        line: dict[str, Any] = {"version": VERSION, "templateId": self.name, "promptTemplate": self.template}
        if self.steering:
            line["steeringCriteria"] = list(self.steering)
        return (json.dumps({**line, "evaluationSamples": list(self.samples)}) + "\n").encode()

    @property
    def configuration(self) -> dict[str, Any]:
        """The model with the parameters the prompt will run with; what is left open is not sent."""
        return {"modelId": self.model, "inferenceConfig": inference_configuration(self.start.parameters)}


def asked(ask: Ask, attempt: int = 1) -> Asked:
    """The job that `ask` stands for: its prompt after the lossless rules, at most MOST_SAMPLES of dev in a fixed order.

    Raises InputError where the service cannot take the prompt, the target or the samples.
    """
    provider, _, model = ask.target.partition(":")
    if provider != "bedrock":
        raise InputError(f"{NAME} rewrites prompts for models on Bedrock; {ask.target} is none. Choose a bedrock: target.")
    if not ask.dev:
        raise InputError(f"{NAME} learns from samples, and there are none on dev. Give a dataset with --dataset.")
    start = converted(ask, NAME)
    if start.turns:
        raise InputError(
            f"{NAME} takes one text, and this prompt has {len(start.turns)} earlier messages. Write them into the text, or "
            "start from a prompt without them."
        )
    if start.prepare:
        raise InputError(
            f"{NAME} fills in samples as they are, and this prompt changes them first ({start.prepare[0].name}). Start from a "
            "prompt without input steps."
        )
    if any(placed(start, (each.variable for each in sample.attachments)) for sample in ask.dev):
        raise InputError(
            f"{NAME} takes images and PDFs from S3 only, which Ferry does not put there; this prompt's samples hold some. Use "
            "the other methods."
        )
    if not variables(start):
        raise InputError("The prompt marks no variable, so every sample would get the same text. Mark the place of the question.")
    texts = texts_for(start, NAME, _VARIABLE)
    template = "\n\n".join(text for text in texts if text.strip())
    made = Asked(
        start=start,
        template=re.sub(r"<(/?)freeze>", r"<\1advpo:exclude>", template),
        model=model,
        samples=tuple(_sample(each, sorted(set(variables(start)))) for each in chosen(ask.dev)),
        steering=tuple(text.strip() for text in ask.constraints if text.strip())[:MOST_CRITERIA],
        attempt=attempt,
    )
    if len(made.body) > MOST_BYTES:
        raise InputError(f"The samples make a file of {len(made.body):,} bytes; {NAME} takes {MOST_BYTES:,}. Give shorter ones.")
    return made


def chosen(dev: Sequence[Sample]) -> tuple[Sample, ...]:
    """The samples that are sent: in the order of their ids' hashes, so that files sorted by label give every label."""
    return tuple(sorted(dev, key=lambda sample: content_hash(sample.id))[:MOST_SAMPLES])


def _sample(sample: Sample, names: Sequence[str]) -> Mapping[str, Any]:
    values = [{name: fill(marker(name, Syntax.DOUBLE), Syntax.DOUBLE, sample.variables)} for name in names]
    return {"inputVariables": values, **({"referenceResponse": sample.reference} if sample.reference else {})}
