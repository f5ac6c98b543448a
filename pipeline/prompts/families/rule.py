"""A family rule: one change to a prompt, why, and where that is written; and the edits several families share."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pipeline.records import Edit, PromptVersion, Turn

_FREEZE = re.compile(r"(<freeze>.*?</freeze>)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`change(prompt, ref)` returns the prompt as it was when the rule has nothing to do; it is idempotent.

    `lossless` rules keep every word of the instructions and are applied; the others are proposed in a candidate of their own.
    """

    id: str
    changes: str
    why: str
    source: str
    lossless: bool
    change: Callable[[PromptVersion, str], PromptVersion]


def apply(rules: Iterable[Rule], prompt: PromptVersion, ref: str) -> PromptVersion:
    """`prompt` after every rule in order; each rule that changed something leaves its edit."""
    for rule in rules:
        changed = rule.change(prompt, ref)
        if changed.hash != prompt.hash:
            edit = Edit(rule=rule.id, reason=f"{rule.changes} {rule.why}", source=rule.source, lossless=rule.lossless)
            prompt = replace(changed, edits=(*prompt.edits, edit))
    return prompt


def on_texts(prompt: PromptVersion, change: Callable[[str], str]) -> PromptVersion:
    """`change` applied to system and user texts outside frozen spans."""
    return on_whole_texts(prompt, lambda text: outside_frozen(text, change))


def on_whole_texts(prompt: PromptVersion, change: Callable[[str], str]) -> PromptVersion:
    """`change` applied to each system and user text as a whole, for changes that see to frozen spans themselves.

    Assistant turns stay: they show the model what an answer looks like.
    """
    turns = tuple(turn if turn.role == "assistant" else replace(turn, text=change(turn.text)) for turn in prompt.turns)
    return replace(prompt, system=change(prompt.system), user=change(prompt.user), turns=turns)


def outside_frozen(text: str, change: Callable[[str], str]) -> str:
    return "".join(part if part.startswith("<freeze>") else change(part) for part in _FREEZE.split(text))


def substitute(*pairs: tuple[str, str]) -> Callable[[PromptVersion, str], PromptVersion]:
    """A change that replaces each pattern by its text outside frozen spans."""
    compiled = [(re.compile(pattern), text) for pattern, text in pairs]

    def change(prompt: PromptVersion, _ref: str) -> PromptVersion:
        for pattern, text in compiled:
            prompt = on_texts(prompt, lambda part, p=pattern, t=text: p.sub(t, part))  # type: ignore[misc]
        return prompt

    return change


def system_into_user(prompt: PromptVersion) -> PromptVersion:
    """The system text in front of the first user text, for models without a system role."""
    if not prompt.system.strip():
        return prompt
    if prompt.turns:
        first, *others = prompt.turns
        opened = (
            (Turn(role="user", text=prompt.system), first)
            if first.role == "assistant"
            else (replace(first, text=f"{prompt.system.rstrip()}\n\n{first.text}"),)
        )
        return replace(prompt, system="", turns=(*opened, *others))
    return replace(prompt, system="", user=f"{prompt.system.rstrip()}\n\n{prompt.user}")
