"""Requests and settings for the tests of models."""

from pathlib import Path
from typing import Any

from pipeline.models import ModelSettings
from pipeline.records import Parameters, Request, Turn


def request(text: str = "Where is my card?", *, sample_id: str = "s1", system: str = "", **parameters: Any) -> Request:
    return Request(sample_id=sample_id, system=system, turns=(Turn(role="user", text=text),), parameters=Parameters(**parameters))


class Sleeps:
    """Takes no time and remembers how long it was asked to."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)


def settings(**changes: Any) -> ModelSettings:
    defaults: dict[str, Any] = {"region": "us-east-1", "sleep": Sleeps(), "cache": Path("unused")}
    return ModelSettings(**{**defaults, **changes})
