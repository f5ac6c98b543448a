"""Calls of tools: whether a model called what it should, with the arguments it should, or nothing where nothing fits.

A reference is a JSON list of calls, in either shape: `{"name": ..., "arguments": {...}}` (also `input`) wants these arguments;
`{name: {argument: [values, ...]}}`, as the Berkeley Function-Calling Leaderboard writes it, allows any of the values, and where
one of them is "" the argument may be left out. An empty list wants no call. Texts in the second shape are compared as the
leaderboard's checker does, without case, spaces and `,./-_*^`: https://github.com/ShishirPatil/gorilla, bfcl_eval, read 2026-11.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.metrics.code.structure import NotJsonError, equal, leaves, parse
from pipeline.metrics.metric import Answer, CodeMetric, Measure
from pipeline.prompts.tools import legal_name

_OVERLOOKED = re.compile(r"[ ,./\-_*^]")
LEFT_OUT = ""
"""Among the values of an argument: it may be left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One call of a reference: arguments with all values allowed for each; `loose` for the leaderboard's shape."""

    name: str
    arguments: Mapping[str, Any]
    loose: bool


def _measure(answer: Answer) -> Measure:
    wanted = _wanted(parse(answer.reference))
    given = [json.loads(call) for call in answer.tool_calls]
    if not wanted:
        return Measure(value=1.0) if not given else _wrong(f"called {_names(given)}, and no tool should be called")
    if not given:
        return _wrong(f"called no tool instead of {', '.join(call.name for call in wanted)}")
    if len(given) != len(wanted):
        return _wrong(f"made {len(given)} calls instead of {len(wanted)}")
    problems = [_first_problem(call, given) for call in wanted]
    reason = next((problem for problem in problems if problem), None)
    return _wrong(reason) if reason else Measure(value=1.0)


def _first_problem(wanted: _Wanted, given: list[Any]) -> str | None:
    """None after taking the call that fits out of `given`, else what is wrong with the closest one."""
    for place, call in enumerate(given):
        if _problem(wanted, call) is None:
            del given[place]
            return None
    same = [call for call in given if legal_name(call["name"]) == legal_name(wanted.name)]
    return _problem(wanted, (same or given)[0]) if given else f"did not call {wanted.name}"


def _problem(wanted: _Wanted, call: Any) -> str | None:  # noqa: ANN401
    """What is wrong with a call, never with the values themselves: they may be a sample's."""
    if legal_name(call["name"]) != legal_name(wanted.name):
        return f"called {call['name']} instead of {wanted.name}"
    given = call["input"]
    if not isinstance(given, dict):
        return f"the arguments of {wanted.name} are no JSON object"
    if surplus := sorted(given.keys() - wanted.arguments.keys()):
        return f"{wanted.name} has the surplus argument {surplus[0]}"
    fits = _allowed if wanted.loose else _same
    for name, value in wanted.arguments.items():
        if name not in given and not (wanted.loose and LEFT_OUT in value):
            return f"{wanted.name}: {name} is missing"
        if name in given and not fits(given[name], value):
            return f"{wanted.name}: {name} is wrong"
    return None


def _same(given: Any, wanted: Any) -> bool:  # noqa: ANN401
    """Equal as JSON values, in whatever way they were written; 1 and 1.0 are, 1 and true are not."""
    one, other = dict(leaves(given)), dict(leaves(wanted))
    return one.keys() == other.keys() and all(equal(one[path], other[path]) for path in one)


def _allowed(given: Any, values: Any) -> bool:  # noqa: ANN401
    """Whether `given` is one of the leaderboard's `values`; a single value counts as a list of one."""
    return any(_fits(given, value) for value in (values if isinstance(values, list) else [values]))


def _fits(given: Any, value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, dict):
        return (
            isinstance(given, dict)
            and given.keys() <= value.keys()
            and all(_allowed(given[key], inner) if key in given else LEFT_OUT in inner for key, inner in value.items())
        )
    if isinstance(value, list):
        return isinstance(given, list) and len(given) == len(value) and all(map(_fits, given, value))
    if isinstance(value, str) and isinstance(given, str):
        return _plain(given) == _plain(value)
    return equal(value, given)


def _plain(text: str) -> str:
    return _OVERLOOKED.sub("", text).lower().replace("'", '"')


def _wanted(reference: Any) -> list[_Wanted]:  # noqa: ANN401
    """The calls a reference names. Raises NotJsonError when it is of neither shape."""
    return [_call(call) for call in (reference if isinstance(reference, list) else [reference])]


def _call(call: Any) -> _Wanted:  # noqa: ANN401
    if not isinstance(call, dict):
        raise NotJsonError("no call of a tool")
    if isinstance(call.get("name"), str):
        name, arguments, loose = call["name"], call.get("arguments", call.get("input", {})), False
        arguments = parse(arguments) if isinstance(arguments, str) else arguments
    elif len(call) == 1:
        (name, arguments), loose = *call.items(), True
    else:
        raise NotJsonError("no call of a tool")
    listed = isinstance(arguments, dict) and all(isinstance(values, list) for values in arguments.values())
    if not name or not isinstance(arguments, dict) or (loose and not listed):
        raise NotJsonError("no call of a tool")
    return _Wanted(name=name, arguments=arguments, loose=loose)


def is_calls(reference: str) -> bool:
    """Whether a reference is a JSON list of calls, or an empty list, which wants none."""
    return reference.strip().startswith("[") and _unusable(reference) is None


def _names(given: list[Any]) -> str:
    return ", ".join(str(call["name"]) for call in given[:3]) + (", ..." if len(given) > 3 else "")


def _unusable(reference: str) -> str | None:
    try:
        _wanted(parse(reference))
    except NotJsonError:
        return "the reference is no JSON list of calls of tools"
    return None


def _wrong(reason: str) -> Measure:
    return Measure(value=0.0, reason=reason)


TOOL_CALL = CodeMetric(
    name="tool_call",
    summary="1 when the tools called and their arguments are the reference's, or none is called where none should be",
    measure=_measure,
    binary=True,
    needs_content=False,
    unusable=_unusable,
    reads_calls=True,
)
