"""What a text can mean, and what an interpreter may know of the migration: a short summary, never a sample."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class IntentKind(StrEnum):
    """Everything a person can want by writing. CHANGE_MARGIN to CANCEL change something, so they are only ever proposed."""

    STATUS = "status"
    WHY = "why"
    SHOW_WORST = "show_worst"
    SHOW_ERRORS = "show_errors"
    SHOW_PROMPTS = "show_prompts"
    HELP = "help"
    CHANGE_MARGIN = "change_margin"
    CHANGE_CAP = "change_cap"
    ADD_TARGET = "add_target"
    ADD_METRIC = "add_metric"
    REMOVE_METRIC = "remove_metric"
    USE_JUDGE = "use_judge"
    TRY_PROMPT = "try_prompt"
    ROLL_BACK = "roll_back"
    ANOTHER_ROUND = "another_round"
    FASTER = "faster"
    OPTIMIZE = "optimize"
    STOP_OPTIMIZING = "stop_optimizing"
    PUBLISH = "publish"
    SET_BUDGET = "set_budget"
    USE_BATCH = "use_batch"
    NO_BATCH = "no_batch"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    UNKNOWN = "unknown"


CHANGING = frozenset(
    {
        IntentKind.CHANGE_MARGIN,
        IntentKind.CHANGE_CAP,
        IntentKind.ADD_TARGET,
        IntentKind.ADD_METRIC,
        IntentKind.REMOVE_METRIC,
        IntentKind.USE_JUDGE,
        IntentKind.TRY_PROMPT,
        IntentKind.ROLL_BACK,
        IntentKind.ANOTHER_ROUND,
        IntentKind.FASTER,
        IntentKind.OPTIMIZE,
        IntentKind.STOP_OPTIMIZING,
        IntentKind.PUBLISH,
        IntentKind.SET_BUDGET,
        IntentKind.USE_BATCH,
        IntentKind.NO_BATCH,
        IntentKind.PAUSE,
        IntentKind.RESUME,
        IntentKind.CANCEL,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """`margin` is a fraction (0.03 for 3 %), `usd` what 1,000 calls may cost (0 for no cap), `count` how many worst samples,
    `judge` a model's ref, empty for none any more, `prompt` a candidate's method or the start of its hash, `sample` the id of a
    sample, `name` what a prompt is to be published as, `budget` USD for the migration or 0 for no budget; None where the text
    does not say.

    A changing intent without its value is to be asked back. `sure` says that no better reading is to be looked for.
    """

    kind: IntentKind
    margin: float | None = None
    usd: float | None = None
    metric: str | None = None
    target: str | None = None
    count: int | None = None
    judge: str | None = None
    prompt: str | None = None
    sample: str | None = None
    name: str | None = None
    budget: float | None = None
    sure: bool = False


UNKNOWN = Intent(kind=IntentKind.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Short strings: `metrics` are the names in the plan, `offered` those that could be added, `targets` model refs,
    `prompts` the methods of the candidates, `waiting` what the migration waits for.
    """

    status: str = ""
    waiting: str = ""
    metrics: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()


Reader = Callable[[str, Facts], Awaitable[Intent | None]]
"""An interpreter behind the rules; None when it failed. It never raises."""
