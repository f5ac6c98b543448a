"""The stored cells as the figures read them: arrays over the samples, NaN where there is no score."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.decide.pairs import LEVEL, Pairs, Sides, cause, pairs_of, unit, unit_numbers
from pipeline.metrics.metric import NO_SOURCE
from pipeline.records import Criteria, PriorScores, Sample
from pipeline.report.records import Evidence, RunFacts, ScoreColumn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Stored:
    """A report's evidence under its criteria."""

    evidence: Evidence
    criteria: Criteria

    @cached_property
    def clusters(self) -> Mapping[str, str]:
        found = zip(self.evidence.samples, self.evidence.clusters, strict=False)
        return {sample: cluster for sample, cluster in found if cluster is not None}

    @cached_property
    def places(self) -> Mapping[str, int]:
        return {sample: place for place, sample in enumerate(self.evidence.samples)}

    @cached_property
    def units(self) -> "NDArray[np.int64]":
        """Each sample's independent unit by number, in the order of the units' names."""
        return unit_numbers([unit(i, self.clusters.get(i)) for i in self.evidence.samples])

    def column(self, run: RunFacts, metric: str) -> ScoreColumn:
        return {column.metric: column for column in run.columns}[metric]

    def inside(self, metric: str) -> "NDArray[np.bool_]":
        """Which samples a metric applies to."""
        return ~self._among(self.evidence.metric(metric).outside)

    def _among(self, names: Iterable[str]) -> "NDArray[np.bool_]":
        import numpy as np

        found = np.zeros(len(self.evidence.samples), dtype=bool)
        for place in map(self.places.get, names):
            if place is not None:
                found[place] = True
        return found

    def values(self, run: RunFacts, metric: str) -> "NDArray[np.float64]":
        """The scores of a run, where the metric applies and there is one. Beside itself the source is level."""
        import numpy as np

        facts, inside = self.evidence.metric(metric), self.inside(metric)
        if facts.needs_source and run is self.evidence.runs[0]:
            return np.where(inside & ~self._among({*run.failures, *run.absent}), LEVEL, np.nan)
        return np.where(inside, self.column(run, metric).values.view, np.nan)

    def spread(self, found: Mapping[str, float]) -> "NDArray[np.float64]":
        """Values by sample as an array over the samples."""
        import numpy as np

        values = np.full(len(self.evidence.samples), np.nan)
        for i, value in found.items():
            values[self.places[i]] = value
        return values

    def parts(self, run: RunFacts, metric: str) -> dict[str, tuple[float, ...]]:
        """What the scores of a run were made from by sample, where the metric applies and that is stored."""
        outside = self.evidence.metric(metric).outside
        return {i: found for i, found in self.column(run, metric).parts.items() if i not in outside}

    def unscored(self, run: RunFacts, metric: str) -> dict[str, int]:
        """Why samples inside the metric have no score, counted by kind."""
        return dict(sorted(self._lacking(run, metric, self.values(run, metric)).items()))

    def _lacking(self, run: RunFacts, metric: str, values: "NDArray[np.float64]") -> Counter[str]:
        import numpy as np

        unscored, samples = self.column(run, metric).unscored, self.evidence.samples
        places = np.flatnonzero(np.isnan(values) & self.inside(metric)).tolist()
        return Counter(cause(unscored.get(samples[place])) for place in places)

    def quality(self, run: RunFacts) -> "NDArray[np.float64]":
        """Each sample's mean over the primary metrics that apply to it; a score that is missing counts 0."""
        import numpy as np

        sums, counts = np.zeros(len(self.evidence.samples)), np.zeros(len(self.evidence.samples))
        for choice in self.criteria.primary:
            sums += np.nan_to_num(self.values(run, choice.metric))
            counts += self.inside(choice.metric)
        found = np.full(len(sums), np.nan)
        np.divide(sums, counts, out=found, where=counts > 0)
        return found

    def pairs(self, run: RunFacts) -> Iterator[Pairs]:
        """The pairs of a run with the source, metric by metric of the criteria; each is made when it is asked for."""
        return (self._pairs(run, choice.metric) for choice in self.criteria.metrics)

    def _pairs(self, run: RunFacts, metric: str) -> Pairs:
        import numpy as np

        facts, inside, source = self.evidence.metric(metric), self.inside(metric), self.evidence.runs[0]
        after = np.where(inside, self.column(run, metric).values.view, np.nan)
        if facts.needs_source:
            silent = {i for i, reason in self.column(run, metric).unscored.items() if reason == NO_SOURCE}
            before = np.where(inside & ~self._among(silent), LEVEL, np.nan)
            gone = int((np.isnan(before) & inside).sum())
            lacking: Mapping[str, int] = {NO_SOURCE: gone} if gone else {}
        else:
            before = np.where(inside, self.column(source, metric).values.view, np.nan)
            lacking = self._lacking(source, metric, before)
        samples = self.evidence.samples
        sides = Sides(
            ids=samples if inside.all() else [samples[place] for place in np.flatnonzero(inside).tolist()],
            source=before[inside],
            target=after[inside],
            units=self.units[inside],
            source_missing=lacking,
            target_missing=self._lacking(run, metric, after),
        )
        return pairs_of(sides, metric, binary=facts.binary, outside=Counter(facts.outside.values()))

    def scored_before(self) -> Iterator[Sample]:
        """The samples that came with scores, without their texts."""
        human, judge = self.evidence.prior_human, self.evidence.prior_judge
        for i in self.evidence.samples:
            if i in human or i in judge:
                prior = PriorScores(human=human.get(i), judge=judge.get(i))
                yield Sample(id=i, variables={}, cluster=self.clusters.get(i), prior=prior)
