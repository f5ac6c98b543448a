"""Shorter answers for latency: a length in the instruction and a limit from the wanted answers; quality and time are measured."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import fmean

from pipeline.prompts.contract import demands_json
from pipeline.prompts.families.limits import limits
from pipeline.prompts.port import Ask
from pipeline.prompts.rounds.costs import saved_usd
from pipeline.prompts.rounds.lengths import room, wanted_tokens, wanted_words
from pipeline.prompts.rounds.placing import edited, with_words
from pipeline.prompts.rounds.port import Proposal, Scene, Technique
from pipeline.records import PromptVersion

LONGER = 1.3
"""Times the wanted length that answers must have before shortening them is worth a round."""
FEWEST_TOKENS = 10
"""Output tokens that a round must be able to save per answer."""
USUAL = 0.9


@dataclass(frozen=True, slots=True)
class Shorter:
    technique: Technique = Technique.SHORTER

    def propose(self, scene: Scene) -> tuple[Proposal, ...]:
        given, wanted = _given(scene), wanted_tokens(scene, 0.5)
        words, limit = wanted_words(scene, USUAL), room(scene)
        if not given or wanted is None or words is None or limit is None:
            return ()
        mean = fmean(given.values())
        if mean < max(LONGER * wanted, wanted + FEWEST_TOKENS) or demands_json(scene.prompt):
            return ()
        now = scene.prompt.parameters.max_tokens
        lower = limit if limit < now and not limits(scene.ask.target).reasons else None
        said = f"Answer in at most {words} word{'' if words == 1 else 's'}."
        told = (
            f"Answers have {mean:.0f} output tokens on average over {len(given)} samples; half of the wanted ones need "
            f"{wanted} or fewer. Say “{said}”"
            + (f" and lower the longest answer from {now} to {lower} tokens." if lower else ".")
        )
        usd = saved_usd(scene.ask, mean - wanted)
        return (
            Proposal(
                technique=self.technique, group="", sentence=told, sample_ids=(), words=said, max_tokens=lower, usd_per_1000=usd
            ),
        )

    def edit(self, proposal: Proposal, prompt: PromptVersion, ask: Ask) -> PromptVersion:
        made = with_words(prompt, proposal.words, ask.target)
        if proposal.max_tokens is not None and proposal.max_tokens < made.parameters.max_tokens:
            made = replace(made, parameters=replace(made.parameters, max_tokens=proposal.max_tokens))
        return edited(prompt, made, self.technique.value, proposal.sentence)


SHORTER = Shorter()


def _given(scene: Scene) -> Mapping[str, int]:
    """Output tokens of every answer that carries them."""
    return {o.sample_id: o.usage.output_tokens for o in scene.outputs if o.text and o.usage is not None}
