"""Messages a target refuses: a started answer, an order of roles, a system text; and control tokens sent as text."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from pipeline.prompts.families.mistral import early_instruct
from pipeline.prompts.families.shared import TOKENS, strip_tokens
from pipeline.prompts.importers.port import Imported
from pipeline.prompts.lint.port import LintRule, Severity
from pipeline.prompts.targets import claude_from, on_bedrock

_PREFILL_GONE = (4, 6)


def prefill_refused(imported: Imported, ref: str) -> Iterable[str]:
    if imported.prefill and _refuses_prefill(ref):
        yield f"{ref} refuses a last assistant message, which starts the answer. Earlier assistant messages are fine."


def prefill_left(imported: Imported, ref: str) -> Iterable[str]:
    if imported.prefill and not _refuses_prefill(ref):
        yield "The last assistant message, which starts the answer, is not sent by Ferry: the model starts on its own."


def first_is_user(imported: Imported, ref: str) -> Iterable[str]:
    spoken = [turn.role for turn in imported.prompt.turns]
    if on_bedrock(ref) and spoken[:1] == ["assistant"]:
        yield "The conversation starts with the assistant; Converse wants a user message first."


def neighbours(imported: Imported, ref: str) -> Iterable[str]:
    spoken = [role for role in imported.roles if role in {"user", "assistant"}]
    if on_bedrock(ref) and any(one == other for one, other in pairwise(spoken)):
        yield "Two messages of one role follow one another; Converse wants user and assistant in turn."


def joined(imported: Imported, _ref: str) -> Imported:
    """The importer has joined them already; what is left is the note."""
    spoken = ["system"] if imported.prompt.system else []
    roles = (*spoken, *(turn.role for turn in imported.prompt.turns), "user")
    return replace(imported, roles=(*roles, "assistant") if imported.prefill else roles)


def no_system(imported: Imported, ref: str) -> Iterable[str]:
    if early_instruct(imported.prompt, ref) != imported.prompt:
        yield f"{ref} has no system role."


def system_moved(imported: Imported, ref: str) -> Imported:
    return replace(imported, prompt=early_instruct(imported.prompt, ref))


def tokens(imported: Imported, ref: str) -> Iterable[str]:
    stripped = strip_tokens(imported.prompt, ref)
    if stripped == imported.prompt:
        return
    found = sorted({token for text in imported.prompt.texts for token in TOKENS.findall(text)}) or ["Human: and Assistant:"]
    yield f"Control tokens of another model's template would be sent as text or as stop sequences: {', '.join(found[:5])}."


def without_tokens(imported: Imported, ref: str) -> Imported:
    return replace(imported, prompt=strip_tokens(imported.prompt, ref))


def _refuses_prefill(ref: str) -> bool:
    return claude_from(ref, _PREFILL_GONE, tiers=("opus", "sonnet"))


_CONVERSE = "Amazon Bedrock Converse API reference, messages"

RULES = (
    LintRule(
        id="prefill",
        severity=Severity.ERROR,
        finds=prefill_refused,
        source="Anthropic model migration guide, prefill",
        fix="Take it out; use a JSON schema, or say in the text how the answer starts.",
    ),
    LintRule(
        id="prefill-left-out",
        severity=Severity.WARNING,
        finds=prefill_left,
        source="Ferry's prompt versions hold no started answer",
        fix="Say in the text how the answer starts.",
    ),
    LintRule(
        id="first-message",
        severity=Severity.ERROR,
        finds=first_is_user,
        source=_CONVERSE,
        fix="Put a user message in front, or take the first message out.",
    ),
    LintRule(
        id="roles-in-turn",
        severity=Severity.ERROR,
        finds=neighbours,
        source=_CONVERSE,
        fix="Join them; Ferry does.",
        change=joined,
    ),
    LintRule(
        id="no-system-role",
        severity=Severity.ERROR,
        finds=no_system,
        source="Amazon Bedrock model parameters for Mistral",
        fix="Put the system text in front of the user text.",
        change=system_moved,
    ),
    LintRule(
        id="template-tokens",
        severity=Severity.WARNING,
        finds=tokens,
        source="model cards of Llama 2-4, Mistral Instruct, ChatML and Claude 2",
        fix="Remove them.",
        change=without_tokens,
    ),
)
