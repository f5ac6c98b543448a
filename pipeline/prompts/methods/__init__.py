"""Conversion methods behind one port: a new method is a file in this folder and a line in METHODS.

METHODS stands in the order of cost; the first method that makes a version names it.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from pipeline.errors import FerryError
from pipeline.prompts.guards import check
from pipeline.prompts.methods.answer_schema import AnswerSchema
from pipeline.prompts.methods.as_is import AsIs
from pipeline.prompts.methods.bedrock_optimize import BedrockOptimize
from pipeline.prompts.methods.family_rules import FamilyRules
from pipeline.prompts.methods.few_shot import FewShot
from pipeline.prompts.methods.format_fixed import FormatFixed
from pipeline.prompts.methods.gepa import Gepa
from pipeline.prompts.methods.rewrite import ALL as CONVERSIONS
from pipeline.prompts.port import Ask, Method
from pipeline.records import Candidate, PromptVersion

__all__ = ["METHODS", "Ask", "Candidate", "Method", "candidates", "untried"]

_CHEAP: tuple[Method, ...] = (AsIs(), FormatFixed(), FamilyRules(), AnswerSchema(), BedrockOptimize())
_ALL: tuple[Method, ...] = (*_CHEAP, *CONVERSIONS, FewShot(), Gepa())
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


@runtime_checkable
class Demanding(Protocol):
    """A method that needs what not every ask has."""

    def missing(self, ask: Ask) -> str | None:
        """What would have to be there, as a sentence; None when the method applies."""
        ...


def untried(ask: Ask, methods: Mapping[str, Method] = METHODS) -> tuple[str, ...]:
    """A sentence for each thing that keeps methods from being tried, for a person to read; equal ones once."""
    said = (method.missing(ask) for method in methods.values() if isinstance(method, Demanding))
    return tuple(dict.fromkeys(sentence for sentence in said if sentence))
