"""Conversion methods behind one port: a new method is a file in this folder and a line in METHODS.

METHODS stands in the order of cost; the first method that makes a version names it.
"""

from collections.abc import Mapping

from pipeline.errors import FerryError
from pipeline.prompts.guards import check
from pipeline.prompts.methods.as_is import AsIs
from pipeline.prompts.methods.bedrock_optimize import BedrockOptimize
from pipeline.prompts.methods.family_rules import FamilyRules
from pipeline.prompts.methods.few_shot import FewShot
from pipeline.prompts.methods.format_fixed import FormatFixed
from pipeline.prompts.methods.gepa import Gepa
from pipeline.prompts.port import Ask, Method
from pipeline.records import Candidate, PromptVersion

__all__ = ["METHODS", "Ask", "Candidate", "Method", "candidates"]

_ALL: tuple[Method, ...] = (AsIs(), FormatFixed(), FamilyRules(), BedrockOptimize(), FewShot(), Gepa())
METHODS: Mapping[str, Method] = {method.name: method for method in _ALL}


async def candidates(ask: Ask, methods: Mapping[str, Method] = METHODS) -> tuple[Candidate, ...]:
    """What every method that applies proposes for `ask.target`, guarded; "as is" first, equal versions once.

    A method that fails gives one refused candidate with an empty text and the sentence; the others are not affected.
    """
    found: dict[str, Candidate] = {}
    for method in methods.values():
        if not method.applies(ask):
            continue
        try:
            proposed = await method.propose(ask)
        except FerryError as error:
            failed = PromptVersion(user="", syntax=ask.prompt.syntax, method=method.name, parent=ask.prompt.hash)
            found.setdefault(f"failed {method.name}", Candidate(target=ask.target, prompt=failed, refusal=error.message))
            continue
        for prompt in proposed:
            found.setdefault(prompt.hash, Candidate(target=ask.target, prompt=prompt, refusal=check(prompt, ask)))
    return tuple(found.values())
