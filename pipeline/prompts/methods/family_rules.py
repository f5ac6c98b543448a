"""The target family's rules: lossless edits applied, wording edits proposed as a candidate of their own."""

from dataclasses import dataclass, replace

from pipeline.prompts.families import apply, rules
from pipeline.prompts.methods.format_fixed import fixed, format_rules
from pipeline.prompts.port import Ask
from pipeline.records import PromptVersion


@dataclass(frozen=True, slots=True)
class FamilyRules:
    """Starts from the format-fixed prompt, so that what it adds is the gain of the rules alone."""

    name: str = "family rules"

    def applies(self, _ask: Ask) -> bool:
        return True

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        lossless = converted(ask, self.name)
        worded = apply([rule for rule in rules(ask.target) if not rule.lossless], lossless, ask.target)
        worded = apply(format_rules(ask), worded, ask.target)  # a cue that was added lets a base model stop at the line break
        if worded.hash == lossless.hash:
            return (lossless,)
        return lossless, replace(worded, method=f"{self.name}, wording")


def converted(ask: Ask, method: str) -> PromptVersion:
    """The format-fixed prompt after the lossless rules of the target's family."""
    return apply([rule for rule in rules(ask.target) if rule.lossless], fixed(ask, method), ask.target)
