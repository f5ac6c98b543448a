"""Runs on files as the stored cells of a report: each is read, scored and let go before the next."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from pipeline.commands.brought import Brought
from pipeline.commands.compare import one_split, run_scores
from pipeline.commands.files import read_outputs, read_run
from pipeline.commands.score import run_samples
from pipeline.records import Criteria, Dataset, Output, RunKey, RunResult, Sample, Score
from pipeline.report.build import quoted
from pipeline.report.gather import RunCells, SampleFacts
from pipeline.report.records import SOURCE, Regression, RunFacts

PAGE = 1_000


class Gathered:
    """What is common to the runs of one report: the dataset, the criteria, and scores that files bring."""

    def __init__(self, dataset: Dataset, criteria: Criteria, brought: Brought, facts: SampleFacts) -> None:
        self._dataset, self._criteria, self._brought, self._facts = dataset, criteria, brought, facts

    def target(self, path: Path, source: RunKey) -> RunResult:
        """A target's run as `path` holds it. Raises InputError when it is over another split or dataset than the source's."""
        run = read_run(path)
        one_split(path, run.key, source)
        run_samples(self._dataset, run, path)
        return run

    def cells(self, run: RunResult, samples: Sequence[Sample], label: str, bar: str) -> RunFacts:
        """The run's cells, scored by code, with the scores that files bring."""
        cells = RunCells(self._facts, run.key, run.label, run.input_hashes)
        cells.add_outputs(run.outputs)
        for page in _pages(run_scores(run, samples, self._criteria, self._brought)):
            cells.add_scores(page)
        return cells.facts(label, bar)


def _pages(scores: Iterable[Score]) -> Iterator[list[Score]]:
    left = iter(scores)
    return iter(lambda: list(islice(left, PAGE)), [])


def husk(run: RunResult) -> RunResult:
    """A run without what it answered."""
    return replace(run, outputs=(), scores=(), input_hashes={})


def quotes(regressions: Sequence[Regression], samples: Iterable[Sample], paths: Mapping[str, Path]) -> tuple[Regression, ...]:
    """The regressions with their texts, read from the runs' files by label once more."""
    wanted = {regression.sample_id for regression in regressions}
    asked = {sample.id: sample for sample in samples if sample.id in wanted}
    labels = {SOURCE, *(regression.arm for regression in regressions)} if wanted else set()
    said: dict[str, Mapping[str, Output]] = {label: read_outputs(paths[label], wanted) for label in labels}
    return tuple(quoted(r, asked[r.sample_id], said[SOURCE][r.sample_id], said[r.arm][r.sample_id]) for r in regressions)
