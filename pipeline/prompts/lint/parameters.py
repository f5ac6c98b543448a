"""Parameters and settings a target refuses, or reads otherwise than the model they were written for."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from pipeline.models import family
from pipeline.prompts.families.limits import REASONING_ROOM, legal, limits, problems
from pipeline.prompts.importers.build import MAX_TOKENS
from pipeline.prompts.importers.port import Imported, Setting
from pipeline.prompts.lint.port import LintRule, Severity
from pipeline.prompts.targets import claude, claude_from, on_bedrock

SAMPLING = ("top_k", "topK", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "logit_bias")
NOT_IN_CONVERSE = ("frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "logit_bias", "seed", "user", "store")
SEVERAL = ("n", "best_of")


def refused(imported: Imported, ref: str) -> Iterable[str]:
    return problems(imported.prompt.parameters, ref)


def brought_into_range(imported: Imported, ref: str) -> Imported:
    prompt = imported.prompt
    return replace(imported, prompt=replace(prompt, parameters=legal(prompt.parameters, ref)))


def sampling(imported: Imported, ref: str) -> Iterable[str]:
    if not limits(ref).sampling:
        yield from (f"{ref} refuses {s.name}: it does not take sampling settings." for s in _given(imported, SAMPLING))


def not_in_converse(imported: Imported, ref: str) -> Iterable[str]:
    if on_bedrock(ref):
        yield from (f"Amazon Bedrock Converse has no {s.name}." for s in _given(imported, NOT_IN_CONVERSE))


def several(imported: Imported, _ref: str) -> Iterable[str]:
    for setting in _given(imported, SEVERAL):
        if isinstance(setting.read, int) and setting.read > 1:
            yield f"{setting.name} asks for {setting.read} answers; Ferry and Converse give one answer a call."


def token_name(imported: Imported, ref: str) -> Iterable[str]:
    wanted = _token_name(ref)
    found = next((s for s in imported.settings if s.name in MAX_TOKENS), None)
    if wanted and found and found.name != wanted:
        yield f"The longest answer is called {wanted} there, not {found.name}."


def renamed(imported: Imported, ref: str) -> Imported:
    wanted = _token_name(ref)
    given = tuple(replace(s, name=wanted) if s.name in MAX_TOKENS else s for s in imported.settings)
    return replace(imported, settings=given)


def room(imported: Imported, ref: str) -> Iterable[str]:
    longest = imported.prompt.parameters.max_tokens
    if limits(ref).reasons and longest < REASONING_ROOM:
        yield f"{ref} reasons before it answers, and that counts: {longest} tokens can be used up before the answer begins."


def with_room(imported: Imported, _ref: str) -> Imported:
    prompt = imported.prompt
    return replace(imported, prompt=replace(prompt, parameters=replace(prompt.parameters, max_tokens=REASONING_ROOM)))


def budget_refused(imported: Imported, ref: str) -> Iterable[str]:
    if _budget(imported) and claude_from(ref, (4, 7)):
        yield f"{ref} refuses a thinking budget (budget_tokens)."


def budget_outdated(imported: Imported, ref: str) -> Iterable[str]:
    found = claude(ref)
    if _budget(imported) and found and found[1] == (4, 6):
        yield f"A thinking budget (budget_tokens) is deprecated on {ref}."


def safe_prompt(imported: Imported, ref: str) -> Iterable[str]:
    if family(ref) == "mistral" and on_bedrock(ref) and imported.setting("safe_prompt"):
        yield "Amazon Bedrock Converse has no safe_prompt."


def nova_top_k(imported: Imported, ref: str) -> Iterable[str]:
    if family(ref) == "amazon" and on_bedrock(ref) and imported.setting("top_k", "topK"):
        yield "Nova takes topK among the additional model fields only, and Ferry does not send it."


def nova_tools(imported: Imported, ref: str) -> Iterable[str]:
    if family(ref) == "amazon" and imported.tools and imported.prompt.parameters.temperature != 0:
        yield "Nova's guide asks for temperature 0 where tools are used."


def no_temperature(imported: Imported, ref: str) -> Iterable[str]:
    if limits(ref).sampling and imported.prompt.parameters.temperature is None:
        yield f"No temperature is set: {ref} would use its own default, which is another than the source's."


def _without(names: tuple[str, ...]) -> Callable[[Imported, str], Imported]:
    def change(imported: Imported, _ref: str) -> Imported:
        return replace(imported, settings=tuple(s for s in imported.settings if s.name not in names))

    return change


def _given(imported: Imported, names: tuple[str, ...]) -> list[Setting]:
    return [s for s in imported.settings if s.name in names]


def _budget(imported: Imported) -> bool:
    thinking = imported.setting("thinking", "reasoning_config")
    return thinking is not None and isinstance(thinking.read, dict) and "budget_tokens" in thinking.read


def _token_name(ref: str) -> str:
    if on_bedrock(ref):
        return "maxTokens"
    if family(ref) == "openai":
        return "max_completion_tokens" if limits(ref).reasons else "max_tokens"
    return "max_tokens" if family(ref) == "anthropic" else ""


_CLAUDE_GUIDE = "Anthropic model migration guide"
_CONVERSE = "Amazon Bedrock Converse API reference, inferenceConfig"
_NOVA = "Amazon Nova user guide, inference parameters and tool use"
_OPENAI = "OpenAI reasoning guide; Chat Completions reference"

RULES = (
    LintRule(
        id="parameters",
        severity=Severity.ERROR,
        finds=refused,
        source=lambda ref: limits(ref).source,
        fix="Leave it out or bring it into the range.",
        change=brought_into_range,
    ),
    LintRule(
        id="sampling-settings",
        severity=Severity.ERROR,
        finds=sampling,
        source=lambda ref: limits(ref).source,
        fix="Leave it out.",
        change=_without(SAMPLING),
    ),
    LintRule(
        id="converse-settings",
        severity=Severity.ERROR,
        finds=not_in_converse,
        source=_CONVERSE,
        fix="Leave it out.",
        change=_without(NOT_IN_CONVERSE),
    ),
    LintRule(
        id="several-answers",
        severity=Severity.ERROR,
        finds=several,
        source=_CONVERSE,
        fix="Call the model several times, or ask for one answer.",
    ),
    LintRule(
        id="max-tokens-name",
        severity=Severity.WARNING,
        finds=token_name,
        source=f"{_OPENAI}; {_CONVERSE}",
        fix="Rename it; Ferry sends the right name.",
        change=renamed,
    ),
    LintRule(
        id="reasoning-room",
        severity=Severity.WARNING,
        finds=room,
        source=lambda ref: limits(ref).source,
        fix=f"Allow {REASONING_ROOM} tokens at least.",
        change=with_room,
    ),
    LintRule(
        id="thinking-budget",
        severity=Severity.ERROR,
        finds=budget_refused,
        source=_CLAUDE_GUIDE,
        fix="Use adaptive thinking and output_config.effort instead.",
    ),
    LintRule(
        id="thinking-budget-deprecated",
        severity=Severity.WARNING,
        finds=budget_outdated,
        source=_CLAUDE_GUIDE,
        fix="Use adaptive thinking and output_config.effort instead.",
    ),
    LintRule(
        id="safe-prompt",
        severity=Severity.ERROR,
        finds=safe_prompt,
        source="Amazon Bedrock model parameters for Mistral",
        fix="Write what it guards into the system text.",
    ),
    LintRule(
        id="nova-top-k",
        severity=Severity.WARNING,
        finds=nova_top_k,
        source=_NOVA,
        fix="Send it as additionalModelRequestFields.inferenceConfig.topK, or leave it out.",
    ),
    LintRule(
        id="nova-tools-temperature", severity=Severity.WARNING, finds=nova_tools, source=_NOVA, fix="Set the temperature to 0."
    ),
    LintRule(
        id="temperature-missing",
        severity=Severity.WARNING,
        finds=no_temperature,
        source="inference parameters of each model family, Amazon Bedrock user guide",
        fix="Set it to what the source uses.",
    ),
)
