"""What a judge is asked for, by use case: the metrics that decide and those that are reported, each with its reason."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.metrics.guide.forms import Form
from pipeline.records import MetricChoice, UseCase

CODE_DECIDES = frozenset({Form.CALLS, Form.JSON, Form.NUMBER, Form.CLOSED})
"""Forms of references by which code tells right from wrong, whatever the use case."""
WITHOUT_JUDGE = frozenset({UseCase.CLASSIFICATION, UseCase.EXTRACTION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What judged metrics can rest on here: the form of the references, whether samples have contexts, what can be measured."""

    use_case: UseCase
    form: Form
    contexts: bool
    has: Callable[[str], bool]
    margin: float

    def first(self, *names: str) -> str | None:
        """The first of these metrics there is: Ragas' before Ferry's own, so that the figures are the ones people know."""
        return next((name for name in names if self.has(name)), None)


def judged(ground: Ground) -> tuple[MetricChoice, ...]:
    """The judged metrics for this ground; none where code tells right from wrong by itself and the use case asks no more."""
    if ground.use_case in WITHOUT_JUDGE and ground.form is not Form.LONG:
        return ()
    chosen: dict[str, MetricChoice] = {}
    for choice in _all(ground):
        chosen.setdefault(choice.metric, choice)
    return tuple(chosen.values())


def _all(ground: Ground) -> Iterator[MetricChoice]:
    if ground.use_case is UseCase.SUMMARIZATION:
        yield from _summary(ground)
    if ground.form is not Form.NONE:
        yield from _against_references(ground)
    else:
        yield from _without_references(ground)
    if ground.use_case in {UseCase.RAG, UseCase.CHAT, UseCase.SUMMARIZATION}:
        yield from _manners(ground)
    pairs = "which of source and target answers better, both orders asked; held against what SMEs say of the same pairs"
    yield from _some(ground, pairs, "judge_preference")


def _summary(ground: Ground) -> Iterator[MetricChoice]:
    yield from _some(ground, "whether everything the summary says is in the text", "deepeval_summary_alignment", primary=True)
    yield from _some(ground, "how much of what matters in the text the summary keeps", "deepeval_summary_coverage", primary=True)


def _against_references(ground: Ground) -> Iterator[MetricChoice]:
    decides = ground.form not in CODE_DECIDES and ground.use_case is not UseCase.SUMMARIZATION
    right = "facts of the answer against those of the reference, right, missing and added ones"
    if ground.use_case is UseCase.CODE:
        yield from _some(ground, "correctness against the reference by fixed steps", "deepeval_g_eval", primary=decides)
        decides = decides and not ground.has("deepeval_g_eval")
    yield from _some(ground, right, "ragas_answer_correctness", "answer_correctness", primary=decides)
    yield from _some(ground, "share of the answer's facts that the reference has", "ragas_answer_precision", "answer_precision")
    yield from _some(ground, "share of the reference's facts that the answer has", "ragas_answer_recall", "answer_recall")
    near = "likeness of meaning; never decides, because a wrong figure hardly changes it"
    yield from _some(ground, near, "ragas_answer_similarity", "answer_similarity")
    if ground.contexts:
        yield from _some(ground, "whether the answer's claims rest on the contexts", "deepeval_faithfulness")


def _without_references(ground: Ground) -> Iterator[MetricChoice]:
    decides = ground.use_case is not UseCase.SUMMARIZATION
    if ground.contexts:
        grounded = "whether the answer's claims rest on the contexts; says nothing about facts the contexts lack"
        yield from _some(ground, grounded, "deepeval_faithfulness", primary=decides)
    to_the_point = "whether the answer is about what was asked; says nothing about whether it is right"
    yield from _some(ground, to_the_point, "deepeval_answer_relevancy", primary=decides)


def _manners(ground: Ground) -> Iterator[MetricChoice]:
    yield from _some(ground, "whether the answer is about what was asked", "deepeval_answer_relevancy")
    if ground.use_case is UseCase.CHAT:
        yield from _some(ground, "correctness against the reference by fixed steps", "deepeval_g_eval")
        yield from _some(ground, "finds abusive words; 1 is clean", "deepeval_toxicity")
        yield from _some(ground, "finds prejudice about people; 1 is clean", "deepeval_bias")


def _some(ground: Ground, reason: str, *names: str, primary: bool = False) -> Iterator[MetricChoice]:
    """The first of these metrics that there is."""
    name = ground.first(*names)
    if name:
        yield MetricChoice(metric=name, primary=primary, margin=ground.margin, reason=reason)
