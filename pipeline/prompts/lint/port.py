"""What the lint says of a prompt for one target, and what a lint rule is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.prompts.importers.port import Imported


class Severity(StrEnum):
    """`error`: the target answers 400, or cannot do it. `warning`: it answers, but other than before. `info`: good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """One sentence about a prompt, the rule it follows from with source and date, and what to do.

    `lossless` says that `ferry prompts convert` does what `fix` says, and nothing the target would have used is lost.
    """

    rule: str
    severity: Severity
    message: str
    source: str
    date: str
    fix: str
    lossless: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LintRule:
    """`finds(imported, ref)` gives a sentence for each thing that is wrong on the target `ref`.

    `source` may depend on the target. `change` is the lossless fix: after it the rule finds nothing; None where there is none.
    """

    id: str
    severity: Severity
    finds: Callable[[Imported, str], Iterable[str]]
    source: str | Callable[[str], str]
    date: str = "2026-11"
    fix: str
    change: Callable[[Imported, str], Imported] | None = None

    def findings(self, imported: Imported, ref: str) -> tuple[LintFinding, ...]:
        source = self.source if isinstance(self.source, str) else self.source(ref)
        return tuple(
            LintFinding(
                rule=self.id,
                severity=self.severity,
                message=message,
                source=source,
                date=self.date,
                fix=self.fix,
                lossless=self.change is not None,
            )
            for message in self.finds(imported, ref)
        )
