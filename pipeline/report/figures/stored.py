"""The stored cells as the figures read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pipeline.decide.pairs import LEVEL
from pipeline.records import Criteria
from pipeline.report.records import Evidence, RunFacts, ScoreColumn


@dataclass(frozen=True)
class Stored:
    """A report's evidence under its criteria."""

    evidence: Evidence
    criteria: Criteria

    @cached_property
    def clusters(self) -> Mapping[str, str]:
        found = zip(self.evidence.samples, self.evidence.clusters, strict=False)
        return {sample: cluster for sample, cluster in found if cluster is not None}

    def column(self, run: RunFacts, metric: str) -> ScoreColumn:
        return next(column for column in run.columns if column.metric == metric)

    def inside(self, metric: str) -> list[str]:
        """The samples a metric applies to."""
        outside = self.evidence.metric(metric).outside
        return [i for i in self.evidence.samples if i not in outside]

    def values(self, run: RunFacts, metric: str) -> dict[str, float]:
        """The scores of a run by sample, where the metric applies and there is one. Beside itself the source is level."""
        facts = self.evidence.metric(metric)
        outside, source = facts.outside, self.evidence.runs[0]
        if facts.needs_source and run is source:
            silent = {*run.failures, *run.absent}
            return {i: LEVEL for i in self.inside(metric) if i not in silent}
        pairs = zip(self.evidence.samples, self.column(run, metric).values, strict=True)
        return {i: value for i, value in pairs if value is not None and i not in outside}

    def parts(self, run: RunFacts, metric: str) -> dict[str, tuple[float, ...]]:
        """What the scores of a run were made from by sample, where the metric applies and that is stored."""
        outside = self.evidence.metric(metric).outside
        return {i: found for i, found in self.column(run, metric).parts.items() if i not in outside}

    def unscored(self, run: RunFacts, metric: str) -> dict[str, int]:
        """Why samples inside the metric have no score, counted by kind."""
        column, scored, counts = self.column(run, metric), self.values(run, metric), dict[str, int]()
        for i in self.inside(metric):
            if i not in scored:
                kind = column.unscored.get(i, "no score stored").partition(":")[0]
                counts[kind] = counts.get(kind, 0) + 1
        return dict(sorted(counts.items()))

    def quality(self, run: RunFacts) -> dict[str, float]:
        """Each sample's mean over the primary metrics that apply to it; a score that is missing counts 0."""
        sums, counts = dict[str, float](), dict[str, int]()
        for choice in self.criteria.primary:
            values = self.values(run, choice.metric)
            for i in self.inside(choice.metric):
                sums[i] = sums.get(i, 0.0) + values.get(i, 0.0)
                counts[i] = counts.get(i, 0) + 1
        return {i: sums[i] / counts[i] for i in sorted(sums)}
