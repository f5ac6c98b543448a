"""Conversion: a writer model writes the prompt anew for the target, from the original and the target family's facts.

The idea of asking a model for a prompt is that of Zhou et al. 2022 (arXiv 2211.01910); the words are Ferry's own. The writer
sees the prompt, what is known of an answer's form, constraints and feedback, and never a sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.errors import PermanentError, TemporaryError
from pipeline.hashing import content_hash
from pipeline.models import family
from pipeline.models.failures import KINDS
from pipeline.prompts.contract import CHARACTERS_PER_TOKEN
from pipeline.prompts.families import apply, rules
from pipeline.prompts.families.limits import REASONING_ROOM, legal, limits
from pipeline.prompts.guards import length_cap
from pipeline.prompts.methods.family_rules import converted
from pipeline.prompts.methods.writing import FORM, asked
from pipeline.prompts.methods.written import UnusableReplyError, Written, read
from pipeline.prompts.port import Ask
from pipeline.prompts.template import convert
from pipeline.records import Edit, Model, Parameters, PromptVersion, Request, Syntax, Turn

ROOM_FOR_CHANGES = 1024
REASON_LENGTH = 600
_CUT = {"max_tokens", "length"}


class Emphasis(StrEnum):
    """What a variant is written for; the value is its name in reports."""

    FAITHFUL = "faithful"
    STRUCTURED = "structured"
    CONCISE = "concise"


WANTED = {
    Emphasis.FAITHFUL: "Stay as close to the original as the target allows: change what the facts above ask for, no more.",
    Emphasis.STRUCTURED: "Put every rule into the section where the target looks for it, one a line; part input from task.",
    Emphasis.CONCISE: "Say everything once and briefly: drop repetition and filling, never a rule, a name or a number.",
}


REPLIES = 2
"""Calls that one variant takes at most."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One variant a writer model writes; a reply that cannot be used is asked for once more, with the reason."""

    emphasis: Emphasis

    @property
    def name(self) -> str:
        return f"conversion, {self.emphasis}"

    def applies(self, ask: Ask) -> bool:
        return ask.writer is not None

    def missing(self, ask: Ask) -> str | None:
        """What would have to be there for this method to apply, as a sentence; None when it applies."""
        if ask.writer is not None:
            return None
        return "Conversion by a model was not tried, because no model was named that writes prompts."

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        """Raises TemporaryError or PermanentError when the writer fails, or replies twice with what cannot be used."""
        assert ask.writer is not None  # noqa: S101  applies() has looked
        start = converted(ask, self.name)
        shown = _in_syntax(start, start.system, start.user, Syntax.DOUBLE)
        question = asked(ask, shown, WANTED[self.emphasis])
        written = await _written(ask.writer, question, shown, with_cue=family(ask.target) == "base")
        return (_finished(start, written, ask, self.emphasis),)


ALL = tuple(Rewrite(emphasis) for emphasis in Emphasis)


async def _written(writer: Model, question: str, shown: PromptVersion, *, with_cue: bool) -> Written:
    """What the writer gives, after one more try where its first reply cannot be used."""
    turns: tuple[Turn, ...] = (Turn(role="user", text=question),)
    for last in (False, True):
        reply = await _reply(writer, turns, shown)
        try:
            return read(reply, shown, with_cue=with_cue)
        except UnusableReplyError as error:
            if last:
                raise PermanentError(f"The writer gave no prompt that can be used: {error}") from error
            again = f"That cannot be used: {error} Reply again, in this form and with nothing around it:\n\n{FORM}"
            turns = (*turns, Turn(role="assistant", text=reply or "(nothing)"), Turn(role="user", text=again))
    raise AssertionError


async def _reply(writer: Model, turns: Sequence[Turn], shown: PromptVersion) -> str:
    """The text of one call. Raises TemporaryError or PermanentError with a sentence when there is none."""
    request = Request(
        sample_id=f"write {content_hash(turns)[:16]}",
        system="You carry prompts from one language model to another without changing what they ask for.",
        turns=tuple(turns),
        parameters=_room(shown, writer.ref),
    )
    output = await writer.answer(request)
    if output.failure is not None:
        raised = TemporaryError if KINDS[output.failure.kind].retry else PermanentError
        raise raised(f"The writer did not answer. {output.failure.message}")
    if output.stop_reason in _CUT:
        raise PermanentError("The reply of the writer was cut off. Name one that writes longer answers.")
    return output.text or ""


def _room(shown: PromptVersion, ref: str) -> Parameters:
    tokens = length_cap(shown) // CHARACTERS_PER_TOKEN + ROOM_FOR_CHANGES
    return legal(Parameters(max_tokens=tokens + (REASONING_ROOM if limits(ref).reasons else 0)), ref)


def _finished(start: PromptVersion, written: Written, ask: Ask, emphasis: Emphasis) -> PromptVersion:
    """What was written in the prompt's own syntax, then once more through the rules that are applied without loss."""
    said = " ".join(written.changes)[:REASON_LENGTH] or "Written anew for the target."
    source = f"written by {ask.writer.ref if ask.writer else 'a model'} for {ask.target}"
    edit = Edit(rule=f"conversion-{emphasis}", reason=said, source=source, lossless=False)
    prompt = _in_syntax(replace(start, syntax=Syntax.DOUBLE), written.system, written.user, start.syntax)
    prompt = replace(prompt, edits=(*start.edits, edit))
    return apply([rule for rule in rules(ask.target) if rule.lossless], prompt, ask.target)


def _in_syntax(prompt: PromptVersion, system: str, user: str, syntax: Syntax) -> PromptVersion:
    """`prompt` with these two texts, which are in its syntax, in another one; turns stay for the writer to read only."""
    own = prompt.syntax
    return replace(prompt, system=convert(system, own, syntax), user=convert(user, own, syntax), syntax=syntax)
