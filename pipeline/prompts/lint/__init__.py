"""What a target will refuse or read otherwise, said before a call is paid: rules by subject, each with its source."""

from pipeline.prompts.importers.port import Imported
from pipeline.prompts.lint import messages, parameters, structured, tools, wording
from pipeline.prompts.lint.port import LintFinding, LintRule, Severity

__all__ = ["RULES", "LintFinding", "LintRule", "Severity", "fixed", "lint"]

RULES: tuple[LintRule, ...] = (*parameters.RULES, *structured.RULES, *tools.RULES, *messages.RULES, *wording.RULES)
_ORDER = list(Severity)


def lint(imported: Imported, ref: str) -> tuple[LintFinding, ...]:
    """Every finding for the model `ref` names, errors first; no call is made."""
    found = [finding for rule in RULES for finding in rule.findings(imported, ref)]
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))


def fixed(imported: Imported, ref: str) -> Imported:
    """`imported` with every lossless fix applied that a finding asks for; applying it again changes nothing."""
    for rule in RULES:
        if rule.change is not None and rule.findings(imported, ref):
            imported = rule.change(imported, ref)
    return imported
