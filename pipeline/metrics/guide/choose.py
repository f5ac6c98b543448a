"""The metric guide: from the use case, the data and the judge at hand to criteria a person can approve, each with its reason."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from pipeline.metrics.code.numbers import numbers
from pipeline.metrics.guide.forms import CLOSED, MOSTLY, Form, form, is_json, share
from pipeline.metrics.guide.judged import CODE_DECIDES, Ground, judged
from pipeline.metrics.registry import METRICS, catalog
from pipeline.records import Criteria, JudgeChoice, MetricChoice, Sample, UseCase

MARGINS = {
    UseCase.CLASSIFICATION: 0.05,
    UseCase.EXTRACTION: 0.03,
    UseCase.RAG: 0.05,
    UseCase.SUMMARIZATION: 0.03,
    UseCase.CHAT: 0.05,
    UseCase.CODE: 0.03,
}
LIMIT = "no sample has a reference, so this cannot conclude whether answers are right: add references or let SMEs judge pairs"


def propose(
    use_case: UseCase,
    samples: Iterable[Sample],
    *,
    judge: JudgeChoice | None = None,
    available: Collection[str] | None = None,
) -> Criteria:
    """Metrics with reasons, primary ones and margins for this use case, these references and this judge.

    Only metrics that are `available` (the catalog's by default) are proposed. With a judge, likeness never decides; without one
    and with long references it has to, and the reason says so. Without references the plan says what it cannot conclude.
    """
    known = tuple(samples)
    references = [s.reference for s in known if (s.reference or "").strip() and s.reference is not None]
    metrics = catalog()
    names = metrics.keys() if available is None else available

    def has(name: str) -> bool:
        """Whether this can be measured: what needs a reference serves nobody where there is none."""
        return name in names and bool(references or name not in metrics or not metrics[name].needs_reference)

    ground = Ground(
        use_case=use_case,
        form=form(references),
        contexts=any(s.contexts for s in known),
        has=has,
        margin=MARGINS[use_case],
    )
    asked = judged(ground) if judge else ()
    if not references:
        by_code = tuple(_without_references(use_case, known, ground.margin))
    else:
        counted = f"{len(references)} of {len(known)} samples have a reference"
        by_code = (*_for_form(ground.form, counted, ground.margin), *_with_numbers(ground, references), _answered(ground.margin))
    return Criteria(metrics=_joined(asked, by_code, ground), judge=judge)


def _joined(asked: tuple[MetricChoice, ...], by_code: tuple[MetricChoice, ...], ground: Ground) -> tuple[MetricChoice, ...]:
    """Where a judged metric decides, what code measures is reported; else the judged ones come after those that decide."""
    if not any(choice.primary for choice in asked):
        return (*by_code, *asked)
    if ground.form in CODE_DECIDES:
        return (*asked, *by_code)
    return (*asked, *(replace(choice, primary=False) for choice in by_code))


def _for_form(found: Form, counted: str, margin: float) -> tuple[MetricChoice, ...]:
    match found:
        case Form.CALLS:
            return (_choice("tool_call", margin, f"{counted}, the calls of tools it wants: all must be right", primary=True),)
        case Form.JSON:
            return _json(counted, margin)
        case Form.NUMBER:
            return _number(counted, margin)
        case Form.LONG:
            return _long(counted, margin)
        case _:
            return _short(found, counted, margin)


def _json(counted: str, margin: float) -> tuple[MetricChoice, ...]:
    return (
        _choice(
            "json_fields", margin, f"{counted}, in JSON: counts the fields that are right; invalid JSON counts 0", primary=True
        ),
        _choice("json_valid", margin, "what reads the answer expects JSON and nothing else"),
    )


def _number(counted: str, margin: float) -> tuple[MetricChoice, ...]:
    return (
        _choice(
            "number_match", margin, f"{counted}, a number each: the value must be right, the notation may differ", primary=True
        ),
        _choice("normalised_match", margin, "shows whether the answer is the bare value or wrapped in words"),
    )


def _short(found: Form, counted: str, margin: float) -> tuple[MetricChoice, ...]:
    why = "from a closed set" if found is Form.CLOSED else "short"
    return (
        _choice("normalised_match", margin, f"{counted}, {why}: right or wrong, whatever case and punctuation", primary=True),
        _choice("exact_match", margin, "shows whether the target keeps the exact form that code behind it may expect"),
    )


def _long(counted: str, margin: float) -> tuple[MetricChoice, ...]:
    overlap = "wording shared with the reference; it cannot see a wrong fact in familiar words, so SMEs must confirm"
    return (
        _choice("rouge_l", margin, f"{counted}, long: {overlap}", primary=True),
        _choice("chrf", margin, "the same by characters, fair to word forms and other languages"),
        _choice("length_ratio", margin, "finds a target that is much shorter or longer than the reference"),
    )


def _with_numbers(ground: Ground, references: Sequence[str]) -> tuple[MetricChoice, ...]:
    if ground.form is not Form.LONG or share(references, lambda text: bool(numbers(text))) < CLOSED:
        return ()
    return (_choice("number_match", 0.05, "most references hold numbers, and overlap does not notice a wrong one"),)


def _answered(margin: float) -> MetricChoice:
    return _choice("refusal", margin, "finds a target that refuses what the source answers")


def _without_references(use_case: UseCase, samples: Sequence[Sample], margin: float) -> Iterable[MetricChoice]:
    recorded = [s.recorded.text for s in samples if s.recorded is not None]
    if use_case is UseCase.EXTRACTION or (recorded and share(recorded, is_json) >= MOSTLY):
        yield _choice("json_valid", margin, f"the answers must be JSON; {LIMIT}", primary=True)
    yield _choice("refusal", margin, f"whether the target answers at all; {LIMIT}", primary=True)


def _choice(metric: str, margin: float, reason: str, *, primary: bool = False) -> MetricChoice:
    return MetricChoice(metric=METRICS[metric].name, primary=primary, margin=margin, reason=reason)
