"""How long an answer may be, from how long the source's answers are: what a call reserves of a quota is mostly this."""

import math
from collections.abc import Sequence
from dataclasses import replace

from pipeline.prompts.contract import CHARACTERS_PER_TOKEN, references
from pipeline.prompts.families.limits import REASONING_ROOM, limits
from pipeline.prompts.port import Ask
from pipeline.records import Parameters, PromptVersion, RecordedOutput, Sample

FEWEST, PERCENTILE, HEADROOM, STEP, OVERSIZED = 30, 0.99, 1.5, 32, 4
"""Fewer known answers say nothing; tokenizers differ, so half as much again; more than four times that is far too much."""


def room(dev: Sequence[Sample], target: str) -> int | None:
    """Tokens for an answer of `target`: the 99th percentile of the source's, with headroom, and never less than references need.

    None where fewer than 30 answers of the source are known.
    """
    known = sorted(_tokens(sample.recorded) for sample in dev if sample.recorded is not None and sample.recorded.text.strip())
    if len(known) < FEWEST:
        return None
    high = known[math.ceil(PERCENTILE * len(known)) - 1]
    needed = max((len(text) / CHARACTERS_PER_TOKEN for text in references(dev)), default=0.0)
    rounded = STEP * math.ceil(max(high * HEADROOM, needed) / STEP)
    return rounded + (REASONING_ROOM if limits(target).reasons else 0)


def with_room(prompt: PromptVersion, ask: Ask) -> PromptVersion:
    """`prompt` with that length, where it names none or one far too large; with tools an answer may be a call, so it stays."""
    found, now = room(ask.dev, ask.target), prompt.parameters.max_tokens
    if found is None or prompt.tools is not None or not (now == Parameters().max_tokens or now > OVERSIZED * found):
        return prompt
    return replace(prompt, parameters=replace(prompt.parameters, max_tokens=found))


def _tokens(recorded: RecordedOutput) -> float:
    counted = recorded.usage.output_tokens if recorded.usage else 0
    return counted or len(recorded.text) / CHARACTERS_PER_TOKEN
