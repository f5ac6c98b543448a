"""Limits of providers: what they are, and a gate that every attempt of a call passes, so that none is refused for its pace."""

from pipeline.models.limits.estimate import Asked, asked_of
from pipeline.models.limits.gate import Gate, Grant, InForce, admitted
from pipeline.models.limits.limiter import Limiter
from pipeline.models.limits.line import Ledger, MemoryLedger
from pipeline.models.limits.rules import Limits, Rules, read_rules

__all__ = [
    "Asked",
    "Gate",
    "Grant",
    "InForce",
    "Ledger",
    "Limiter",
    "Limits",
    "MemoryLedger",
    "Rules",
    "admitted",
    "asked_of",
    "read_rules",
]
