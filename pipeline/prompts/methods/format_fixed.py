"""The format-fixed bar: the same instructions with the form of the answer settled, so that form is not booked as skill."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.models import family
from pipeline.prompts.contract import answer_cue, demands_json, longest_tokens, single_line
from pipeline.prompts.families.rule import Rule, apply
from pipeline.prompts.families.shared import LEGAL
from pipeline.prompts.methods.answer_room import with_room
from pipeline.prompts.port import Ask
from pipeline.records import PromptVersion, UseCase

TEXT_ONLY = "Answer with the text only: no explanation, no quotation marks."
JSON_ONLY = "Answer with the JSON only: no explanation, no code fence."
SHORT_ANSWERS = {UseCase.CLASSIFICATION, UseCase.EXTRACTION}
ROOM = "format-room"
_SOURCE = "references of the dev split; comparison with a format-fixed baseline, 2026-11"


@dataclass(frozen=True, slots=True)
class FormatFixed:
    """Stop sequence, length of the answer, white space, and for chat models one line that asks for the answer alone.

    Where tools are offered an answer may be a call: its length and its words are left open.
    """

    name: str = "format-fixed"

    def applies(self, _ask: Ask) -> bool:
        return True

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        return (fixed(ask, self.name),)


def fixed(ask: Ask, method: str) -> PromptVersion:
    """`ask.prompt` with its output format fixed for the target; the start of the other methods."""
    prompt = apply((*format_rules(ask), *LEGAL), ask.prompt, ask.target)
    return replace(prompt, method=method, parent=ask.prompt.hash)


def format_rules(ask: Ask) -> tuple[Rule, ...]:
    """What settles the form of an answer, each part as a rule; a part that is settled already changes nothing.

    Another longest answer alone would make a bar of its own, paid for on all of dev, out of what answers the same.
    """
    rules = _rules(ask)
    others = tuple(rule for rule in rules if rule.id != ROOM)
    settled, legal = (apply((*each, *LEGAL), ask.prompt, ask.target) for each in (others, ()))
    return others if settled.hash == legal.hash else rules


def _rules(ask: Ask) -> tuple[Rule, ...]:
    return (
        _rule("format-trim", "Removes white space at both ends.", "It changes how the first token is chosen.", _trim),
        _rule(
            "format-stop",
            "Ends the answer at the line break.",
            "Every known answer is one line; a base model would go on writing.",
            lambda prompt: _stop(prompt, ask),
        ),
        _rule(
            ROOM,
            "Sets the longest answer by the 99th percentile of the source's answers, with room to spare.",
            "The prompt names none, or far more than any answer needs; providers reserve all of it from the quota.",
            lambda prompt: with_room(prompt, ask),
        ),
        _rule(
            "format-length",
            "Limits the answer to the longest known one with room to spare.",
            "What comes after it is not part of an answer and costs time and money.",
            lambda prompt: _length(prompt, ask),
        ),
        _rule(
            "format-only",
            "Asks for the answer alone.",
            "Chat models explain themselves; the reader of the answer is a program.",
            lambda prompt: _answer_only(prompt, ask),
        ),
    )


def _rule(name: str, changes: str, why: str, change: Callable[[PromptVersion], PromptVersion]) -> Rule:
    return Rule(id=name, changes=changes, why=why, source=_SOURCE, lossless=True, change=lambda prompt, _ref: change(prompt))


def _trim(prompt: PromptVersion) -> PromptVersion:
    return replace(prompt, system=prompt.system.strip(), user=prompt.user.strip())


def _stop(prompt: PromptVersion, ask: Ask) -> PromptVersion:
    if family(ask.target) != "base" or not single_line(ask.dev) or answer_cue(prompt) is None or "\n" in prompt.parameters.stop:
        return prompt
    return replace(prompt, parameters=replace(prompt.parameters, stop=("\n", *prompt.parameters.stop)))


def _length(prompt: PromptVersion, ask: Ask) -> PromptVersion:
    longest = longest_tokens(ask.dev)
    if (
        longest is None
        or prompt.tools is not None
        or not (ask.use_case is UseCase.CLASSIFICATION or family(ask.target) == "base")
    ):
        return prompt
    room = longest if ask.use_case is UseCase.CLASSIFICATION else 2 * longest
    return replace(prompt, parameters=replace(prompt.parameters, max_tokens=min(room, prompt.parameters.max_tokens)))


def _answer_only(prompt: PromptVersion, ask: Ask) -> PromptVersion:
    line = JSON_ONLY if demands_json(prompt) else TEXT_ONLY
    wanted = demands_json(prompt) or ask.use_case in SHORT_ANSWERS
    if not wanted or prompt.tools is not None or family(ask.target) == "base" or line in prompt.system + prompt.user:
        return prompt
    if prompt.system:
        return replace(prompt, system=f"{prompt.system}\n\n{line}")
    if answer_cue(prompt):
        return replace(prompt, user=f"{line}\n\n{prompt.user}")
    return replace(prompt, user=f"{prompt.user}\n\n{line}")
