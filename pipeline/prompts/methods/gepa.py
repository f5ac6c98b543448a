"""GEPA: a writer model reflects on what went wrong and rewrites the prompt; what measures better on dev goes on.

Agrawal et al. 2025, "GEPA: Reflective Prompt Evolution Can Outperform Reinforcement Learning" (arXiv 2507.19457), by the library
`gepa`, which knows neither our budget nor our guards: it drives, `pipeline.prompts.search.evolution` holds the wheel.
"""

from dataclasses import dataclass

from pipeline.prompts.port import Ask
from pipeline.records import PromptVersion

SMALLEST_DEV = 50
"""Below this a slice to select by and rows to learn from leave too little of either: it would learn dev by heart."""


@dataclass(frozen=True, slots=True)
class Gepa:
    """Needs a writer and a measure. Gives the two or three versions that measured best on a slice of dev, the best first."""

    name: str = "gepa"

    def applies(self, ask: Ask) -> bool:
        return ask.measure is not None and why_not(ask) is None

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        from pipeline.prompts.search.evolution import evolve

        return (await evolve(ask, self.name)).found


def why_not(ask: Ask) -> str | None:
    """The sentence why GEPA does not start here, or None: what it lacks, and how to give it."""
    if ask.writer is None:
        return "GEPA was left out: no model writes prompts here. Name one with --writer to let it improve the best candidate."
    if len(ask.dev) < SMALLEST_DEV:
        return (
            f"GEPA was left out: dev has {len(ask.dev)} samples and it needs {SMALLEST_DEV}, or it would learn them by heart. "
            "Add samples to the dataset to let it start."
        )
    return None
