"""Scripted models as judges, and the question they are asked."""

import json
from collections.abc import Callable
from typing import Any

from pipeline.metrics.judge.model_judge import ModelJudge
from pipeline.metrics.judge.port import JudgeError, Question, Tab
from pipeline.metrics.judge.rulings import MemoryRulings, RulingCache
from pipeline.models import ScriptedModel
from pipeline.models.failures import failure
from pipeline.records import Output, Request, Usage

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"reason": {"type": "string"}, "score": {"type": "integer", "minimum": 1, "maximum": 10}},
        "required": ["reason", "score"],
        "additionalProperties": False,
    }
)
GOOD = '{"reason": "it fits", "score": 7}'
VALUE = {"reason": "it fits", "score": 7}


def question(prompt: str = "How good is it?", **changes: Any) -> Question:
    return Question(**{"name": "rating", "prompt": prompt, "schema": SCHEMA, **changes})


def failed(kind: str, said: str = "", usage: Usage | None = None) -> Output:
    return Output(sample_id="x", text=None, failure=failure(kind, said), usage=usage)


def says(text: str, stop_reason: str = "end_turn") -> Output:
    usage = Usage(input_tokens=10, output_tokens=3)
    return Output(sample_id="x", text=text, stop_reason=stop_reason, usage=usage)


class Replies:
    """Gives its replies one after another (the last one again and again) and keeps the requests."""

    def __init__(self, *replies: Output | str) -> None:
        self._replies, self.requests = replies, list[Request]()

    def __call__(self, request: Request) -> Output | str:
        self.requests.append(request)
        return self._replies[min(len(self.requests), len(self._replies)) - 1]


def judge_of(
    answers: Callable[[Request], Output | str], cache: RulingCache | None = None, **more: Any
) -> tuple[ModelJudge, ScriptedModel]:
    ref = more.pop("ref", "scripted:judge")
    model = ScriptedModel(answers, ref=ref, concurrency=more.pop("concurrency", 8), latency_s=more.pop("latency_s", 0.0))
    return ModelJudge(model, MemoryRulings() if cache is None else cache, **more), model


async def kind_of_ruling(*replies: Output | str, **changes: Any) -> tuple[str, Tab]:
    """The kind of the JudgeError these replies end in, and the tab."""
    judge, _ = judge_of(Replies(*replies))
    tab = Tab()
    try:
        return f"ruled {await judge.ask(question(**changes), tab)}", tab
    except JudgeError as error:
        return error.kind, tab
