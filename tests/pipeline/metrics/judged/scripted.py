"""A judge that rules by fixed rules on what Ragas and DeepEval ask, and an embedder that counts words: no chance, no network.

A statement is supported when every word of it stands in the other text. Rulings are remembered, as the real judge's cache does.
"""

import ast
import asyncio
import json
import math
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.metrics.judge.port import Bench, JudgeError, Question, Tab
from pipeline.records import Output, Sample

DIMENSIONS = 1024
CONTEXTS = ("Revenue in 2024 was 12 million.", "Profit fell.")
SAMPLE = Sample(
    id="s1",
    variables={"question": "What was revenue in 2024?", "context": json.dumps(CONTEXTS)},
    reference="Revenue in 2024 was 12 million. Profit fell.",
)
Spoil = Callable[[Question, Any], Any]


def said(text: str) -> Output:
    return Output(sample_id="s1", text=text)


def sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def supported(statement: str, text: str) -> bool:
    return words(statement) <= words(text)


def unspoilt(_: Question, ruling: Any) -> Any:
    return ruling


@dataclass(kw_only=True)
class ScriptedJudge:
    """`spoil` may change a ruling or raise; `delay_s` is what a call takes."""

    spoil: Spoil = unspoilt
    delay_s: float = 0.0
    ref: str = "scripted:judge"
    asked: list[Question] = field(default_factory=list)
    remembers: bool = True

    def __post_init__(self) -> None:
        self._known: dict[tuple[str, str, str], str] = {}

    async def ask(self, question: Question, tab: Tab) -> Any:
        key = (question.name, question.schema, question.prompt)
        if self.remembers and key in self._known:
            return json.loads(self._known[key])
        await asyncio.sleep(self.delay_s)
        self.asked.append(question)
        ruling = self.spoil(question, ruled(question))
        tab.calls += 1
        tab.input_tokens += len(question.prompt) // 4
        tab.output_tokens += len(json.dumps(ruling)) // 4
        self._known[key] = json.dumps(ruling)
        return ruling

    def names(self) -> list[str]:
        return [question.name for question in self.asked]


class WordEmbedder:
    """Texts of the same words are alike: how often each word stands there, hashed into a few dimensions."""

    ref = f"words:{DIMENSIONS}"

    async def embed(self, texts: Sequence[str], tab: Tab) -> tuple[tuple[float, ...], ...]:
        return tuple(_vector(text) for text in texts)


def bench(judge: ScriptedJudge | None = None, deadline_s: float = 60.0) -> Bench:
    return Bench(judge=judge or ScriptedJudge(), embedder=WordEmbedder(), deadline_s=deadline_s)


def ruled(question: Question) -> Any:
    """What the judge says to a question, before anything spoils it."""
    if question.name in OF_RAGAS:
        given = question.prompt.rsplit("following input\ninput: ", 1)[1].rsplit("\nOutput: ", 1)[0]
        return OF_RAGAS[question.name](json.loads(given))
    if question.name in OF_DEEPEVAL:
        return OF_DEEPEVAL[question.name](question.prompt)
    raise JudgeError("failed", f"no rule for {question.name}")


def _vector(text: str) -> tuple[float, ...]:
    counts = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.casefold()):
        counts[zlib.crc32(word.encode()) % DIMENSIONS] += 1
    length = math.sqrt(sum(count * count for count in counts)) or 1.0
    return tuple(count / length for count in counts)


def _nli(given: Any) -> Any:
    def verdict(statement: str) -> Any:
        return {"statement": statement, "reason": "by its words", "verdict": int(supported(statement, given["context"]))}

    return {"statements": [verdict(statement) for statement in given["statements"]]}


def _classes(given: Any) -> Any:
    answer, reference = given["answer"], given["ground_truth"]

    def reasoned(statements: Sequence[str]) -> Any:
        return [{"statement": statement, "reason": "by its words"} for statement in statements]

    return {
        "TP": reasoned([s for s in answer if supported(s, " ".join(reference))]),
        "FP": reasoned([s for s in answer if not supported(s, " ".join(reference))]),
        "FN": reasoned([s for s in reference if not supported(s, " ".join(answer))]),
    }


def part(prompt: str, start: str, end: str = "JSON:") -> str:
    """What stands in a prompt after the last heading `start` and before `end`."""
    return prompt.rsplit(f"\n{start}:\n", 1)[1].split(f"\n{end}", 1)[0].strip()


def _verdicts(prompt: str) -> Any:
    if "\nStatements:\n" in prompt:
        asked = words(part(prompt, "Input", "Statements:"))
        return _each(ast.literal_eval(part(prompt, "Statements")), lambda item: "yes" if words(item) & asked else "no")
    if "\nOpinions:\n" in prompt:
        bad = "idiot" if "RUBRIC FOR TOXICITY" in prompt else "women"
        return _each(ast.literal_eval(part(prompt, "Opinions")), lambda item: "yes" if bad in item else "no")
    heading, truths = ("Summary Claims", "Original Text") if "\nSummary Claims:\n" in prompt else ("Claims", "Retrieval Contexts")
    known = part(prompt, truths, f"{heading}:")
    return _each(ast.literal_eval(part(prompt, heading)), lambda item: _agrees(item, known))


def _agrees(claim: str, known: str) -> str:
    """Supported, contradicted (it has a number that is not there), or not mentioned."""
    if supported(claim, known):
        return "yes"
    return "no" if set(re.findall(r"\d+", claim)) - set(re.findall(r"\d+", known)) else "borderline"


def _each(items: Sequence[str], rule: Callable[[str], str]) -> Any:
    return {"verdicts": [{"verdict": rule(item), "reason": f"as to {item!r}"} for item in items]}


def _questions(prompt: str) -> Any:
    return {"questions": [f"Does it say: {sentence}" for sentence in sentences(part(prompt, "Text"))]}


def _answers(prompt: str) -> Any:
    asked, text = ast.literal_eval(part(prompt, "Questions")), part(prompt, "Text", "Questions:")
    return {"answers": ["yes" if supported(question.removeprefix("Does it say: "), text) else "no" for question in asked]}


def _score(prompt: str) -> Any:
    given = part(prompt, "Actual Output", "Expected Output:")
    wanted = sentences(part(prompt, "Expected Output", "Parameters:"))
    found = [sentence for sentence in wanted if supported(sentence, given)]
    return {"reason": f"{len(found)} of {len(wanted)} facts", "score": round(10 * len(found) / len(wanted))}


OF_RAGAS: dict[str, Callable[[Any], Any]] = {
    "StatementGeneratorOutput": lambda given: {"statements": sentences(given["answer"])},
    "NLIStatementOutput": _nli,
    "ClassificationWithReason": _classes,
}
OF_DEEPEVAL: dict[str, Callable[[str], Any]] = {
    "Statements": lambda prompt: {"statements": sentences(part(prompt, "Text"))},
    "Claims": lambda prompt: {"claims": sentences(part(prompt, "AI Output"))},
    "Truths": lambda prompt: {"truths": sentences(part(prompt, "Text"))},
    "Opinions": lambda prompt: {"opinions": [s for s in sentences(part(prompt, "Text")) if s.startswith("I think")]},
    "Verdicts": _verdicts,
    "Questions": _questions,
    "Answers": _answers,
    "ReasonScore": _score,
}
