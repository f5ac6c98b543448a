"""What a model needs besides its name. Everything that is not a value (waiting, chance) is handed in, so that calls repeat."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path


def full_jitter() -> float:
    """Always the longest wait: what a caller gets who brings no chance of their own."""
    return 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """How to reach and call models; each provider reads what concerns it. Times in seconds.

    `jitter` returns a number in [0, 1) that scales each wait between attempts (full jitter when it is uniform); many workers
    that back off together need a random one. `timeout_s` is for one attempt, `attempts` counts the first one too.
    `threads` is how many cores a local model computes on (None: all but one), `context` its window in tokens.
    `chat` overrides whether a local model is asked through its chat template or continues plain text.
    """

    timeout_s: float = 300.0
    attempts: int = 6
    backoff_s: float = 1.0
    backoff_limit_s: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = full_jitter
    stream: bool = True
    in_flight: int = 16
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    cache: Path = Path(".ferry") / "models"
    context: int = 4096
    threads: int | None = None
    chat: bool | None = None


DEFAULTS = ModelSettings()
