"""Judged metrics for the guide's tests: what a catalog holds of them, without any framework behind it."""

from typing import cast

import pytest

from pipeline.metrics.judge.port import Bench, Tab
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.metric import Answer, Measure
from pipeline.metrics.registry import JUDGED, METRICS
from pipeline.records import JudgeChoice

JUDGE = JudgeChoice(model="bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0")
OWN = ("answer_correctness", "answer_precision", "answer_recall", "answer_similarity", "judge_preference")
RAGAS = tuple(f"ragas_{name}" for name in OWN[:4])
DEEPEVAL = tuple(
    f"deepeval_{name}"
    for name in (
        "answer_relevancy", "faithfulness", "toxicity", "bias", "g_eval", "summary_alignment", "summary_coverage",
    )
)  # fmt: skip
EVERY = (*METRICS, *OWN, *RAGAS, *DEEPEVAL)
FREE_OF_REFERENCES = {*DEEPEVAL, "judge_preference"} - {"deepeval_g_eval"}


async def _pass(_answer: Answer, _bench: Bench, _tab: Tab) -> Measure:
    return Measure(value=1.0)


def metric(name: str, calls: int = 2, input_tokens: int = 1_000, output_tokens: int = 100) -> JudgedMetric:
    return JudgedMetric(
        name=name,
        summary="judged",
        ask=_pass,
        calls=calls,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        needs_reference=name not in FREE_OF_REFERENCES,
        needs_contexts=name == "deepeval_faithfulness",
    )


def register(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make the catalog hold these judged metrics, for one test."""
    for name in names:
        monkeypatch.setitem(cast("dict[str, JudgedMetric]", JUDGED), name, metric(name))
