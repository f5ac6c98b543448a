"""Ragas' own `evaluate` over answers that are given, with one metric of 50 ms. Runs in Ragas' environment."""

import asyncio
import sys
import warnings
from dataclasses import dataclass, field
from typing import Any

from meter import ANSWER, IN_FLIGHT, LATENCY_S, QUESTION, Meter

warnings.filterwarnings("ignore")

from ragas import EvaluationDataset, SingleTurnSample, evaluate
from ragas.metrics.base import MetricType, SingleTurnMetric
from ragas.run_config import RunConfig


@dataclass
class Slow(SingleTurnMetric):  # type: ignore[misc]  # Ragas is not installed where this is checked
    name: str = "slow"
    _required_columns: dict[Any, Any] = field(default_factory=lambda: {MetricType.SINGLE_TURN: {"user_input", "response"}})

    def init(self, run_config: Any) -> None: ...

    async def _single_turn_ascore(self, sample: Any, callbacks: Any) -> float:
        await asyncio.sleep(LATENCY_S)
        return float("42" in sample.response)


def work(size: int) -> None:
    samples = [SingleTurnSample(user_input=QUESTION.format(number=n), response=ANSWER, reference="42") for n in range(size)]
    with Meter():
        evaluate(
            EvaluationDataset(samples=samples),
            metrics=[Slow()],
            run_config=RunConfig(max_workers=IN_FLIGHT, timeout=600),
            show_progress=False,
        )


if __name__ == "__main__":
    work(int(sys.argv[1]))
