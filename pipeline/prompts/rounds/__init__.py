"""Improvement rounds: from failures by cause and people's comments to proposals, their candidate and its measured effect.

A technique is a file in this folder and a line in WAYS. `proposals` chooses, `candidate` makes the prompt version, and after a
run on dev `outcome` says what it did for every group. A person decides; nothing here keeps or reverts.
"""

from pipeline.prompts.rounds.advice import Advice, latency_advice
from pipeline.prompts.rounds.effects import Effect, Outcome, effects, outcome
from pipeline.prompts.rounds.port import Proposal, Technique
from pipeline.prompts.rounds.propose import WAYS, candidate, nothing_fits, proposals, refusals

__all__ = [
    "WAYS",
    "Advice",
    "Effect",
    "Outcome",
    "Proposal",
    "Technique",
    "candidate",
    "effects",
    "latency_advice",
    "nothing_fits",
    "outcome",
    "proposals",
    "refusals",
]
