"""What becomes of the places that samples fill in, on any target."""

from collections.abc import Iterable

from pipeline.prompts.contract import literal_text
from pipeline.prompts.importers.port import Imported
from pipeline.prompts.lint.port import LintRule, Severity
from pipeline.prompts.template import MARK_IT, unmarked

BRACES = "braces"


def no_variable(imported: Imported, _ref: str) -> Iterable[str]:
    return filter(None, [unmarked(imported.prompt)])


def braces(imported: Imported, _ref: str) -> Iterable[str]:
    text = literal_text(imported.prompt)
    opened, closed = text.count("{"), text.count("}")
    if opened != closed:
        yield f'Outside of variables the text has {opened} "{{" and {closed} "}}": one is missing, or one is too many.'


RULES = (
    LintRule(
        id="no-variable",
        severity=Severity.WARNING,
        finds=no_variable,
        source="Ferry fills in variables, and the tools of samples, alone",
        fix=MARK_IT,
    ),
    LintRule(
        id=BRACES,
        severity=Severity.WARNING,
        finds=braces,
        source="the marks of Ferry's variables and JSON, of which each brace has a partner",
        fix="Look at the ends of its JSON and of its variables; where a lone brace is meant, leave it.",
    ),
)
