"""DeepEval's own `evaluate` over answers that are given, with one metric of 50 ms. Runs in DeepEval's environment."""

import asyncio
import contextlib
import io
import os
import sys
import tempfile
from typing import Any

from meter import ANSWER, IN_FLIGHT, LATENCY_S, QUESTION, Meter

os.chdir(tempfile.mkdtemp())  # it leaves files where it runs

from deepeval import evaluate
from deepeval.evaluate.configs import AsyncConfig, CacheConfig, DisplayConfig
from deepeval.metrics import BaseMetric
from deepeval.test_case import LLMTestCase


class Slow(BaseMetric):  # type: ignore[misc]  # DeepEval is not installed where this is checked
    threshold, async_mode, include_reason, evaluation_model, strict_mode, verbose_mode = 0.5, True, False, "none", False, False

    def measure(self, test_case: Any, *_args: Any, **_more: Any) -> float:
        raise NotImplementedError

    async def a_measure(self, test_case: Any, *_args: Any, **_more: Any) -> float:
        await asyncio.sleep(LATENCY_S)
        self.score, self.reason = float("42" in test_case.actual_output), ""
        self.success = self.score == 1.0
        return self.score

    def is_successful(self) -> bool:
        return bool(self.success)

    @property
    def __name__(self) -> str:
        return "Slow"


def work(size: int) -> None:
    cases = [LLMTestCase(input=QUESTION.format(number=n), actual_output=ANSWER, expected_output="42") for n in range(size)]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        meter = Meter().__enter__()
        evaluate(
            cases,
            [Slow()],
            async_config=AsyncConfig(run_async=True, max_concurrent=IN_FLIGHT, throttle_value=0),
            display_config=DisplayConfig(show_indicator=False, print_results=False),
            cache_config=CacheConfig(write_cache=False, use_cache=False),
        )
    meter.__exit__(None, None, None)


if __name__ == "__main__":
    work(int(sys.argv[1]))
