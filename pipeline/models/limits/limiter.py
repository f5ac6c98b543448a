"""One gate for each model of a process, with the limits the operator names, else those of the account, else none."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from pipeline.models.limits.gate import Gate, InForce
from pipeline.models.limits.line import Ledger, MemoryLedger
from pipeline.models.limits.rules import NONE, OPERATOR, SHARE, Limits, Rules
from pipeline.models.limits.window import Window

Quotas = Callable[[str], Awaitable[Limits]]
"""What an account may ask of the model `ref` names, as its provider says; NONE where that is not known."""


async def no_quotas(_ref: str) -> Limits:
    """For who asks no provider."""
    return NONE


@dataclass(kw_only=True)
class Limiter:
    """Shared by every model that is opened with the same settings. Use it on one event loop, and `close` it there."""

    rules: Rules = field(default_factory=Rules)
    quotas: Quotas = no_quotas
    ledger: Ledger = field(default_factory=MemoryLedger)
    _gates: dict[str, Gate] = field(default_factory=dict)

    def gate(self, ref: str, most: int, *where: str | None) -> Gate:
        """The gate of the model `ref` names at `where` (profile and region, or address); `most` calls may be open at once."""
        key = " ".join([ref, *(part or "default" for part in where)])
        if key not in self._gates:
            self._gates[key] = Gate(
                key=key, ref=ref, window=Window(most), ledger=self.ledger, look_up=lambda: self.limits(ref)
            )  # fmt: skip
        return self._gates[key]

    async def limits(self, ref: str) -> Limits:
        """What holds for a model, and who says so."""
        rule = self.rules.of(ref)
        if rule is not None and rule.limits.known:
            return rule.limits.shared(rule.share or 1.0)
        share = rule.share if rule is not None and rule.share else SHARE
        quota = await self.quotas(ref)
        found = replace(quota.shared(share), source=f"{share:.0%} of {quota.source}") if quota.known else quota
        if rule is None or rule.limits.in_flight is None:
            return found
        said = f"{found.source}, calls at once by {OPERATOR}" if found.known else OPERATOR
        return replace(found, in_flight=rule.limits.in_flight, source=said)

    def in_force(self) -> tuple[InForce, ...]:
        return tuple(gate.in_force() for gate in self._gates.values())

    def close(self) -> None:
        for gate in self._gates.values():
            gate.close()
        self._gates.clear()
