"""Another tool's prompt as a candidate beside Ferry's own: the same guards, the same rows."""

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.prompts.families.rule import apply
from pipeline.prompts.families.shared import LEGAL
from pipeline.prompts.guards import check
from pipeline.prompts.importers.build import CARRIED
from pipeline.prompts.importers.port import Imported
from pipeline.prompts.port import Ask
from pipeline.prompts.template import Piece, pieces, variables, write
from pipeline.records import Candidate, PromptVersion, Sample


def candidate(imported: Imported, ask: Ask) -> Candidate:
    """`imported` proposed for `ask.target`.

    What its file does not say of parameters and tools is taken from the original. Where both have one variable, it takes the
    name of the original's, since a tool names it as it likes. Dev samples it shows in full are declared as shots, so that it is
    not scored on them.
    """
    prompt = imported.prompt
    if not any(setting.name in CARRIED for setting in imported.settings):
        prompt = replace(prompt, parameters=ask.prompt.parameters)
    elif prompt.parameters.json_schema is None:
        schema = ask.prompt.parameters.json_schema
        prompt = replace(prompt, parameters=replace(prompt.parameters, json_schema=schema))
    prompt = _renamed(prompt, ask.prompt)
    prompt = replace(
        prompt, tools=prompt.tools or ask.prompt.tools, method=imported.name, parent=ask.prompt.hash, shots=shown(prompt, ask.dev)
    )
    prompt = apply(LEGAL, prompt, ask.target)
    return Candidate(target=ask.target, prompt=prompt, refusal=check(prompt, ask))


def shown(prompt: PromptVersion, dev: Sequence[Sample]) -> tuple[str, ...]:
    """The ids of the samples whose values, as far as the prompt asks for them, stand in it as a whole, white space aside."""
    text, names = _flat("\n".join(prompt.texts)), set(variables(prompt))
    values = {s.id: [_flat(value) for name, value in s.variables.items() if name in names] for s in dev}
    return tuple(found for found, given in values.items() if given and all(value and value in text for value in given))


def _renamed(prompt: PromptVersion, original: PromptVersion) -> PromptVersion:
    wanted, given = set(variables(original)), set(variables(prompt))
    if len(wanted) != 1 or len(given) != 1 or wanted == given:
        return prompt
    name = wanted.pop()

    def change(text: str) -> str:
        parts = (Piece(name, variable=True) if part.variable else part for part in pieces(text, prompt.syntax))
        return write(parts, prompt.syntax, like=text)

    turns = tuple(replace(turn, text=change(turn.text)) for turn in prompt.turns)
    return replace(prompt, system=change(prompt.system), user=change(prompt.user), turns=turns)


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
