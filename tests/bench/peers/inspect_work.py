"""Inspect AI's own `eval` with a model of 50 ms and one scorer. Runs in Inspect AI's environment."""

import asyncio
import sys
import tempfile
from typing import Any

from meter import ANSWER, IN_FLIGHT, LATENCY_S, QUESTION, Meter

from inspect_ai import Task, eval as inspect_eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, modelapi
from inspect_ai.scorer import includes
from inspect_ai.solver import generate


@modelapi(name="slow")
class Slow(ModelAPI):  # type: ignore[misc]  # Inspect AI is not installed where this is checked
    def __init__(self, model_name: str, base_url: Any = None, api_key: Any = None, config: Any = None, **_more: Any) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> Any:
        await asyncio.sleep(LATENCY_S)
        return ModelOutput.from_content(self.model_name, ANSWER)

    def max_connections(self) -> int:
        return int(IN_FLIGHT)


def work(size: int) -> None:
    samples = [Sample(input=QUESTION.format(number=n), target="42") for n in range(size)]
    task = Task(dataset=MemoryDataset(samples), solver=generate(), scorer=includes())
    with Meter():
        logs = inspect_eval(
            task,
            model="slow/x",
            log_dir=tempfile.mkdtemp(),
            display="none",
            log_level="error",
            max_connections=IN_FLIGHT,
            max_samples=IN_FLIGHT,
            log_realtime=False,
        )
    assert logs[0].status == "success"


if __name__ == "__main__":
    work(int(sys.argv[1]))
