"""What models take, where they are and until when: layered, dated, and a shortlist of them."""

from pipeline.models.catalog.benchmarks import Citation, read_benchmarks
from pipeline.models.catalog.constraints import Constraints, Reason, reasons
from pipeline.models.catalog.layers import Catalog, ModelFacts, Told, checked, read_catalog
from pipeline.models.catalog.notes import Needs, notes
from pipeline.models.catalog.shortlist import Fallen, Ranked, Shortlist, cites, shortlist
from pipeline.models.catalog.words import Understood, understood

__all__ = [
    "Catalog",
    "Citation",
    "Constraints",
    "Fallen",
    "ModelFacts",
    "Needs",
    "Ranked",
    "Reason",
    "Shortlist",
    "Told",
    "Understood",
    "checked",
    "cites",
    "notes",
    "read_benchmarks",
    "read_catalog",
    "reasons",
    "shortlist",
    "understood",
]
