"""One line of the comparison: what a run scored, took, cost and failed at."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.decide.latency import Latency
from pipeline.models.prices import Price
from pipeline.records import Comparison, MetricChoice, PromptVersion, Verdict
from pipeline.report.figures.cost import inference
from pipeline.report.figures.spread import mean_of, plain_mean
from pipeline.report.figures.stored import Stored
from pipeline.report.records import ArmReport, MetricFigure, Quantity, RunFacts

SEVERITY = (Verdict.WORSE, Verdict.CANNOT_TELL, Verdict.NOT_WORSE, Verdict.BETTER)


def arm_report(
    stored: Stored,
    run: RunFacts,
    *,
    prompt: PromptVersion,
    comparisons: tuple[Comparison, ...],
    timing: Latency,
    prices: Mapping[str, Price],
    monthly_calls: int | None,
) -> ArmReport:
    samples, silent = stored.evidence.samples, {*run.failures, *run.absent}
    return ArmReport(
        label=run.label,
        model=run.key.model,
        bar=run.bar,
        method=prompt.method,
        prompt_hash=prompt.hash,
        answered=len(samples) - len(silent),
        samples=len(samples),
        figures=tuple(_figure(stored, run, choice) for choice in stored.criteria.metrics),
        comparisons=comparisons,
        verdict=overall(comparisons),
        timing=timing,
        input_tokens=plain_mean(run.input_tokens),
        output_tokens=plain_mean(run.output_tokens),
        failures=dict(sorted(Counter(run.failures.values()).items())),
        quality=quality(stored, run),
        cost=inference(run, len(samples), prices, monthly_calls),
        cut_off=len(run.stops),
        lane=run.lane,
        calls=run.calls,
    )


def overall(comparisons: Sequence[Comparison]) -> Verdict | None:
    """The least favourable verdict among the primary metrics; None without any."""
    verdicts = [c.verdict for c in comparisons if c.primary]
    return min(verdicts, key=SEVERITY.index) if verdicts else None


def quality(stored: Stored, run: RunFacts) -> Quantity:
    """The mean over the primary metrics with its interval; what is missing counts 0."""
    primary = stored.criteria.primary
    if not primary:
        return Quantity(note="no primary metric")
    binary = len(primary) == 1 and stored.evidence.metric(primary[0].metric).binary
    return mean_of(stored.quality(run), stored.units, stored.criteria.confidence, binary=binary)


def _figure(stored: Stored, run: RunFacts, choice: MetricChoice) -> MetricFigure:
    """The mean over the scored samples; below the coverage gate there is none, so that failures never flatter a run."""
    values, samples = stored.values(run, choice.metric), int(stored.inside(choice.metric).sum())
    binary = stored.evidence.metric(choice.metric).binary
    found = mean_of(values, stored.units, stored.criteria.confidence, binary=binary)
    enough = found.n > 0 and found.n >= stored.criteria.coverage_gate * samples
    return MetricFigure(
        metric=choice.metric,
        mean=found.value if enough else None,
        scored=found.n,
        samples=samples,
        low=found.low if enough else None,
        high=found.high if enough else None,
        unscored=stored.unscored(run, choice.metric),
    )
