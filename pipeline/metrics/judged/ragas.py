"""The four answer metrics of Ragas 0.4.3 over our judge: its metric classes and prompts, none of its runners, caches or clients.

Precision and recall are `Faithfulness` asked in both directions, as the AWS fork of Ragas defines them: the stock
`FactualCorrectness(mode="recall")` mixes the claims of both sides (https://github.com/vibrantlabsai/ragas/issues/1964).
Precision, recall and correctness ask for the same two lists of statements, so the judge's cache answers two of seven calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from pipeline.metrics.judge.embedders import correctness_weights
from pipeline.metrics.judge.port import Bench, JudgeError, Tab
from pipeline.metrics.judged import quiet
from pipeline.metrics.judged.inquiry import Inquiry, unequal
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.judged.texts import question
from pipeline.metrics.metric import Answer, Measure

LIBRARY = "ragas 0.4.3"
SHOWN = 3  # statements a reason quotes
PROMPTS = ("statement_generator_prompt", "nli_statement_prompt", "correctness_classifier_prompt")


class Prepared:
    """A prompt of Ragas whose fixed part is written once: Ragas makes its JSON schema anew for every call, 0.4 ms each time."""

    def __init__(self, prompt: Any) -> None:  # noqa: ANN401  a BasePrompt
        example, _ = prompt.examples[-1]
        self._before, self._after = prompt.to_string(example).rsplit(self._written(example), 1)

    def to_string(self, data: BaseModel) -> str:
        """The same text as the prompt's own `to_string`."""
        return f"{self._before}{self._written(data)}{self._after}"

    @staticmethod
    def _written(data: BaseModel) -> str:
        return data.model_dump_json(indent=4, exclude_none=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ragas:
    faithfulness: Any
    correctness: Any
    similarity: Any
    asker: Any
    vectors: Any
    prompts: Mapping[str, Prepared]

    def prepared(self, metric: Any) -> Any:  # noqa: ANN401  a metric of Ragas
        """The metric with its prompts prepared; another cell's metric shares them."""
        for name in PROMPTS:
            if hasattr(metric, name):
                setattr(metric, name, self.prompts[name])
        return metric


@cache
def _ragas() -> _Ragas:
    with quiet.silence():
        quiet.stand_in_for_vertexai()
        from ragas.embeddings.base import BaseRagasEmbedding
        from ragas.llms.base import InstructorBaseRagasLLM
        from ragas.metrics.collections import AnswerCorrectness, Faithfulness, SemanticSimilarity
        from ragas.metrics.collections.answer_correctness.util import CorrectnessClassifierPrompt
        from ragas.metrics.collections.faithfulness.util import NLIStatementPrompt, StatementGeneratorPrompt

    class Asker(InstructorBaseRagasLLM):  # type: ignore[misc]
        def __init__(self, inquiry: Inquiry) -> None:
            self.inquiry = inquiry

        def generate(self, prompt: str, response_model: type[BaseModel]) -> BaseModel:
            raise NotImplementedError("Ferry's judge is asked inside a running event loop")

        async def agenerate(self, prompt: str, response_model: type[BaseModel]) -> BaseModel:
            return await self.inquiry.ask(prompt, response_model)

    class Vectors(BaseRagasEmbedding):  # type: ignore[misc]
        """Embedded before the metric starts: `SemanticSimilarity` embeds synchronously inside the event loop."""

        def __init__(self, known: Mapping[str, Sequence[float]]) -> None:
            super().__init__()
            self.known = known

        def embed_text(self, text: str, **_: object) -> list[float]:
            return list(self.known[text])

        async def aembed_text(self, text: str, **_: object) -> list[float]:
            return self.embed_text(text)

    kinds = (StatementGeneratorPrompt, NLIStatementPrompt, CorrectnessClassifierPrompt)
    return _Ragas(
        faithfulness=Faithfulness,
        correctness=AnswerCorrectness,
        similarity=SemanticSimilarity,
        asker=Asker,
        vectors=Vectors,
        prompts={name: Prepared(kind()) for name, kind in zip(PROMPTS, kinds, strict=True)},
    )


_loaded = quiet.loader(_ragas)


def _verdict_for_each(heard: Sequence[BaseModel], ruling: Any) -> str | None:  # noqa: ANN401  a JSON value
    verdicts = [verdict["verdict"] for verdict in ruling["statements"]]
    if any(verdict not in (0, 1) for verdict in verdicts):
        return "a verdict is neither 0 nor 1"
    return unequal(verdicts, _statements(heard)[-1], "statements")


def _class_for_each(heard: Sequence[BaseModel], ruling: Any) -> str | None:  # noqa: ANN401  a JSON value
    of_answer, of_reference = _statements(heard)
    if len(ruling["FN"]) > len(of_reference):
        return unequal(ruling["FN"], of_reference, "statements of the reference")
    return unequal([*ruling["TP"], *ruling["FP"]], of_answer, "statements of the answer")


RULES = {"NLIStatementOutput": _verdict_for_each, "ClassificationWithReason": _class_for_each}


def _statements(heard: Sequence[BaseModel]) -> list[list[str]]:
    """The lists of statements the judge has made so far, in the order they were asked for."""
    return [ruling.statements for ruling in heard if type(ruling).__name__ == "StatementGeneratorOutput"]  # type: ignore[attr-defined]


async def _supported(answer: Answer, bench: Bench, tab: Tab, *, text: str, by: str, whose: str) -> Measure:
    """The share of the statements in `text` that follow from `by`."""
    ragas = await _loaded(tab)
    async with Inquiry(bench, tab, RULES) as inquiry:
        metric = ragas.prepared(ragas.faithfulness(llm=ragas.asker(inquiry)))
        found = await metric.ascore(user_input=question(answer.sample), response=text, retrieved_contexts=[by])
        _not_vacuous(inquiry, (whose,))
        missed = [ruled.statement for ruled in inquiry.rulings[-1].statements if not ruled.verdict]  # type: ignore[attr-defined]
    return Measure(value=_bounded(found.value), reason=_told(missed, len(_statements(inquiry.rulings)[0]), whose))


async def _precision(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    return await _supported(answer, bench, tab, text=answer.text, by=answer.reference, whose="answer")


async def _recall(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    return await _supported(answer, bench, tab, text=answer.reference, by=answer.text, whose="reference")


async def _correctness(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    ragas = await _loaded(tab)
    vectors = ragas.vectors(await _embedded(answer, bench, tab))
    async with Inquiry(bench, tab, RULES) as inquiry:
        asker = ragas.asker(inquiry)
        weights = list(correctness_weights(bench.embedder.ref))
        metric = ragas.prepared(ragas.correctness(llm=asker, embeddings=vectors, weights=weights))
        found = await metric.ascore(user_input=question(answer.sample), response=answer.text, reference=answer.reference)
        _not_vacuous(inquiry, ("answer", "reference"))
        classes = inquiry.rulings[-1]
    wrong, absent = len(classes.FP), len(classes.FN)  # type: ignore[attr-defined]
    reason = f"{wrong} statements of the answer not in the reference, {absent} of the reference not in the answer"
    return Measure(value=_bounded(found.value), reason=reason if wrong or absent else None)


async def _similarity(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    ragas = await _loaded(tab)
    vectors = ragas.vectors(await _embedded(answer, bench, tab))
    async with Inquiry(bench, tab):
        found = await ragas.similarity(embeddings=vectors).ascore(response=answer.text, reference=answer.reference)
    return Measure(value=_bounded(found.value))


async def _embedded(answer: Answer, bench: Bench, tab: Tab) -> Mapping[str, Sequence[float]]:
    texts = (answer.text, answer.reference)
    return dict(zip(texts, await bench.embedder.embed(texts, tab), strict=True))


def _not_vacuous(inquiry: Inquiry, whose: Sequence[str]) -> None:
    """Ragas gives NaN, or even a full score, where the judge found no statement: there is nothing to score then."""
    for name, statements in zip(whose, _statements(inquiry.rulings), strict=False):
        if not statements:
            raise JudgeError("vacuous", f"the judge found no statement in the {name}")


def _bounded(value: float) -> float:
    """Within [0, 1]: a cosine may be below 0, and rounding may lift one above 1."""
    return min(max(float(value), 0.0), 1.0)


def _told(missed: Sequence[str], of: int, whose: str) -> str | None:
    if not missed:
        return None
    return f"{len(missed)} of {of} statements of the {whose} not supported: " + " / ".join(missed[:SHOWN])


METRICS = (
    JudgedMetric(
        name="ragas_answer_precision",
        summary="share of the answer's statements that the reference supports (Ragas Faithfulness)",
        ask=_precision,
        library=LIBRARY,
        calls=2,
        input_tokens=1_600,
        output_tokens=300,
    ),
    JudgedMetric(
        name="ragas_answer_recall",
        summary="share of the reference's statements that the answer supports (Ragas Faithfulness the other way round)",
        ask=_recall,
        library=LIBRARY,
        calls=2,
        input_tokens=1_600,
        output_tokens=300,
    ),
    JudgedMetric(
        name="ragas_answer_correctness",
        summary="three quarters F1 over the statements of answer and reference, one quarter similarity (Ragas AnswerCorrectness)",
        ask=_correctness,
        library=LIBRARY,
        calls=3,
        input_tokens=2_900,
        output_tokens=400,
    ),
    JudgedMetric(
        name="ragas_answer_similarity",
        summary="cosine of the embeddings of answer and reference (Ragas SemanticSimilarity); describes, never decides",
        ask=_similarity,
        library=LIBRARY,
        calls=0,
        input_tokens=0,
        output_tokens=0,
    ),
)
