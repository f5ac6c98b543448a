"""The prompt as it is: the bar every other candidate is measured against."""

from dataclasses import dataclass, replace

from pipeline.models import family
from pipeline.prompts.contract import longest_tokens
from pipeline.prompts.families.rule import Rule, apply
from pipeline.prompts.families.shared import LEGAL
from pipeline.prompts.port import Ask
from pipeline.records import Parameters, PromptVersion

ROOM = 2  # times the longest known answer


@dataclass(frozen=True, slots=True)
class AsIs:
    """No word changes. Parameters the target refuses are left out, and a base model, which never ends by itself, gets a limit.

    Either is noted as an edit; where neither is needed, the candidate is the original itself.
    """

    name: str = "as is"

    def applies(self, _ask: Ask) -> bool:
        return True

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        limit = Rule(
            id="as-is-limit",
            changes=f"Limits the answer to {ROOM} times the longest known one.",
            why="The original names no limit, and a base model goes on until it is stopped.",
            source="references of the dev split",
            lossless=True,
            change=lambda prompt, _ref: _limited(prompt, ask),
        )
        changed = apply((limit, *LEGAL), ask.prompt, ask.target)
        if changed.hash == ask.prompt.hash:
            return (ask.prompt,)
        return (replace(changed, method=self.name, parent=ask.prompt.hash),)


def _limited(prompt: PromptVersion, ask: Ask) -> PromptVersion:
    longest = longest_tokens(ask.dev)
    undeclared = prompt.parameters.max_tokens == Parameters().max_tokens
    if family(ask.target) != "base" or longest is None or not undeclared:
        return prompt
    return replace(prompt, parameters=replace(prompt.parameters, max_tokens=min(ROOM * longest, prompt.parameters.max_tokens)))
