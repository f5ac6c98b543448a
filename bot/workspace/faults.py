"""What can be made to go wrong on Slack's side, so that tests and the demo can show that nothing is lost.

A fault applies to the next `times` matching calls (None: until cleared) with probability `share`; `method` may be `*`.

kind          what happens                                                                  field it uses
rate_limit    429 with Retry-After, nothing is done                                         seconds
refuse        the method answers `{"ok": false, "error": error}`, nothing is done           error
status        an HTTP error without JSON (502, 503), nothing is done                        status
drop          the method is done, the connection closes without an answer
drop_before   the connection closes, nothing is done
slow          the method answers after a while                                              seconds
redeliver     an acknowledged delivery comes again; `method` is its kind (events_api,       again, fresh
              interactive, slash_commands); `fresh`: as another event with an id of its own
"""

import random
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["rate_limit", "refuse", "status", "drop", "drop_before", "slow", "redeliver"]
KINDS: Final[tuple[Kind, ...]] = ("rate_limit", "refuse", "status", "drop", "drop_before", "slow", "redeliver")


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong; see the module's table."""

    kind: Kind
    method: str = "*"
    times: int | None = 1
    share: float = 1.0
    seconds: float = 1.0
    error: str = "internal_error"
    status: int = 503
    again: int = 1
    fresh: bool = False


class Faults:
    """The faults that are set; a seed makes shares repeatable."""

    def __init__(self, seed: int = 0) -> None:
        self.active: list[Fault] = []
        self._random = random.Random(seed)

    def add(self, fault: Fault) -> Fault:
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        self.active.clear()

    def take(self, method: str, *kinds: Kind) -> Fault | None:
        """The first fault of these kinds that strikes this call; it is used up by it."""
        for fault in self.active:
            if fault.kind in kinds and fault.method in ("*", method) and self._random.random() < fault.share:
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.active.remove(fault)
