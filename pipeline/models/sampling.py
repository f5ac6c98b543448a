"""Sampling parameters that a model turns out not to take: newer models refuse `temperature` and `top_p` with a 400.

The adapter finds out by asking: what is refused, which costs nothing, is left out from then on. Whoever sends requests another
way (batch inference, whose jobs are not checked before they run) has to ask the adapter what it found.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

from pipeline.models.failures import KINDS
from pipeline.records import Failure, Model, Parameters

_LEFT_OUT: Mapping[str, Callable[[Parameters], Parameters]] = {
    "top_p": lambda parameters: replace(parameters, top_p=None),
    "temperature": lambda parameters: replace(parameters, temperature=None),
}


@runtime_checkable
class Settling(Protocol):
    """A model that knows what it was refused, or stands before one that does."""

    def refused(self) -> frozenset[str] | None:
        """Names of sampling parameters; None until one call was answered."""
        ...


def refused_of(model: Model) -> frozenset[str] | None:
    """What `model` refuses; nothing of one that takes what it is sent, None while that is not known."""
    return model.refused() if isinstance(model, Settling) else frozenset()


def without(parameters: Parameters, refused: Iterable[str]) -> Parameters:
    for name in refused:
        parameters = _LEFT_OUT[name](parameters)
    return parameters


def sampling_refused(problem: Failure | None, parameters: Parameters) -> str | None:
    """The sampling parameter of `parameters` that the model's refusal names; the lesser one where it takes one of two."""
    if problem is None or problem.kind != "validation":
        return None
    said = problem.message.removesuffix(KINDS["validation"].way_out).lower().replace("topp", "top_p")
    return next((name for name in _LEFT_OUT if name in said and getattr(parameters, name) is not None), None)
