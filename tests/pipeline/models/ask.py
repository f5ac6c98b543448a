"""Requests and settings for the tests of models."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.models import ModelSettings
from pipeline.records import Model, Output, Parameters, Request, Turn


def request(text: str = "Where is my card?", *, sample_id: str = "s1", system: str = "", **parameters: Any) -> Request:
    return Request(sample_id=sample_id, system=system, turns=(Turn(role="user", text=text),), parameters=Parameters(**parameters))


async def all_of(model: Model, requests: Sequence[Request]) -> list[Output]:
    """The answers to `requests`, asked all at once, in their order."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(model.answer(asked)) for asked in requests]
    return [task.result() for task in tasks]


class Sleeps:
    """Takes no time and remembers how long it was asked to."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)


def settings(**changes: Any) -> ModelSettings:
    defaults: dict[str, Any] = {"region": "us-east-1", "sleep": Sleeps(), "cache": Path("unused")}
    return ModelSettings(**{**defaults, **changes})
