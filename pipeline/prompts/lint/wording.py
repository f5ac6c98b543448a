"""Phrases that were written for another model. Nothing fails; a person decides, so there is no lossless fix."""

import re
from collections.abc import Callable, Iterable

from pipeline.prompts.contract import demands_json, literal_text
from pipeline.prompts.families.limits import limits
from pipeline.prompts.families.shared import NO_STEP_BY_STEP, OTHER_NAMES
from pipeline.prompts.importers.port import Imported
from pipeline.prompts.lint.port import LintRule, Severity

_CUT_OFF = re.compile(
    r"(?i)(?:knowledge|training)[ -](?:data )?cut[ -]?off|as of (?:your|my) (?:last|latest) (?:update|training)"
)
_TOKENS = re.compile(r"(?i)\b\d[\d,.]*k?[ -]tokens?\b")
_SCRATCHPAD = re.compile(r"(?i)</?(?:scratchpad|thinking|thought|reasoning)>")
_PREFILL = re.compile(r"(?i)\bprefill|\bput words in (?:your|the assistant's) mouth|continue from (?:the )?assistant")


def vendor(imported: Imported, ref: str) -> Iterable[str]:
    if OTHER_NAMES.change(imported.prompt, ref) != imported.prompt:
        yield "The text tells the model that it is a certain model or of a certain vendor."


def step_by_step(imported: Imported, ref: str) -> Iterable[str]:
    if limits(ref).reasons and NO_STEP_BY_STEP.change(imported.prompt, ref) != imported.prompt:
        yield f"The text asks to think step by step; {ref} does so anyway, and may write it into the answer."


def scratchpad(imported: Imported, ref: str) -> Iterable[str]:
    if limits(ref).reasons and (found := _SCRATCHPAD.search(literal_text(imported.prompt))):
        yield f"The text asks for thoughts in {found[0]}; {ref} thinks apart from its answer."


def bare_json(imported: Imported, _ref: str) -> Iterable[str]:
    if demands_json(imported.prompt) and imported.prompt.parameters.json_schema is None:
        yield "The text asks for JSON, and no schema says which."


def _phrase(pattern: re.Pattern[str], sentence: str) -> Callable[[Imported, str], Iterable[str]]:
    def finds(imported: Imported, _ref: str) -> Iterable[str]:
        return [sentence.format(found[0])] if (found := pattern.search(literal_text(imported.prompt))) else []

    return finds


_GUIDES = "prompting and migration guides of Anthropic, OpenAI, Meta, Mistral and Amazon Nova"

RULES = (
    LintRule(
        id="vendor-name", severity=Severity.WARNING, finds=vendor, source=_GUIDES, fix="Name the role instead of the model."
    ),
    LintRule(id="step-by-step", severity=Severity.WARNING, finds=step_by_step, source=_GUIDES, fix="Take it out."),
    LintRule(id="scratchpad", severity=Severity.WARNING, finds=scratchpad, source=_GUIDES, fix="Take it out."),
    LintRule(
        id="cut-off",
        severity=Severity.WARNING,
        finds=_phrase(_CUT_OFF, 'The text speaks of "{}", which differs by model.'),
        source=_GUIDES,
        fix="Take it out, or give the date as a variable.",
    ),
    LintRule(
        id="token-counts",
        severity=Severity.WARNING,
        finds=_phrase(_TOKENS, 'The text says "{}": models count tokens differently and cannot count their own.'),
        source=_GUIDES,
        fix="Say it in words or sentences.",
    ),
    LintRule(
        id="prefill-mentioned",
        severity=Severity.WARNING,
        finds=_phrase(_PREFILL, 'The text says "{}", but the target gets no started answer.'),
        source=_GUIDES,
        fix="Take it out.",
    ),
    LintRule(
        id="json-without-schema",
        severity=Severity.INFO,
        finds=bare_json,
        source=_GUIDES,
        fix="Give a JSON schema where the target takes one.",
    ),
)
