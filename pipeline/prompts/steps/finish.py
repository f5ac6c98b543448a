"""What may happen to an answer before anyone sees it; an answer that a step has nothing to do with stays as it is."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline.errors import InputError
from pipeline.records import Output, Step


@dataclass(frozen=True, slots=True)
class Finish:
    """`change(text, values)` is idempotent; `told` says for people what it does to an answer."""

    told: str
    change: Callable[[str, tuple[str, ...]], str]


_FENCE = re.compile(r"\A[^`]*```[\w+-]*[ \t]*\n?(.*?)\n?```[^`]*\Z", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.,-])-?\d+(?:[.,]\d+)*(?![\w])")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "`": "`", "«": "»"}


def _fence(text: str, _: tuple[str, ...]) -> str:
    while (found := _FENCE.match(text)) and found[1].strip():
        text = found[1].strip()
    return text


def _json(text: str, _: tuple[str, ...]) -> str:
    """The one JSON object or list in the text; the text where it is JSON already, or holds none or several."""
    if _reads(text):
        return text
    found = list(_embedded(text))
    return found[0] if len(found) == 1 else text


def _embedded(text: str) -> Iterator[str]:
    at, decoder = 0, json.JSONDecoder()
    while (opening := next((i for i in range(at, len(text)) if text[i] in "{["), None)) is not None:
        try:
            _, at = decoder.raw_decode(text, opening)
            yield text[opening:at]
        except (ValueError, RecursionError):
            at = opening + 1


def _reads(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _first_line(text: str, _: tuple[str, ...]) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), text)


def _quotes(text: str, _: tuple[str, ...]) -> str:
    bare = text.strip()
    while len(bare) > 2 and _QUOTES.get(bare[0]) == bare[-1] and bare[-1] not in bare[1:-1] and bare[1:-1].strip():
        bare = bare[1:-1].strip()
    return bare if bare != text.strip() else text


def _number(text: str, _: tuple[str, ...]) -> str:
    found = _NUMBER.findall(text)
    return found[0] if len(found) == 1 else text


def _one_of(text: str, values: tuple[str, ...]) -> str:
    """The one of `values` that the answer names, spelled as listed; the answer where it names none or several."""
    named = [value for value in values if _names(text, value)]
    longest = [value for value in named if not any(value != other and _names(other, value) for other in named)]
    return longest[0] if len(longest) == 1 else text


def _names(text: str, value: str) -> bool:
    said, wanted = (re.sub(r"[\W_]+", " ", each.casefold()).strip() for each in (text, value))
    return bool(wanted) and f" {wanted} " in f" {said} "


FINISH: Mapping[str, Finish] = {
    "fence": Finish("the answer is what stands inside its Markdown fence", _fence),
    "json": Finish("the answer is the JSON in it, without the words around it", _json),
    "one of": Finish("the answer is the one allowed answer it names, spelled as listed", _one_of),
    "quotes": Finish("quotation marks around the answer are left out", _quotes),
    "number": Finish("the answer is the one number in it", _number),
    "first line": Finish("the answer is its first line", _first_line),
}
"""The most careful first: each leaves an answer alone where it is not sure."""


def finished(steps: tuple[Step, ...], text: str) -> str:
    """`text` after every step in order. Raises InputError for a step that is unknown."""
    for step in steps:
        if step.name not in FINISH:
            raise InputError(f'The prompt asks for the answer step "{step.name}"; Ferry knows: {", ".join(FINISH)}.')
        text = FINISH[step.name].change(text, step.values)
    return text


def finish(steps: tuple[Step, ...], output: Output) -> Output:
    """`output` with its text finished; a failed call or one without text as it is."""
    return replace(output, text=finished(steps, output.text)) if steps and output.text is not None else output
