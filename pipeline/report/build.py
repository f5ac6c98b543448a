"""From finished runs to a Report: figures, comparisons, verdicts, regressions, in one deterministic pass."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.decide.compare import compare, compare_all
from pipeline.metrics.registry import metric_named
from pipeline.records import Comparison, MetricChoice, Output, PromptVersion, RunResult, Sample, Verdict
from pipeline.report.records import (
    WINNER,
    ArmReport,
    Cell,
    MetricFigure,
    Regression,
    Report,
    ReportInputs,
    Timing,
)

DIGITS = 6  # figures are rounded once, here, so that every format prints the same and the hash survives a last-bit difference
SAID = {
    Verdict.BETTER: "is better than the source",
    Verdict.NOT_WORSE: "is not worse than the source",
    Verdict.WORSE: "is worse than the source",
    Verdict.CANNOT_TELL: "cannot be told from the source yet",
}
SEVERITY = (Verdict.WORSE, Verdict.CANNOT_TELL, Verdict.NOT_WORSE, Verdict.BETTER)


def build(inputs: ReportInputs) -> Report:
    """The report of these inputs. Raises InputError when a run is not over the same inputs as the source's."""
    source = _arm_report("source", "source", inputs.source_prompt, inputs.source, inputs, ())
    compared = _compared(inputs)
    arms = tuple(_arm_report(arm.label, arm.bar, arm.prompt, arm.result, inputs, compared[arm.label]) for arm in inputs.arms)
    runs = [("source", inputs.source), *((a.label, a.result) for a in inputs.arms)]
    prompts = {"source": inputs.source_prompt, **{a.label: a.prompt for a in inputs.arms}}
    return Report(
        title=inputs.title,
        use_case=inputs.use_case,
        headline=_headline(arms),
        criteria=inputs.criteria,
        source=source,
        arms=arms,
        prompts=prompts,
        dev=inputs.dev,
        preferences=inputs.preferences,
        regressions=tuple(_regressions(inputs, arms)),
        same_inputs=all(a.result.input_hashes == inputs.source.input_hashes for a in inputs.arms),
        cells=tuple(_cells(runs)),
        provenance=inputs.provenance,
    )


def overall(comparisons: Sequence[Comparison]) -> Verdict | None:
    """The least favourable verdict among the primary metrics; None without any."""
    verdicts = [c.verdict for c in comparisons if c.primary]
    return min(verdicts, key=SEVERITY.index) if verdicts else None


def _compared(inputs: ReportInputs) -> dict[str, tuple[Comparison, ...]]:
    """Comparisons by arm. The winners are what is claimed, so Holm's correction runs over them together; other bars explain."""
    winners = [a for a in inputs.arms if a.claimed]
    together = compare_all(inputs.samples, inputs.source, [a.result for a in winners], inputs.criteria) if winners else ()
    alone = {a.label: compare(inputs.samples, inputs.source, a.result, inputs.criteria) for a in inputs.arms if not a.claimed}
    return {**alone, **{a.label: found for a, found in zip(winners, together, strict=True)}}


def _arm_report(
    label: str, bar: str, prompt: PromptVersion, run: RunResult, inputs: ReportInputs, comparisons: tuple[Comparison, ...]
) -> ArmReport:
    usages = [o.usage for o in run.outputs if o.usage]
    return ArmReport(
        label=label,
        model=run.key.model,
        bar=bar,
        method=prompt.method,
        prompt_hash=prompt.hash,
        answered=sum(o.text is not None for o in run.outputs),
        samples=len(inputs.samples),
        figures=tuple(_figure(choice, run, inputs) for choice in inputs.criteria.metrics),
        comparisons=comparisons,
        verdict=overall(comparisons),
        timing=timing(run.outputs),
        input_tokens=sum(u.input_tokens for u in usages) if usages else None,
        output_tokens=sum(u.output_tokens for u in usages) if usages else None,
        failures=dict(sorted(Counter(o.failure.kind for o in run.outputs if o.failure).items())),
    )


def _figure(choice: MetricChoice, run: RunResult, inputs: ReportInputs) -> MetricFigure:
    """The mean over the scored samples; below the coverage gate there is none, so that failures never flatter a run."""
    metric = metric_named(choice.metric, inputs.criteria)
    samples = sum(1 for s in inputs.samples if not metric.excludes(s))
    values = [s.value for s in run.scores if s.metric == choice.metric and s.value is not None]
    enough = values and len(values) >= inputs.criteria.coverage_gate * samples
    mean = round(sum(values) / len(values), DIGITS) if enough else None
    return MetricFigure(metric=choice.metric, mean=mean, scored=len(values), samples=samples)


def timing(outputs: Iterable[Output]) -> Timing:
    """Latency and time to first token in seconds over the answered outputs that carry them."""
    answered = [o for o in outputs if o.text is not None]
    latencies = sorted(o.latency_s for o in answered if o.latency_s is not None)
    firsts = sorted(o.ttft_s for o in answered if o.ttft_s is not None)
    mean = round(sum(latencies) / len(latencies), DIGITS) if latencies else None
    return Timing(
        n=len(latencies),
        mean=mean,
        p50=percentile(latencies, 0.5),
        p95=percentile(latencies, 0.95),
        ttft_p50=percentile(firsts, 0.5),
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Linear interpolation between closest ranks (Hyndman & Fan 1996, type 7, numpy's default); None for no values."""
    if not ordered:
        return None
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (ordered[high] - ordered[low]) * (position - low), DIGITS)


def _headline(arms: Sequence[ArmReport]) -> str:
    """One sentence on each target's winner; the first thing an owner reads."""
    return " ".join(_sentence(arm) for arm in arms if WINNER in arm.bar) or "No target finished a run on the test split."


def _sentence(arm: ArmReport) -> str:
    primary = [c for c in arm.comparisons if c.primary]
    if arm.verdict is None:
        return f"{arm.model}: no primary metric, so no verdict."
    parts = "; ".join(f"{c.metric} {_signed(c)}" for c in primary)
    return f"{arm.model} with the {arm.method} prompt {SAID[arm.verdict]} ({parts})."


def _signed(comparison: Comparison) -> str:
    if comparison.difference is None or comparison.interval is None:
        return "has no figure"
    return f"{comparison.difference:+.3f}, interval {comparison.interval.low:+.3f} to {comparison.interval.high:+.3f}"


def _regressions(inputs: ReportInputs, arms: Sequence[ArmReport]) -> Iterable[Regression]:
    samples = {s.id: s for s in inputs.samples}
    before = {o.sample_id: o for o in inputs.source.outputs}
    for arm, run in zip(arms, (a.result for a in inputs.arms), strict=True):
        if WINNER not in arm.bar:
            continue
        after = {o.sample_id: o for o in run.outputs}
        for comparison in (c for c in arm.comparisons if c.primary):
            for sample_id in comparison.regressed:
                yield _regression(arm.label, comparison.metric, samples[sample_id], before[sample_id], after[sample_id])


def _regression(arm: str, metric: str, sample: Sample, before: Output, after: Output) -> Regression:
    return Regression(
        arm=arm,
        metric=metric,
        sample_id=sample.id,
        question=sample.variables.get("question") or next(iter(sample.variables.values()), ""),
        reference=sample.reference,
        source_text=before.text,
        target_text=after.text,
        failure=after.failure,
    )


def _cells(runs: Iterable[tuple[str, RunResult]]) -> Iterable[Cell]:
    for arm, run in runs:
        for score in sorted(run.scores, key=lambda s: (s.metric, s.sample_id)):
            yield Cell(arm=arm, sample_id=score.sample_id, metric=score.metric, value=score.value, unscored=score.unscored)
