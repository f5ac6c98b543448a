"""What changes when a prompt moves to another family of models: a rule table per family, each rule with source and date."""

from collections.abc import Mapping

from pipeline.models import family
from pipeline.prompts.families import amazon, anthropic, base, meta, mistral, openai, shared
from pipeline.prompts.families.rule import Rule, apply

__all__ = ["FAMILIES", "Rule", "apply", "rules"]

FAMILIES: Mapping[str, tuple[Rule, ...]] = {
    "amazon": amazon.RULES,
    "anthropic": anthropic.RULES,
    "base": base.RULES,
    "meta": meta.RULES,
    "mistral": mistral.RULES,
    "openai": openai.RULES,
}


def rules(ref: str) -> tuple[Rule, ...]:
    """The rules for the model `ref` names, in the order they apply; those for every family first."""
    of_family = family(ref)
    first = tuple(rule for rule in shared.FIRST if of_family != "base" or rule is not shared.STRIP_TOKENS)
    return first + FAMILIES.get(of_family, shared.WORDING)
