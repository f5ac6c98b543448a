"""What becomes of the places that samples fill in, on any target."""

from collections.abc import Iterable

from pipeline.prompts.importers.port import Imported
from pipeline.prompts.lint.port import LintRule, Severity
from pipeline.prompts.template import MARK_IT, unmarked


def no_variable(imported: Imported, _ref: str) -> Iterable[str]:
    return filter(None, [unmarked(imported.prompt)])


RULES = (
    LintRule(
        id="no-variable",
        severity=Severity.WARNING,
        finds=no_variable,
        source="Ferry fills in variables, and the tools of samples, alone",
        fix=MARK_IT,
    ),
)
