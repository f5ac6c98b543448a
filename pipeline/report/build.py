"""From finished runs to a Report, in one deterministic pass: first the stored cells, then every figure from these alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace

from pipeline.decide.compare import compare_all
from pipeline.decide.latency import latency
from pipeline.decide.prior import prior_figures
from pipeline.records import Comparison, Output, Sample
from pipeline.report.evidence import Restored, gather, restore
from pipeline.report.figures import cost, judges, tradeoff, words
from pipeline.report.figures.arms import arm_report, overall
from pipeline.report.figures.stored import Stored
from pipeline.report.records import WINNER, ArmReport, Given, Regression, Report, ReportInputs, RunFacts

SOURCE = "source"
Texts = Callable[[str, str, str], Regression]
"""Arm, metric and sample to a regression with the texts that belong to it."""

__all__ = ["SOURCE", "assemble", "build", "overall"]


def build(inputs: ReportInputs) -> Report:
    """The report of these inputs. Raises InputError when a run is not over the same inputs as the source's."""
    given = Given(
        title=inputs.title,
        use_case=inputs.use_case,
        criteria=inputs.criteria,
        prompts={SOURCE: inputs.source_prompt, **{arm.label: arm.prompt for arm in inputs.arms}},
        provenance=inputs.provenance,
        evidence=gather(inputs),
        dev=inputs.dev,
        preferences=inputs.preferences,
        prices=inputs.prices,
        monthly_calls=inputs.monthly_calls,
        agreements=inputs.agreements,
        error_groups=inputs.error_groups,
        second_look=inputs.second_look,
    )
    return assemble(given, _texts(inputs))


def assemble(given: Given, texts: Texts) -> Report:
    """Every figure of the report from what is given; `texts` brings what regressions quote."""
    stored, restored = Stored(given.evidence, given.criteria), restore(given.evidence)
    compared = _compared(given, restored)
    source, *arms = (_arm(stored, restored, given, run, compared) for run in given.evidence.runs)
    standing = judges.standings(stored, given.agreements)
    points = tradeoff.points((source, *arms))
    hashes = {run.inputs_hash for run in given.evidence.runs}
    return Report(
        **{f.name: getattr(given, f.name) for f in fields(Given)},
        headline=words.headline(arms),
        recommendation=words.recommendation(source, arms, points),
        caveats=judges.caveats(given, standing),
        source=source,
        arms=tuple(arms),
        regressions=tuple(_regressions(stored, arms, texts)),
        same_inputs=len(hashes) == 1,
        leaderboard=tradeoff.leaderboard((source, *arms), given.prompts, given.dev, stored),
        tradeoff=points,
        gains=tradeoff.gains(stored, arms),
        criteria_rates=judges.criteria_rates(stored),
        evaluation=cost.evaluation(stored, given.prices),
        judges=standing,
        prior=prior_figures(restored.samples, confidence=given.criteria.confidence),
        open_ends=judges.open_ends(stored),
    )


def _compared(given: Given, restored: Restored) -> dict[str, tuple[Comparison, ...]]:
    """Comparisons by arm. The winners are what is claimed, so Holm's correction runs over them together; other bars explain."""
    source, criteria = restored.runs[SOURCE], given.criteria
    arms = given.evidence.runs[1:]
    claimed = [run.label for run in arms if WINNER in run.bar]
    groups = [claimed, *([run.label] for run in arms if run.label not in claimed)]
    found: dict[str, tuple[Comparison, ...]] = {}
    for labels in groups:
        runs = [restored.runs[label] for label in labels]
        together = compare_all(restored.samples, source, runs, criteria, metric_of=restored.metric) if runs else ()
        found |= dict(zip(labels, together, strict=True))
    return found


def _arm(
    stored: Stored, restored: Restored, given: Given, run: RunFacts, compared: Mapping[str, tuple[Comparison, ...]]
) -> ArmReport:
    return arm_report(
        stored,
        run,
        prompt=given.prompts[run.label],
        comparisons=compared.get(run.label, ()),
        timing=latency(restored.runs[run.label].outputs, confidence=given.criteria.confidence),
        prices=given.prices,
        monthly_calls=given.monthly_calls,
    )


def _regressions(stored: Stored, arms: Sequence[ArmReport], texts: Texts) -> Iterable[Regression]:
    source = stored.evidence.run(SOURCE)
    for arm in (arm for arm in arms if WINNER in arm.bar):
        run = stored.evidence.run(arm.label)
        for comparison in (c for c in arm.comparisons if c.primary):
            before, after = stored.values(source, comparison.metric), stored.values(run, comparison.metric)
            for sample_id in comparison.regressed:
                told = texts(arm.label, comparison.metric, sample_id)
                yield replace(told, source_value=before.get(sample_id), target_value=after.get(sample_id))


def _texts(inputs: ReportInputs) -> Texts:
    samples = {sample.id: sample for sample in inputs.samples}
    outputs = {arm.label: {o.sample_id: o for o in arm.result.outputs} for arm in inputs.arms}
    before = {o.sample_id: o for o in inputs.source.outputs}

    def told(arm: str, metric: str, sample_id: str) -> Regression:
        return _regression(arm, metric, samples[sample_id], before[sample_id], outputs[arm][sample_id])

    return told


def _regression(arm: str, metric: str, sample: Sample, before: Output, after: Output) -> Regression:
    return Regression(
        arm=arm,
        metric=metric,
        sample_id=sample.id,
        question=sample.asked,
        reference=sample.reference,
        source_text=before.text,
        target_text=after.text,
        failure=after.failure,
    )
