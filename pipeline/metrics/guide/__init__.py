"""The metric guide: what to measure, who decides, what it costs, what it cannot conclude; people's own criteria as metrics."""

from pipeline.metrics.guide.choose import MARGINS, propose
from pipeline.metrics.guide.costs import Cost, Priced, PriceOf, cost, total
from pipeline.metrics.guide.forms import Form, form
from pipeline.metrics.guide.limits import limits, offered
from pipeline.metrics.guide.roles import check_roles, is_judged, judged_on, relatives, undecisive
from pipeline.metrics.guide.sizes import Hint, hint

__all__ = [
    "MARGINS",
    "Cost",
    "Form",
    "Hint",
    "PriceOf",
    "Priced",
    "check_roles",
    "cost",
    "form",
    "hint",
    "is_judged",
    "judged_on",
    "limits",
    "offered",
    "propose",
    "relatives",
    "total",
    "undecisive",
]
