"""Free text in a thread -> what the person seems to want. It may talk and propose; only a click or a command decides."""

from agent.interpret import rules
from agent.interpret.intent import Facts, Intent, IntentKind, Reader

__all__ = ["Facts", "Intent", "IntentKind", "Reader", "interpret"]


async def interpret(text: str, facts: Facts, reader: Reader | None = None) -> Intent:
    """The intent of `text`. What the rules are sure of costs no call; the rest goes to `reader`, where there is one.

    A reader that fails or does not know either leaves the rules' own guess, which is `unknown` for unrelated talk.
    """
    guess = rules.read(text, facts)
    if guess.sure or reader is None:
        return guess
    read = await reader(text, facts)
    return guess if read is None else read
