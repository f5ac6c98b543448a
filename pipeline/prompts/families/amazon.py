"""Rules for Nova."""

from dataclasses import replace

from pipeline.prompts.families.long_inputs import inputs_first
from pipeline.prompts.families.rule import Rule, on_whole_texts, substitute, system_into_user
from pipeline.prompts.families.sections import headings_in_marks
from pipeline.prompts.families.shared import WORDING
from pipeline.prompts.template import pieces
from pipeline.records import PromptVersion

_SOURCE = "https://docs.aws.amazon.com/nova/latest/userguide/prompting-text-understanding.html, read 2026-11"
_TOOLS = "https://docs.aws.amazon.com/nova/latest/userguide/prompting-tools-function.html, read 2026-11"


def variables_in_user(prompt: PromptVersion, _ref: str) -> PromptVersion:
    """The system text in the user turn when it holds variables."""
    return system_into_user(prompt) if any(p.variable for p in pieces(prompt.system, prompt.syntax)) else prompt


def greedy_tools(prompt: PromptVersion, _ref: str) -> PromptVersion:
    """Temperature 0 where tools are offered."""
    if prompt.tools is None or prompt.parameters.temperature == 0:
        return prompt
    return replace(prompt, parameters=replace(prompt.parameters, temperature=0.0))


RULES = (
    Rule(
        id="nova-variables",
        changes="Moves the system text with its variables into the user text.",
        why="Nova's guide keeps what changes from call to call in the user turn.",
        source=_SOURCE,
        lossless=True,
        change=variables_in_user,
    ),
    Rule(
        id="nova-documents",
        changes="Puts long inputs first, between start and end markers, and the instructions after them.",
        why="Nova does best when it reads the data first and the instructions last, and tells a document by its markers.",
        source="https://docs.aws.amazon.com/nova/latest/userguide/prompting-long-context.html, read 2026-11",
        lossless=True,
        change=lambda prompt, _ref: replace(prompt, user=inputs_first(prompt)),
    ),
    Rule(
        id="nova-sections",
        changes="Writes the headings of sections as ##Title##.",
        why="Nova's guide marks sections in this way, so that the text can refer to them.",
        source="https://docs.aws.amazon.com/nova/latest/userguide/prompting-focus.html, read 2026-11",
        lossless=True,
        change=lambda prompt, _ref: on_whole_texts(prompt, headings_in_marks),
    ),
    *WORDING,
    Rule(
        id="nova-strong-words",
        changes="Writes must and do not in capitals.",
        why="Nova's guide recommends MUST and DO NOT for rules that have to hold.",
        source=_SOURCE,
        lossless=False,
        change=substitute(
            (r"\b[Mm]ust not\b", "MUST NOT"), (r"\bmust\b", "MUST"), (r"\b[Dd]o not\b", "DO NOT"), (r"\b[Dd]on't\b", "DO NOT")
        ),
    ),
    Rule(
        id="nova-tools",
        changes="Sets the temperature to 0.",
        why="Nova's guide asks for greedy decoding where tools are called.",
        source=_TOOLS,
        lossless=False,
        change=greedy_tools,
    ),
)
