"""The prompt as it is: the bar every other candidate is measured against."""

from dataclasses import dataclass, replace

from pipeline.prompts.families.rule import apply
from pipeline.prompts.families.shared import LEGAL_PARAMETERS
from pipeline.prompts.port import Ask
from pipeline.records import PromptVersion


@dataclass(frozen=True, slots=True)
class AsIs:
    """No word changes; only parameters the target would answer with a 400 are left out, and that is noted as an edit."""

    name: str = "as is"

    def applies(self, _ask: Ask) -> bool:
        return True

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        changed = apply((LEGAL_PARAMETERS,), ask.prompt, ask.target)
        if changed.hash == ask.prompt.hash:
            return (ask.prompt,)
        return (replace(changed, method=self.name, parent=ask.prompt.hash),)
