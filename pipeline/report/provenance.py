"""What the figures rest on, as pairs: the same list on the page and in the workbook."""

from collections.abc import Iterable

from pipeline.models.prices import money, second_opinion
from pipeline.report.records import Report


def provenance(report: Report) -> Iterable[tuple[str, str]]:
    origin, judge = report.provenance, report.criteria.judge
    yield "report hash", report.hash
    yield "dataset", f"{origin.dataset_name}, {origin.dev} dev and {origin.test} test samples"
    yield "dataset hash", origin.dataset_hash
    yield "criteria hash", origin.criteria_hash
    yield "plan", origin.plan
    yield "same inputs for all runs", "yes, by hash" if report.same_inputs else "NO"
    yield "confidence", f"{report.criteria.confidence:.0%}"
    yield "coverage gate", f"{report.criteria.coverage_gate:.0%}"
    if report.criteria.most_usd is not None:
        yield "cost cap of a prompt", f"{money(report.criteria.most_usd)} for 1,000 calls"
    if judge is not None:
        yield "judge", ", ".join((judge.model, *judge.panel))
        yield "similar texts found by", judge.embedder
        yield "judge prompts hash", judge.prompts_hash or "not recorded"
        yield from (("judge library", library) for library in judge.libraries)
    if report.second_look:
        yield "test looked at before", report.second_look
    for price in report.prices.values():
        yield f"price of {price.ref}", ", ".join(part for part in (price.source, price.date) if part)
        yield from (("another source says of it", said) for said in second_opinion(price))
    models = (run.key.model for run in report.evidence.runs)
    yield from ((f"price of {ref}", "unknown") for ref in dict.fromkeys(models) if ref not in report.prices)
    yield from origin.versions.items()
