"""The metric guide: what to measure, who decides, what it costs, what it cannot conclude; people's own criteria as metrics."""

from pipeline.metrics.guide.choose import MARGINS, propose
from pipeline.metrics.guide.costs import Cost, Priced, PriceOf, cost, total
from pipeline.metrics.guide.forms import Form, form
from pipeline.metrics.guide.limits import limits, offered
from pipeline.metrics.guide.lock import locked
from pipeline.metrics.guide.own import Own, is_own, with_own, without
from pipeline.metrics.guide.roles import check_roles, is_judged, judged_on, names

__all__ = [
    "MARGINS",
    "Cost",
    "Form",
    "Own",
    "PriceOf",
    "Priced",
    "check_roles",
    "cost",
    "form",
    "is_judged",
    "is_own",
    "judged_on",
    "limits",
    "locked",
    "names",
    "offered",
    "propose",
    "total",
    "with_own",
    "without",
]
