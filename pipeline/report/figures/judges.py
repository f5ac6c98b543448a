"""How far judged figures may be trusted, people's own criteria, and what stays open."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pipeline.decide.guards import judge_flags
from pipeline.decide.pairs import unit_numbers
from pipeline.records import Agreement, Rubric, RubricKind, Split
from pipeline.report.figures.spread import mean_of
from pipeline.report.figures.stored import Stored
from pipeline.report.records import CriterionRate, Given, JudgeStanding, MetricFacts, Quantity, RunFacts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOT_VALIDATED = "not validated"
PASSED = 1.0 - 1e-9


def standings(stored: Stored, agreements: Sequence[Agreement]) -> tuple[JudgeStanding, ...]:
    """One line for each judged metric of the criteria; without an agreement with people it is not validated."""
    judge = stored.criteria.judge.model if stored.criteria.judge else "judge not recorded"
    found = {agreement.metric: agreement for agreement in agreements}
    judged = [stored.evidence.metric(choice.metric) for choice in stored.criteria.metrics]
    return tuple(
        JudgeStanding(
            metric=metric.name,
            judge=judge,
            library=metric.library,
            validated=bool((agreement := found.get(metric.name)) and agreement.validated),
            note=_note(agreement),
            inconsistent=_inconsistent(stored, metric),
        )
        for metric in judged
        if metric.judged
    )


def _inconsistent(stored: Stored, metric: MetricFacts) -> Quantity | None:
    """How often a pairwise judge preferred another answer once the two changed places, over the pairs it was asked about."""
    if not metric.needs_source:
        return None
    import numpy as np

    changed: list[float] = []
    units: list[str] = []
    for run in stored.evidence.runs:
        for i, found in stored.parts(run, metric.name).items():
            changed.append(float(len(set(found)) > 1))
            units.append(stored.clusters.get(i, i))
    return mean_of(np.asarray(changed, dtype=float), unit_numbers(units), stored.criteria.confidence, binary=True)


def _note(agreement: Agreement | None) -> str:
    if agreement is None:
        return f"{NOT_VALIDATED}: nobody has compared this judge with people yet"
    said = agreement.reason or f"against {agreement.against}, {agreement.n} items"
    if agreement.kappa is None:
        return f"{NOT_VALIDATED}: {said}"
    ends = f" [{agreement.interval.low:.2f}, {agreement.interval.high:.2f}]" if agreement.interval else ""
    return f"{'validated' if agreement.validated else NOT_VALIDATED}: kappa {agreement.kappa:.2f}{ends} {said}"


def criteria_rates(stored: Stored) -> tuple[CriterionRate, ...]:
    """Each check and rubric on each run: how many of the scored answers pass, or the mean where it is a scale.

    A rubric of several questions has a rate for all of them together and one for each.
    """
    return tuple(_criteria_rates(stored))


def _criteria_rates(stored: Stored) -> Iterable[CriterionRate]:
    there = {metric.name for metric in stored.evidence.metrics}
    for check in stored.criteria.checks:
        if check.metric in there:
            yield from _rates(stored, check.name, check.metric, yes_no=True)
    for rubric in stored.criteria.rubrics:
        if rubric.metric in there:
            yes_no, many = rubric.kind is RubricKind.YES_NO, len(rubric.questions)
            name = f"{rubric.name}: all {many} questions" if yes_no and many > 1 else rubric.name
            yield from _rates(stored, name, rubric.metric, yes_no=yes_no)
            yield from _question_rates(stored, rubric) if yes_no and many > 1 else ()


def _question_rates(stored: Stored, rubric: Rubric) -> Iterable[CriterionRate]:
    many = len(rubric.questions)
    for number, question in enumerate(rubric.questions):
        for run in stored.evidence.runs:
            parts = stored.parts(run, rubric.metric)
            values = stored.spread({i: found[number] for i, found in parts.items() if len(found) == many})
            yield _rate(stored, f"{rubric.name} {number + 1}: {question}", rubric.metric, run, values, yes_no=True)


def _rates(stored: Stored, name: str, metric: str, *, yes_no: bool) -> Iterable[CriterionRate]:
    import numpy as np

    for run in stored.evidence.runs:
        values = stored.values(run, metric)
        shown = np.where(np.isnan(values), np.nan, values >= PASSED) if yes_no else values
        yield _rate(stored, name, metric, run, shown, yes_no=yes_no)


def _rate(stored: Stored, name: str, metric: str, run: RunFacts, values: "NDArray[np.float64]", *, yes_no: bool) -> CriterionRate:
    rate = mean_of(values, stored.units, stored.criteria.confidence, binary=yes_no)
    passed = int((values == 1.0).sum()) if yes_no else None
    return CriterionRate(criterion=name, metric=metric, run=run.label, passed=passed, rate=rate)


def open_ends(stored: Stored) -> tuple[str, ...]:
    """What nobody may conclude from this report because the data cannot say it."""
    return tuple(_open_ends(stored))


def _open_ends(stored: Stored) -> Iterable[str]:
    n, lacking = len(stored.evidence.samples), len(stored.evidence.without_reference)
    if n and lacking == n:
        yield (
            "No sample has a reference, so nothing here says whether an answer is right. The metrics compare form, wording or a "
            "judge's opinion: a fluent wrong answer may score high, and an error that source and target share is invisible."
        )
        if stored.criteria.primary:
            yield (
                'A verdict of "not worse" means not worse in these metrics. To conclude on correctness, add references to some '
                "samples or have SMEs judge pairs."
            )
    elif lacking:
        yield (
            f"{lacking} of {n} samples have no reference: metrics that need one say nothing about them, and the figures hold for "
            "the others alone."
        )
    for choice in stored.criteria.metrics:
        outside = len(stored.evidence.metric(choice.metric).outside)
        if outside == n and n:
            yield f"{choice.metric} applies to none of the samples, so it concludes nothing."


def caveats(given: Given, judges: Sequence[JudgeStanding]) -> tuple[str, ...]:
    """What a reader must know before the figures, in the order of weight."""
    return tuple(_caveats(given, judges))


def _caveats(given: Given, judges: Sequence[JudgeStanding]) -> Iterable[str]:
    if given.second_look:
        yield f"The test split was looked at before: {given.second_look} Figures of a second look are less sure than they seem."
    primary = {choice.metric for choice in given.criteria.primary}
    doubtful = [judge.metric for judge in judges if judge.metric in primary and not judge.validated]
    if doubtful:
        yield f"The judge behind {', '.join(doubtful)} is not validated against people, so the verdict rests on its word."
    if judges:
        yield from judge_flags(given.criteria.judge, [run.key.model for run in given.evidence.runs[1:]])
    if given.grouped:
        yield (
            f"Errors are grouped, and judges held against people, over {given.grouped:,} of the {len(given.evidence.samples):,} "
            "samples, spread evenly; all other figures are over every sample."
        )
    if any(run.key.split is not Split.TEST for run in given.evidence.runs):
        yield "The runs are not over the test split, so the figures may be those the prompts were chosen by."
    for label, prompt in given.prompts.items():
        if steps := (*prompt.prepare, *prompt.finish):
            names = ", ".join(step.name for step in steps)
            yield f"The figures of {label} hold only where the application does the same beside the call: {names}."
