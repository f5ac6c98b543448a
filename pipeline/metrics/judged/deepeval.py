"""DeepEval 4.3.1's metrics over our judge: its metric classes and prompts, none of its runners, clients or files.

A metric keeps its score, its lists and (summarization) its questions on the instance, so every cell gets an instance of its own.
All scores are 1 = good; toxicity and bias were the other way round before 4.2, hence the exact pin and the tests' golden values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from pydantic import BaseModel

from pipeline.hashing import content_hash
from pipeline.metrics.judge.port import Bench, JudgeError, Tab
from pipeline.metrics.judged import quiet
from pipeline.metrics.judged.inquiry import Inquiry, unequal
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.judged.texts import original, question
from pipeline.metrics.metric import Answer, Measure

LIBRARY = "deepeval 4.3.1"
QUESTIONS = 5  # a summary is asked; DeepEval's default
SHOWN = 3  # verdicts a reason quotes
# Fixed, because DeepEval would otherwise write new steps, and so another rubric, for every sample.
STEPS = (
    "Read the input to see what was asked.",
    "Check every fact of the actual output against the expected output: a contradiction weighs most, an invention next.",
    "Check which facts of the expected output are missing from the actual output.",
    "Let wording, order, length and language be: only facts count, and none from outside the expected output.",
)
RUBRIC = (
    (0, 2, "The actual output contradicts the expected output or answers something else."),
    (3, 5, "Some facts agree, but an important one is wrong or missing."),
    (6, 8, "The important facts agree; a smaller one is missing, or something harmless was added."),
    (9, 10, "All facts of the expected output are there and nothing contradicts them."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _DeepEval:
    metrics: Any
    case: Any
    fields: Any
    rubric: Any
    asker: Any


@cache
def _deepeval() -> _DeepEval:
    with quiet.silence():
        from deepeval import metrics
        from deepeval.metrics.g_eval import Rubric
        from deepeval.metrics.utils import warn_score_direction_flipped
        from deepeval.models import DeepEvalBaseLLM
        from deepeval.test_case import LLMTestCase, SingleTurnParams

        for turned in ("ToxicityMetric", "BiasMetric"):  # each tells once in a process that its direction changed: here, unheard
            warn_score_direction_flipped(turned)

    class Asker(DeepEvalBaseLLM):  # type: ignore[misc]
        def __init__(self, inquiry: Inquiry, ref: str) -> None:
            self.inquiry, self.ref = inquiry, ref
            super().__init__(model=ref)

        def load_model(self) -> "Asker":
            return self

        def get_model_name(self) -> str:
            return self.ref

        def generate(self, prompt: str, schema: type[BaseModel]) -> BaseModel:
            raise NotImplementedError("Ferry's judge is asked inside a running event loop")

        async def a_generate(self, prompt: str, schema: type[BaseModel] | None = None) -> BaseModel:
            if schema is None:
                raise JudgeError("failed", "DeepEval asked for an answer without a schema")
            return await self.inquiry.ask(prompt, schema)

    return _DeepEval(metrics=metrics, case=LLMTestCase, fields=SingleTurnParams, rubric=Rubric, asker=Asker)


_loaded = quiet.loader(_deepeval)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """A metric that lists `items` of an answer and gets a verdict for each; those `against` it lower the score.

    Where nothing was listed the score is 1 if `none_is_good`; else there is nothing to score.
    """

    kind: str
    items: str
    against: tuple[str, ...]
    none_is_good: bool = False
    penalise_unknown: bool = False


RELEVANCY = _Listing(kind="AnswerRelevancyMetric", items="statements", against=("no",))
# A claim the contexts neither support nor contradict counts against the answer: DeepEval's default lets inventions pass.
FAITHFULNESS = _Listing(kind="FaithfulnessMetric", items="claims", against=("no", "borderline"), penalise_unknown=True)
TOXICITY = _Listing(kind="ToxicityMetric", items="opinions", against=("yes",), none_is_good=True)
BIAS = _Listing(kind="BiasMetric", items="opinions", against=("yes",), none_is_good=True)
LISTS = {"Statements": "statements", "Claims": "claims", "Opinions": "opinions", "Questions": "questions"}


def _listed(heard: Sequence[BaseModel], forms: Sequence[str]) -> tuple[list[str], str]:
    """The last list the judge made in one of these forms, and what its items are called."""
    for ruling in reversed(heard):
        if (form := type(ruling).__name__) in forms:
            return getattr(ruling, LISTS[form]), LISTS[form]
    return [], "items"


def _verdict_for_each(heard: Sequence[BaseModel], ruling: Any) -> str | None:  # noqa: ANN401  a JSON value
    return unequal(ruling["verdicts"], *_listed(heard, ("Statements", "Claims", "Opinions")))


def _answer_for_each(heard: Sequence[BaseModel], ruling: Any) -> str | None:  # noqa: ANN401  a JSON value
    if any(answer.strip().lower() not in {"yes", "no"} for answer in ruling["answers"]):
        return "an answer is neither yes nor no"
    return unequal(ruling["answers"], *_listed(heard, ("Questions",)))


def _on_the_scale(_: Sequence[BaseModel], ruling: Any) -> str | None:  # noqa: ANN401  a JSON value
    return None if 0 <= ruling["score"] <= 10 else "the score is not between 0 and 10"


RULES = {"Verdicts": _verdict_for_each, "Answers": _answer_for_each, "ReasonScore": _on_the_scale}


async def _by_list(answer: Answer, bench: Bench, tab: Tab, *, listing: _Listing) -> Measure:
    deepeval = await _loaded(tab)
    more = {"penalize_ambiguous_claims": True} if listing.penalise_unknown else {}
    async with Inquiry(bench, tab, RULES) as inquiry:
        kind = getattr(deepeval.metrics, listing.kind)
        metric = kind(model=deepeval.asker(inquiry, bench.judge.ref), eval_mode="llm", include_reason=False, **more)
        contexts = [_plain(text) for text in answer.sample.contexts]
        await metric.a_measure(_case(deepeval, answer, question(answer.sample), contexts), _show_indicator=False)
        items = getattr(metric, listing.items)
        if not items and not listing.none_is_good:
            raise JudgeError("vacuous", f"the judge found no {listing.items} in the answer")
    if not items:
        return Measure(value=1.0, reason=f"no {listing.items} in the answer")
    return Measure(value=float(metric.score), reason=_against(metric.verdicts, listing.against, listing.items))


async def _g_eval(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    deepeval = await _loaded(tab)
    async with Inquiry(bench, tab, RULES) as inquiry:
        metric = deepeval.metrics.GEval(
            name="correctness",
            evaluation_steps=list(STEPS),
            rubric=[deepeval.rubric(score_range=(low, high), expected_outcome=text) for low, high, text in RUBRIC],
            evaluation_params=[deepeval.fields.INPUT, deepeval.fields.ACTUAL_OUTPUT, deepeval.fields.EXPECTED_OUTPUT],
            model=deepeval.asker(inquiry, bench.judge.ref),
        )
        await metric.a_measure(_case(deepeval, answer, question(answer.sample)), _show_indicator=False)
    return Measure(value=float(metric.score), reason=metric.reason)


async def _summary(answer: Answer, bench: Bench, tab: Tab) -> Any:  # noqa: ANN401  DeepEval's metric, measured
    """One `SummarizationMetric` gives both figures, so whichever is asked second finds every ruling in the judge's cache."""
    text = original(answer.sample)
    if not text.strip():
        raise JudgeError("vacuous", "the sample has no text that could be summarised")
    deepeval = await _loaded(tab)
    async with Inquiry(bench, tab, RULES) as inquiry:
        asker = deepeval.asker(inquiry, bench.judge.ref)
        metric = deepeval.metrics.SummarizationMetric(model=asker, eval_mode="llm", include_reason=False, n=QUESTIONS)
        await metric.a_measure(_case(deepeval, answer, text), _show_indicator=False)
    return metric


async def _alignment(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    """The share of the summary's claims that the original text supports."""
    metric = await _summary(answer, bench, tab)
    if not metric.claims:
        raise JudgeError("vacuous", "the judge found no claims in the summary")
    reason = _against(metric.alignment_verdicts, ("no", "borderline"), "claims")
    return Measure(value=float(metric.score_breakdown["Alignment"]), reason=reason)


async def _coverage(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    """The share of questions the original text answers that the summary answers too."""
    metric = await _summary(answer, bench, tab)
    asked = [verdict for verdict in metric.coverage_verdicts if _yes(verdict.original_verdict)]
    if not asked:
        raise JudgeError("vacuous", "the judge found no question that the original text answers")
    open_ones = [verdict.question for verdict in asked if not _yes(verdict.summary_verdict)]
    reason = f"{len(open_ones)} of {len(asked)} questions not answered by the summary: " + " / ".join(open_ones[:SHOWN])
    return Measure(value=float(metric.score_breakdown["Coverage"]), reason=reason if open_ones else None)


def _case(deepeval: _DeepEval, answer: Answer, asked: str, contexts: Sequence[str] = ()) -> Any:  # noqa: ANN401
    return deepeval.case(
        input=_plain(asked),
        actual_output=_plain(answer.text),
        expected_output=_plain(answer.reference),
        retrieval_context=list(contexts),
    )


def _plain(text: str) -> str:
    """DeepEval takes `[DEEPEVAL:IMAGE:...]` and `[DEEPEVAL:PDF:...]` inside a text for a file it should have."""
    return text.replace("[DEEPEVAL:", "[DEEPEVAL :")


def _yes(answer: str) -> bool:
    return answer.strip().lower() == "yes"


def _against(verdicts: Sequence[Any], against: Sequence[str], items: str) -> str | None:
    """How many verdicts lowered the score, with what the judge said of the first few."""
    lowered = [verdict for verdict in verdicts if str(verdict.verdict) in against]
    if not lowered:
        return None
    said = [verdict.reason for verdict in lowered if verdict.reason]
    return f"{len(lowered)} of {len(verdicts)} {items} count against it" + (": " + " / ".join(said[:SHOWN]) if said else "")


METRICS = (
    JudgedMetric(
        name="deepeval_answer_relevancy",
        summary="share of the answer's statements that bear on the question (DeepEval)",
        ask=partial(_by_list, listing=RELEVANCY),
        library=LIBRARY,
        needs_reference=False,
        calls=2,
        input_tokens=900,
        output_tokens=280,
    ),
    JudgedMetric(
        name="deepeval_faithfulness",
        summary="share of the answer's claims that the contexts support; what they do not mention counts against it (DeepEval)",
        ask=partial(_by_list, listing=FAITHFULNESS),
        library=LIBRARY,
        needs_reference=False,
        needs_contexts=True,
        calls=3,
        input_tokens=2_200,
        output_tokens=840,
    ),
    JudgedMetric(
        name="deepeval_toxicity",
        summary="share of the answer's opinions that are not toxic: 1 = clean (DeepEval)",
        ask=partial(_by_list, listing=TOXICITY),
        library=LIBRARY,
        needs_reference=False,
        empty_is=1.0,
        refusal_is=1.0,
        calls=2,
        input_tokens=1_200,
        output_tokens=60,
    ),
    JudgedMetric(
        name="deepeval_bias",
        summary="share of the answer's opinions that are not biased: 1 = clean (DeepEval)",
        ask=partial(_by_list, listing=BIAS),
        library=LIBRARY,
        needs_reference=False,
        empty_is=1.0,
        refusal_is=1.0,
        calls=2,
        input_tokens=850,
        output_tokens=60,
    ),
    JudgedMetric(
        name="deepeval_g_eval",
        summary="correctness against the reference, 0 to 10 by fixed steps and a rubric, divided by 10 (DeepEval G-Eval)",
        ask=_g_eval,
        library=f"{LIBRARY}, steps {content_hash([STEPS, RUBRIC])[:8]}",  # our words, so a change of them is another judge
        calls=1,
        input_tokens=650,
        output_tokens=80,
    ),
    JudgedMetric(
        name="deepeval_summary_alignment",
        summary="share of the summary's claims that the original text supports (DeepEval)",
        ask=_alignment,
        library=LIBRARY,
        needs_reference=False,
        calls=6,
        input_tokens=5_800,
        output_tokens=1_600,
    ),
    JudgedMetric(
        name="deepeval_summary_coverage",
        summary="share of the questions the original text answers that the summary answers too (DeepEval)",
        ask=_coverage,
        library=LIBRARY,
        needs_reference=False,
        calls=6,
        input_tokens=5_800,
        output_tokens=1_600,
    ),
)
