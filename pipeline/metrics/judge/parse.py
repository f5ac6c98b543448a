"""JSON out of what a model wrote: exactly JSON, else a fenced block, else one object somewhere in the text.

Python's reader takes NaN, Infinity, 1e999 and repeated keys; none of them is accepted here.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipeline.hashing import canonical_json

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)
OPENINGS = 200  # places of a text where an object is looked for


class UnfitError(ValueError):
    """There is no JSON value that fits; the message says why, without the text. `rule` is the rule of the schema it breaks."""

    def __init__(self, message: str, rule: str = "") -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Where a value breaks which rule of a schema."""

    rule: str
    place: str

    def __str__(self) -> str:
        return f'the JSON breaks the rule "{self.rule}" of the schema at {self.place}'


def fitting(text: str, schema: str) -> Any:  # noqa: ANN401  a JSON value
    """The one JSON value in `text` that fits `schema`. Raises UnfitError when there is none, or several that differ.

    Several are refused because a judge that quotes a sample may quote a ruling planted there.
    """
    problems: list[Misfit] = []
    for values in (_parsed((text,)), _parsed(FENCE.findall(text)), _embedded(text)):
        if found := [value for value in values if _fits(value, schema, problems)]:
            return _only(found)
    if problems:
        raise UnfitError(str(problems[-1]), problems[-1].rule)
    raise UnfitError("the reply holds no JSON" if text.strip() else "the reply is empty")


def misfit(value: Any, schema: str) -> Misfit | None:  # noqa: ANN401
    """Why `value` does not fit `schema`: the place and the rule, never the value. None when it fits."""
    error = next(_validator(schema).iter_errors(value), None)
    if error is None:
        return None
    place = "/".join(str(step) for step in error.absolute_path) or "the top"
    return Misfit(rule=str(error.validator), place=place)


def loads(text: str) -> Any:  # noqa: ANN401
    """`json.loads` without what JSON does not have. Raises ValueError."""
    try:
        return DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deep") from error


def _fits(value: Any, schema: str, problems: list[Misfit]) -> bool:  # noqa: ANN401
    """Whether it fits; where it does not, `problems` gets the reason."""
    problem = misfit(value, schema)
    problems += [problem] if problem else []
    return problem is None


def _only(found: list[Any]) -> Any:  # noqa: ANN401
    if any(other != found[0] for other in found[1:]):
        raise UnfitError("the reply holds several JSON values that fit and differ")
    try:
        canonical_json(found[0]).encode()
    except UnicodeEncodeError as error:  # "\ud83d" alone is JSON, but no text: no file and no database takes it
        raise UnfitError("the JSON holds half of a character") from error
    return found[0]


def _parsed(texts: Iterable[str]) -> Iterator[Any]:
    for text in texts:
        try:
            yield loads(text.strip())
        except ValueError:
            continue


def _embedded(text: str) -> Iterator[Any]:
    """The outermost objects of a text that parse, from left to right."""
    at = text.find("{")
    for _ in range(OPENINGS):
        if at < 0:
            return
        try:
            value, end = DECODER.raw_decode(text, at)
            yield value
        except (ValueError, RecursionError):
            end = at + 1
        at = text.find("{", end)


def _number(written: str) -> float:
    value = float(written)
    if not math.isfinite(value):
        raise ValueError(f"{written} is no finite number")
    return value


def _refused(written: str) -> float:
    raise ValueError(f"{written} is not JSON")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


DECODER = json.JSONDecoder(parse_constant=_refused, parse_float=_number, object_pairs_hook=_without_repeats)


@lru_cache(maxsize=128)
def _validator(schema: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))
