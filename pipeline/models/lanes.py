"""Whose times are worth reading: a lane of its own for the latency of models that are asked over a network.

Calls beside many others wait for one another, here and at the provider, so a run made for throughput says nothing of how long an
answer takes. The first samples of a run are therefore asked a few at a time, streamed, and the others at once and whole; each is
asked once. A local model of one slot answers one call at a time anyway, so each of its calls is measured as it goes; recorded
outputs keep the times that came with them.
"""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

SAMPLES, AT_ONCE = 40, 2
"""Answers that a p50 with its interval and a p95 need at least; and calls at a time, few enough not to wait for each other."""
NETWORKED = frozenset({"bedrock", "openai"})


def has_lane(ref: str) -> bool:
    """Whether runs of `ref` need a lane for their latency."""
    return ref.partition(":")[0].strip().lower() in NETWORKED


def lanes(ref: str, samples: Sequence[T], size: int = SAMPLES) -> tuple[Sequence[T], Sequence[T]]:
    """The samples of the latency lane and those of the bulk; both empty for a model that needs no lanes."""
    return (samples[:size], samples[size:]) if has_lane(ref) and size else ((), ())
