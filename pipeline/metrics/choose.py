"""The metric guide: from the use case and the references at hand to criteria a person can approve, each with its reason."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from pipeline.decide.statistics import required_n
from pipeline.metrics.code.numbers import NUMBER, numbers
from pipeline.metrics.code.overlap import tokens
from pipeline.metrics.code.structure import NotJsonError, parse
from pipeline.metrics.registry import METRICS
from pipeline.records import Criteria, MetricChoice, Sample, UseCase

MARGINS = {
    UseCase.CLASSIFICATION: 0.05,
    UseCase.EXTRACTION: 0.03,
    UseCase.RAG: 0.05,
    UseCase.SUMMARIZATION: 0.03,
    UseCase.CHAT: 0.05,
    UseCase.CODE: 0.03,
}
MOSTLY = 0.8  # share of the references that must have a form before the form is taken for granted
SHORT = 6  # tokens of the median reference that still count as a short answer
CLOSED = 0.5  # distinct short references per reference, at most, to be a closed set
PLANNING_SD = 0.35  # of a yes/no difference when about one answer in eight changes (0.35² = 0.12)
POWER = 0.8


class Form(Enum):
    """What references look like; decides which metrics can tell right from wrong."""

    NONE = "none"
    JSON = "JSON"
    NUMBER = "number"
    CLOSED = "closed set"
    SHORT = "short text"
    LONG = "long text"


def propose(use_case: UseCase, samples: Iterable[Sample]) -> Criteria:
    """Metrics with reasons, primary ones and margins for this use case and these references.

    Without any reference the plan is reference-free and says what it cannot conclude. The first metric is the most telling.
    """
    known = tuple(samples)
    references = [s.reference for s in known if (s.reference or "").strip() and s.reference is not None]
    margin = MARGINS[use_case]
    if not references:
        return Criteria(metrics=tuple(_without_references(use_case, known, margin)))
    counted = f"{len(references)} of {len(known)} samples have a reference"
    found = form(references)
    return Criteria(metrics=(*_for_form(found, counted, margin), *_with_numbers(found, references), _answered(margin)))


def form(references: Sequence[str]) -> Form:
    """The form that most of the references have."""
    if not references:
        return Form.NONE
    if _share(references, _is_json) >= MOSTLY:
        return Form.JSON
    if _share(references, _is_number) >= MOSTLY:
        return Form.NUMBER
    if statistics.median(len(tokens(text)) for text in references) > SHORT:
        return Form.LONG
    distinct = len({text.strip().casefold() for text in references})
    return Form.CLOSED if distinct <= CLOSED * len(references) else Form.SHORT


def _share(references: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(test(text) for text in references) / len(references)


def _is_json(text: str) -> bool:
    try:
        return isinstance(parse(text), (dict, list))
    except NotJsonError:
        return False


def _is_number(text: str) -> bool:
    """One number at the start and next to nothing after it: "12 million USD", "$5"; not "Person 5"."""
    first = NUMBER.match(text.strip(" \t\n'\"[]()~"))
    return first is not None and len(numbers(text)) == 1 and len(tokens(first.string[first.end() :])) <= 2


def _for_form(found: Form, counted: str, margin: float) -> tuple[MetricChoice, ...]:
    match found:
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


def _with_numbers(found: Form, references: Sequence[str]) -> tuple[MetricChoice, ...]:
    if found is not Form.LONG or _share(references, lambda text: bool(numbers(text))) < CLOSED:
        return ()
    return (_choice("number_match", 0.05, "most references hold numbers, and overlap does not notice a wrong one"),)


def _answered(margin: float) -> MetricChoice:
    return _choice("refusal", margin, "finds a target that refuses what the source answers")


def _without_references(use_case: UseCase, samples: Sequence[Sample], margin: float) -> Iterable[MetricChoice]:
    limit = "no sample has a reference, so this cannot conclude whether answers are right: add references or let SMEs judge pairs"
    recorded = [s.recorded.text for s in samples if s.recorded is not None]
    if use_case is UseCase.EXTRACTION or (recorded and _share(recorded, _is_json) >= MOSTLY):
        yield _choice("json_valid", margin, f"the answers must be JSON; {limit}", primary=True)
    yield _choice("refusal", margin, f"whether the target answers at all; {limit}", primary=True)


def _choice(metric: str, margin: float, reason: str, *, primary: bool = False) -> MetricChoice:
    return MetricChoice(metric=METRICS[metric].name, primary=primary, margin=margin, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """How many samples a margin needs, before anything is spent. `message` is a sentence for people."""

    samples: int
    needed: int
    enough: bool
    message: str


def hint(samples_n: int, margin: float, *, sd: float = PLANNING_SD, confidence: float = 0.95, power: float = POWER) -> Hint:
    """Whether `samples_n` samples can show "not worse than `margin`", if source and target are in truth equally good.

    The formula is that of `required_n` (Julious 2004, Statistics in Medicine 23:1921; for evaluations Miller 2024,
    arXiv:2411.00640). `sd` is that of the differences per sample; the default is a planning figure, a baseline run gives a better
    one. Raises ValueError unless margin > 0.
    """
    needed = required_n(sd, margin, confidence=confidence, power=power)
    enough = samples_n >= needed
    start = f"A margin of {margin:.0%} needs about {needed:,} samples in the test split"
    end = "and there are" if enough else "but there are only"
    rest = (
        ""
        if enough
        else ' With fewer, "cannot tell" becomes likely even if nothing got worse: add samples or accept a wider margin.'
    )
    return Hint(samples=samples_n, needed=needed, enough=enough, message=f"{start}, {end} {samples_n:,}.{rest}")
