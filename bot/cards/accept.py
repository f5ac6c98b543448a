"""What is about to be measured on test: each target's prompt with its figures on dev beside the bars it has to pass."""

from collections.abc import Iterator

from bot.blocks.escape import literal
from bot.cards.kit import Block, context, lines, mention, section
from bot.cards.prompts import CandidateFacts, PromptsFacts, TargetFacts
from pipeline.report.records import AS_IS, FORMAT_FIXED

ONCE = "The test split is looked at once, with these prompts. What dev shows is the choice's basis, not the verdict."
HELP = "*What changed*, *Edit*, *Try on a sample*, another choice and the way back are on the prompts card above."
MOST = 10


def accept_body(facts: PromptsFacts | None) -> list[Block]:
    """A line for each target; without facts the sentence alone."""
    if facts is None:
        return [section(ONCE)]
    told = [_target(target) for target in facts.targets]
    return [section(ONCE), *([lines(told, what="targets")] if told else []), context(HELP)]


def _target(target: TargetFacts) -> str:
    used = next((each for each in target.candidates if each.chosen), None)
    if used is None:
        return f"• *{literal(target.target, 150)}* has no prompt chosen"
    whose = f", chosen by {mention(target.by)}" if target.by else ""
    figures = ", ".join(_figures(target, used))
    return f"• *{literal(target.target, 150)}* with *{literal(used.method, 80)}* `{used.prompt_hash[:8]}`{whose}\n      {figures}"


def _figures(target: TargetFacts, used: CandidateFacts) -> Iterator[str]:
    yield f"dev {used.mean:.3f} (n = {used.n:,})" if used.mean is not None else "not measured on dev yet"
    for bar in (AS_IS, FORMAT_FIXED):
        other = next((each for each in target.candidates if each.method == bar), None)
        if other is not None and other is not used and other.mean is not None:
            yield f"{bar} {other.mean:.3f} (n = {other.n:,})"
