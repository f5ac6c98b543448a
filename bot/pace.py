"""How fast one conversation may be posted to, and when it is left alone."""

import asyncio
from dataclasses import dataclass

from bot.trouble import Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. Slack takes about one post a second and channel, with short bursts; living cards are edited every `edit`."""

    post: float = 1.0
    burst: int = 3
    edit: float = 3.0
    poll: float = 0.3
    lease: float = 3.0


@dataclass(slots=True)
class Lane:
    """One conversation: how many posts it may take at once (below 0: how many wait), and until when it rests."""

    tokens: float
    at: float
    rests_until: float = 0.0
    failures: int = 0

    def take(self, now: float, pace: Pace) -> float:
        """Take the next post; returns the seconds until it may be made."""
        if pace.post <= 0:
            return 0.0
        self.tokens = min(float(pace.burst), self.tokens + (now - self.at) / pace.post) - 1
        self.at = now
        return max(0.0, -self.tokens * pace.post)

    def rest(self, now: float, trouble: Trouble) -> None:
        """Leave the conversation alone: as long as Slack says, else a little longer with each failure."""
        self.failures += 1
        self.rests_until = now + (trouble.seconds or min(10.0, 0.25 * 2**self.failures))


def monotonic() -> float:
    """The event loop's clock, in seconds."""
    return asyncio.get_running_loop().time()
