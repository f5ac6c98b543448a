"""From finished runs to a Report, in one deterministic pass: first the stored cells, then every figure from these alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from math import isnan

from pipeline.decide.compare import compare_pairs
from pipeline.decide.latency import Latency, latency_of
from pipeline.decide.prior import prior_figures
from pipeline.records import Comparison, Output, Sample
from pipeline.report.evidence import check_whole
from pipeline.report.figures import cost, judges, tradeoff, words
from pipeline.report.figures.arms import arm_report, overall
from pipeline.report.figures.stored import Stored
from pipeline.report.gather import gather
from pipeline.report.records import (
    SOURCE,
    WINNER,
    ArmReport,
    Evidence,
    Given,
    Regression,
    Report,
    ReportInputs,
    RunFacts,
    quoted_of,
)

Texts = Callable[[str, str, str], Regression]
"""Arm, metric and sample to a regression with the texts that belong to it."""

__all__ = ["SOURCE", "assemble", "build", "overall"]


def build(inputs: ReportInputs) -> Report:
    """The report of these inputs. Raises InputError when a run is not over the same inputs as the source's."""
    return assemble(given_by(inputs, gather(inputs)), _texts(inputs))


def given_by(inputs: ReportInputs, evidence: Evidence) -> Given:
    """What the figures follow from, with the cells of the runs; of a large report only the worst regressions are quoted."""
    return Given(
        title=inputs.title,
        use_case=inputs.use_case,
        criteria=inputs.criteria,
        prompts={SOURCE: inputs.source_prompt, **{arm.label: arm.prompt for arm in inputs.arms}},
        provenance=inputs.provenance,
        evidence=evidence,
        dev=inputs.dev,
        preferences=inputs.preferences,
        prices=inputs.prices,
        monthly_calls=inputs.monthly_calls,
        agreements=inputs.agreements,
        error_groups=inputs.error_groups,
        second_look=inputs.second_look,
        quoted=quoted_of(evidence),
        grouped=inputs.grouped,
    )


def assemble(given: Given, texts: Texts) -> Report:
    """Every figure of the report from what is given; `texts` brings what regressions quote."""
    check_whole(given.evidence)
    stored = Stored(given.evidence, given.criteria)
    compared = _compared(stored)
    source, *arms = (_arm(stored, given, run, compared) for run in given.evidence.runs)
    standing = judges.standings(stored, given.agreements)
    points, (worse, unquoted) = tradeoff.points((source, *arms)), _counted(arms, given.quoted)
    hashes = {run.inputs_hash for run in given.evidence.runs}
    return Report(
        **{f.name: getattr(given, f.name) for f in fields(Given)},
        headline=words.headline(arms),
        recommendation=words.recommendation(source, arms, points),
        caveats=judges.caveats(given, standing),
        source=source,
        arms=tuple(arms),
        regressions=tuple(_regressions(stored, arms, texts, given.quoted)),
        same_inputs=len(hashes) == 1,
        leaderboard=tradeoff.leaderboard((source, *arms), given.prompts, given.dev, stored),
        tradeoff=points,
        gains=tradeoff.gains(stored, arms),
        criteria_rates=judges.criteria_rates(stored),
        evaluation=cost.evaluation(stored, given.prices),
        judges=standing,
        prior=prior_figures(tuple(stored.scored_before()), confidence=given.criteria.confidence, of=len(given.evidence.samples)),
        open_ends=judges.open_ends(stored),
        worse=worse,
        unquoted=unquoted,
    )


def _counted(arms: Sequence[ArmReport], quoted: int) -> tuple[int, int]:
    """What is counted instead of quoted: answers that got worse, and regressions left out; 0 where all are quoted."""
    fallen = [(arm.label, c.regressed) for arm in arms if WINNER in arm.bar for c in arm.comparisons if c.primary]
    if not quoted or all(len(names) <= quoted for _, names in fallen):
        return 0, 0
    worse = len({(label, name) for label, names in fallen for name in names})
    return worse, sum(max(0, len(names) - quoted) for _, names in fallen)


def _compared(stored: Stored) -> dict[str, tuple[Comparison, ...]]:
    """Comparisons by arm. The winners are what is claimed, so Holm's correction runs over them together; other bars explain."""
    arms = stored.evidence.runs[1:]
    claimed = [run for run in arms if WINNER in run.bar]
    groups = [claimed, *([run] for run in arms if WINNER not in run.bar)]
    found: dict[str, tuple[Comparison, ...]] = {}
    for runs in groups:
        together = compare_pairs((stored.pairs(run) for run in runs), stored.criteria)
        found |= dict(zip((run.label for run in runs), together, strict=True))
    return found


def _arm(stored: Stored, given: Given, run: RunFacts, compared: Mapping[str, tuple[Comparison, ...]]) -> ArmReport:
    return arm_report(
        stored,
        run,
        prompt=given.prompts[run.label],
        comparisons=compared.get(run.label, ()),
        timing=_timing(run, given.evidence.samples, given.criteria.confidence),
        prices=given.prices,
        monthly_calls=given.monthly_calls,
    )


def _timing(run: RunFacts, samples: Sequence[str], confidence: float) -> Latency:
    """Of the answers; a failed call has no latency of an answer."""
    silent = {*run.failures, *run.absent}
    whole, first = (
        (value for i, value in zip(samples, column, strict=True) if value is not None and i not in silent) if column else ()
        for column in (run.latency_s, run.ttft_s)
    )
    return latency_of(whole, first, confidence=confidence)


def _regressions(stored: Stored, arms: Sequence[ArmReport], texts: Texts, quoted: int) -> Iterable[Regression]:
    """The worst `quoted` of each winner in each metric that decides, all of them with 0."""
    source = stored.evidence.run(SOURCE)
    for arm in (arm for arm in arms if WINNER in arm.bar):
        run = stored.evidence.run(arm.label)
        for comparison in (c for c in arm.comparisons if c.primary):
            before, after = stored.values(source, comparison.metric), stored.values(run, comparison.metric)
            for sample_id in comparison.regressed[: quoted or None]:
                told, place = texts(arm.label, comparison.metric, sample_id), stored.places[sample_id]
                yield replace(told, source_value=_value(before[place]), target_value=_value(after[place]))


def _value(held: float) -> float | None:
    return None if isnan(held) else float(held)


def _texts(inputs: ReportInputs) -> Texts:
    samples = {sample.id: sample for sample in inputs.samples}
    outputs = {arm.label: {o.sample_id: o for o in arm.result.outputs} for arm in inputs.arms}
    before = {o.sample_id: o for o in inputs.source.outputs}

    def told(arm: str, metric: str, sample_id: str) -> Regression:
        bare = unquoted(arm, metric, sample_id)
        return quoted(bare, samples[sample_id], before[sample_id], outputs[arm][sample_id])

    return told


def unquoted(arm: str, metric: str, sample_id: str) -> Regression:
    """A regression without texts: they come later, or there are none."""
    return Regression(
        arm=arm, metric=metric, sample_id=sample_id, question="", reference=None, source_text=None, target_text=None
    )


def quoted(bare: Regression, sample: Sample, before: Output, after: Output) -> Regression:
    """The regression with what a person needs to judge it."""
    return replace(
        bare,
        question=sample.asked,
        reference=sample.reference,
        source_text=before.text,
        target_text=after.text,
        failure=after.failure,
    )
