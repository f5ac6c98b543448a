"""What criteria lock besides themselves: everything that would change a score if it changed."""

from dataclasses import replace

from pipeline.metrics.registry import JUDGED
from pipeline.records import Criteria


def locked(criteria: Criteria) -> Criteria:
    """`criteria` with the hash of the judge's words and the versions of the libraries whose metrics they name."""
    from pipeline.metrics.judge.prompts import prompts_hash

    if criteria.judge is None:
        return criteria
    asked = [JUDGED[choice.metric].library for choice in criteria.metrics if choice.metric in JUDGED]
    libraries = tuple(sorted({library for library in asked if library != "ferry"}))
    return replace(criteria, judge=replace(criteria.judge, prompts_hash=prompts_hash(), libraries=libraries))
