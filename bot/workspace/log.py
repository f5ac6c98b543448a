"""What went over the wire, for tests and for the page's inspector: API calls, deliveries with their ack latency, refusals.

Tokens are never kept. The log is bounded, so a long demo does not grow without end.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from bot.workspace.wire import Json

_KEPT = 5_000


@dataclass(slots=True, kw_only=True)
class Call:
    """One call of a Web API method by the app; `ms` is the time until the answer, `fault` what was injected."""

    number: int
    method: str
    at: float
    args: Json
    ok: bool = False
    error: str | None = None
    ms: float = 0.0
    fault: str | None = None


@dataclass(slots=True, kw_only=True)
class Sent:
    """One delivery to the app; `ms` is the time until it was acknowledged, None while or when it was not."""

    number: int
    envelope_id: str
    kind: str
    at: float
    attempt: int
    name: str
    ms: float | None = None
    error: str | None = None


@dataclass(kw_only=True)
class Log:
    """Calls and deliveries, oldest first, and `problems`: what a real Slack would have shown to a person as broken."""

    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=_KEPT))
    sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=_KEPT))
    problems: deque[Json] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _count: int = 0

    def call(self, method: str, at: float, args: Mapping[str, object]) -> Call:
        kept = {key: value for key, value in args.items() if key != "token"}
        self.calls.append(Call(number=self._next(), method=method, at=at, args=kept))
        return self.calls[-1]

    def delivery(self, envelope_id: str, kind: str, at: float, attempt: int, name: str) -> Sent:
        entry = Sent(number=self._next(), envelope_id=envelope_id, kind=kind, at=at, attempt=attempt, name=name)
        self.sent.append(entry)
        return entry

    def problem(self, what: str, **more: object) -> None:
        self.problems.append({"number": self._next(), "what": what, **more})

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def wire(self, after: int = 0) -> Json:
        """Everything after an entry's number, as JSON."""
        return {
            "calls": [asdict(call) for call in self.calls if call.number > after],
            "sent": [asdict(sent) for sent in self.sent if sent.number > after],
            "problems": [problem for problem in self.problems if problem["number"] > after],
            "last": self._count,
        }

    def _next(self) -> int:
        self._count += 1
        return self._count
