"""`ferry prompts ...`: a command is a file here and a line below."""

from collections.abc import Callable, Mapping

from pipeline.commands.prompts.advpo import advpo
from pipeline.commands.prompts.convert import convert
from pipeline.commands.prompts.diff import diff
from pipeline.commands.prompts.effect import effect
from pipeline.commands.prompts.lint import lint
from pipeline.commands.prompts.managed import fetch, publish, rollback
from pipeline.commands.prompts.round import propose_round

COMMANDS: Mapping[str, Callable[..., None]] = {
    "lint": lint,
    "convert": convert,
    "diff": diff,
    "advpo": advpo,
    "publish": publish,
    "fetch": fetch,
    "rollback": rollback,
    "round": propose_round,
    "effect": effect,
}
