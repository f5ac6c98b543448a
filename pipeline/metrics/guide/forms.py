"""The form references have: decides which metrics can tell right from wrong."""

import statistics
from collections.abc import Callable, Sequence
from enum import Enum

from pipeline.metrics.code.numbers import NUMBER, numbers
from pipeline.metrics.code.overlap import tokens
from pipeline.metrics.code.structure import NotJsonError, parse
from pipeline.metrics.code.tool_calls import is_calls

MOSTLY = 0.8  # share of the references that must have a form before the form is taken for granted
SHORT = 6  # tokens of the median reference that still count as a short answer
CLOSED = 0.5  # distinct short references per reference, at most, to be a closed set


class Form(Enum):
    """What references look like."""

    NONE = "none"
    CALLS = "calls of tools"
    JSON = "JSON"
    NUMBER = "number"
    CLOSED = "closed set"
    SHORT = "short text"
    LONG = "long text"


def form(references: Sequence[str]) -> Form:
    """The form that most of the references have."""
    if not references:
        return Form.NONE
    if share(references, is_calls) >= MOSTLY and any(text.strip() != "[]" for text in references):
        return Form.CALLS
    if share(references, is_json) >= MOSTLY:
        return Form.JSON
    if share(references, _is_number) >= MOSTLY:
        return Form.NUMBER
    if statistics.median(len(tokens(text)) for text in references) > SHORT:
        return Form.LONG
    distinct = len({text.strip().casefold() for text in references})
    return Form.CLOSED if distinct <= CLOSED * len(references) else Form.SHORT


def share(texts: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(test(text) for text in texts) / len(texts)


def is_json(text: str) -> bool:
    try:
        return isinstance(parse(text), (dict, list))
    except NotJsonError:
        return False


def _is_number(text: str) -> bool:
    """One number at the start and next to nothing after it: "12 million USD", "$5"; not "Person 5"."""
    first = NUMBER.match(text.strip(" \t\n'\"[]()~"))
    return first is not None and len(numbers(text)) == 1 and len(tokens(first.string[first.end() :])) <= 2
