"""Answers that must be JSON: whether they are, and how many of the reference's fields they carry."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from pipeline.metrics.metric import Answer, CodeMetric, Measure

FENCED = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL | re.IGNORECASE)
Path = tuple[str | int, ...]


class NotJsonError(ValueError):
    """Why a text is not one strict JSON value (RFC 8259); says nothing of the text itself."""


def parse(text: str) -> Any:  # noqa: ANN401
    """The JSON value that `text` is, blanks around it allowed; NaN, Infinity and doubled keys are refused."""
    try:
        return json.loads(text.strip(), parse_constant=_not_a_number, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise NotJsonError(f"not valid JSON: {error.msg} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise NotJsonError("not usable JSON: nested too deeply") from error


def _not_a_number(name: str) -> NoReturn:
    raise NotJsonError(f"not valid JSON: {name} is not a JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotJsonError("not usable JSON: a key stands twice in one object")
    return made


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401
    """Every scalar, empty object and empty list in `value` with its path."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def _valid(answer: Answer) -> Measure:
    try:
        parse(answer.text)
    except NotJsonError as error:
        return Measure(value=0.0, reason=_fenced(answer.text) or str(error))
    return Measure(value=1.0)


def _fenced(text: str) -> str | None:
    found = FENCED.search(text)
    if found is None:
        return None
    try:
        parse(found[1])
    except NotJsonError:
        return None
    return "valid JSON inside a Markdown fence: a parser that expects only JSON would fail"


def _fields(answer: Answer) -> Measure:
    wanted = dict(leaves(parse(answer.reference)))
    try:
        given = dict(leaves(parse(answer.text)))
    except NotJsonError as error:
        return Measure(value=0.0, reason=_fenced(answer.text) or str(error))
    wrong = [path for path in wanted if path not in given or not equal(wanted[path], given[path])]
    extra = [path for path in given if path not in wanted]
    return Measure(value=1 - (len(wrong) + len(extra)) / len({*wanted, *given}), reason=_differences(wrong, extra))


def _top_fields(answer: Answer) -> Measure:
    wanted = parse(answer.reference)
    try:
        given = parse(answer.text)
    except NotJsonError as error:
        return Measure(value=0.0, reason=_fenced(answer.text) or str(error))
    given = given if isinstance(given, dict) else {}
    shares = {name: _share(value, given[name]) if name in given else 0.0 for name, value in wanted.items()}
    wrong: list[Path] = [(name,) for name, share in shares.items() if share < 1]
    return Measure(value=sum(shares.values()) / len(shares), reason=_differences(wrong, []))


def _share(wanted: Any, given: Any) -> float:  # noqa: ANN401
    """The share of the values in `wanted` that stand at the same place in `given`."""
    found, values = dict(leaves(given)), list(leaves(wanted))
    return sum(path in found and equal(value, found[path]) for path, value in values) / len(values)


def _no_object(reference: str) -> str | None:
    unusable = _unusable(reference)
    return unusable or (None if isinstance(found := parse(reference), dict) and found else "the reference is no JSON object")


def equal(wanted: Any, given: Any) -> bool:  # noqa: ANN401
    """Equal as JSON values: 1 and 1.0 are, 1 and true are not; blanks around texts do not count."""
    if isinstance(wanted, str) and isinstance(given, str):
        return wanted.strip() == given.strip()
    return isinstance(wanted, bool) == isinstance(given, bool) and bool(wanted == given)


def _differences(wrong: list[Path], extra: list[Path]) -> str | None:
    named = (("wrong or missing", wrong), ("not in the reference", extra))
    return "; ".join(f"{word}: {_listed(paths)}" for word, paths in named if paths) or None


def _listed(paths: list[Path]) -> str:
    return ", ".join(".".join(map(str, path)) or "the value" for path in paths[:3]) + (", ..." if len(paths) > 3 else "")


def _unusable(reference: str) -> str | None:
    try:
        parse(reference)
    except NotJsonError:
        return "the reference is not JSON"
    return None


JSON_VALID = CodeMetric(
    name="json_valid",
    summary="1 when the answer is one JSON value and nothing else; JSON in a Markdown fence is not",
    measure=_valid,
    needs_reference=False,
    binary=True,
)
JSON_FIELDS = CodeMetric(
    name="json_fields",
    summary="share of fields that equal the reference's, nested ones included, lists by position; surplus fields are wrong",
    measure=_fields,
    unusable=_unusable,
)
JSON_TOP_FIELDS = CodeMetric(
    name="json_top_fields",
    summary="mean over the reference's top fields, a nested one by the share of its values that are right; surplus ones are free",
    measure=_top_fields,
    unusable=_no_object,
)
