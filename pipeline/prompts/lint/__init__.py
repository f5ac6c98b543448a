"""What a target will refuse or read otherwise, said before a call is paid: rules by subject, each with its source."""

from pipeline.models.catalog import Catalog
from pipeline.prompts.importers.port import Imported
from pipeline.prompts.lint import capabilities, messages, parameters, structured, tools, variables, wording
from pipeline.prompts.lint.port import LintFinding, LintRule, Severity

__all__ = ["RULES", "LintFinding", "LintRule", "Severity", "fixed", "lint"]

RULES: tuple[LintRule, ...] = (
    *parameters.RULES,
    *structured.RULES,
    *tools.RULES,
    *messages.RULES,
    *variables.RULES,
    *wording.RULES,
)
_ORDER = list(Severity)


def lint(imported: Imported, ref: str, catalog: Catalog | None = None) -> tuple[LintFinding, ...]:
    """Every finding for the model `ref` names, errors first; no call is made. What models take is as `catalog` knows it."""
    found = [finding for rule in _rules(ref, catalog) for finding in rule.findings(imported, ref)]
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))


def fixed(imported: Imported, ref: str, catalog: Catalog | None = None) -> Imported:
    """`imported` with every lossless fix applied that a finding asks for; applying it again changes nothing."""
    for rule in _rules(ref, catalog):
        if rule.change is not None and rule.findings(imported, ref):
            imported = rule.change(imported, ref)
    return imported


def _rules(ref: str, catalog: Catalog | None) -> tuple[LintRule, ...]:
    """Those that hold by the model's name, and those by what is known of it."""
    return (*RULES, *capabilities.rules((catalog or Catalog()).of(ref)))
