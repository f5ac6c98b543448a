"""The stored cells: everything the figures of a report follow from, in columns over the samples of the test split."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.columns import Counts, Numbers
from pipeline.hashing import OMIT_DEFAULT
from pipeline.records import RunKey

NO_NUMBERS, NO_COUNTS = Numbers(), Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFacts:
    """What the figures need to know of a metric, so that they can be made again without its code.

    `needs_source` ones say how an answer stands to the source's. `outside` says why a sample is outside the metric for every
    model alike, by sample. `library` is empty for code metrics.
    """

    name: str
    binary: bool
    judged: bool = False
    library: str = ""
    needs_reference: bool = False
    needs_source: bool = False
    outside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreColumn:
    """One metric's scores of one run, a value for each sample in order; None is explained in `unscored` or was never stored.

    `parts` are what a value was made from, by sample, where that is known.
    `calls`, `input_tokens` and `output_tokens` are what judging each cell cost; empty for a metric that code computes.
    `seal` is a short hash of the column, so that a changed cell can be named.
    """

    metric: str
    values: Numbers
    unscored: Mapping[str, str] = field(default_factory=dict)
    calls: Counts = NO_COUNTS
    input_tokens: Counts = NO_COUNTS
    output_tokens: Counts = NO_COUNTS
    parts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    seal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """How the calls of a run went: `attempts` in all, those made again by kind in `retried`, the tiers that were used.

    `usd` is what the `priced` outputs cost with every billed attempt, under the prices `price_ids`; None where none has a cost.
    """

    attempts: int = 0
    retried: Mapping[str, int] = field(default_factory=dict)
    tiers: Mapping[str, int] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    usd: float | None = None
    priced: int = 0
    price_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One run: its scores, and of each output the times (seconds), the tokens, and why there is no answer or a cut one.

    Times of calls made for throughput are left out; with a latency lane (`lane`) only its samples have any. `tiers`, and what
    came from the prompt cache or went into it, are there where a provider told. A column of which no output carries a value is
    empty. `stops` holds the stop reasons of answers that were cut off.
    """

    label: str
    bar: str
    key: RunKey
    columns: tuple[ScoreColumn, ...]
    latency_s: Numbers = NO_NUMBERS
    ttft_s: Numbers = NO_NUMBERS
    input_tokens: Counts = NO_COUNTS
    output_tokens: Counts = NO_COUNTS
    failures: Mapping[str, str] = field(default_factory=dict)
    stops: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    inputs_hash: str = ""
    seal: str = ""
    lane: str = field(default="", metadata=OMIT_DEFAULT)
    calls: CallFacts | None = field(default=None, metadata=OMIT_DEFAULT)
    cache_read_tokens: Counts = field(default=NO_COUNTS, metadata=OMIT_DEFAULT)
    cache_write_tokens: Counts = field(default=NO_COUNTS, metadata=OMIT_DEFAULT)
    tiers: tuple[str, ...] = field(default=(), metadata=OMIT_DEFAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One stored score, as a workbook shows it."""

    arm: str
    sample_id: str
    metric: str
    value: float | None
    unscored: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The samples by id, what is known of them, and the runs over them: the source first, then the arms.

    `clusters` is empty when no sample names one. `prior_human` and `prior_judge` are scores that came with the dataset.
    `seals` holds a short hash of each sample's cells over all runs: with a column's seal it names a changed cell.
    """

    samples: tuple[str, ...]
    clusters: tuple[str | None, ...]
    metrics: tuple[MetricFacts, ...]
    runs: tuple[RunFacts, ...]
    without_reference: tuple[str, ...] = ()
    prior_human: Mapping[str, float] = field(default_factory=dict)
    prior_judge: Mapping[str, float] = field(default_factory=dict)
    seals: tuple[str, ...] = ()

    def run(self, label: str) -> RunFacts:
        """Raises KeyError for a run that is not stored."""
        return {run.label: run for run in self.runs}[label]

    def metric(self, name: str) -> MetricFacts:
        """Raises KeyError for a metric that is not stored."""
        return {metric.name: metric for metric in self.metrics}[name]

    @property
    def filled(self) -> int:
        """How many cells hold a score or the reason why there is none."""
        return sum(int(c.values.known.sum()) + len(c.unscored) for run in self.runs for c in run.columns)

    def cells(self) -> Iterator[Cell]:
        """Every stored score, run by run, metric by metric."""
        for run in self.runs:
            for column in run.columns:
                for sample, value in zip(self.samples, column.values, strict=True):
                    unscored = column.unscored.get(sample)
                    if value is not None or unscored is not None:
                        yield Cell(arm=run.label, sample_id=sample, metric=column.metric, value=value, unscored=unscored)
