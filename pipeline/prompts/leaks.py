"""Text of samples that a candidate repeats: in its texts, its schema, its tools or its steps, and that the original did not.

Compared are runs of words. Answers that come back in dev are the task's vocabulary and give no sample away.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.prompts.contract import labels, literal_text, references
from pipeline.prompts.port import Ask
from pipeline.prompts.schemas import inferred
from pipeline.records import PromptVersion, Sample

Run = tuple[str, ...]
LONG, SHORTEST = 6, 4
"""Words: of a run of a long text, and of the shortest text that is compared as a whole."""
DENSE_LONG, DENSE_SHORTEST = 15, 10
"""The same in characters, for scripts without spaces between words."""
TWICE = 2
"""Runs, or pairs, that tell a leak from chance."""
USUAL = 3
"""Dev samples with the same answer: it is one of the task, as "I do not know" is, and gives none away."""
APART, NEAR = 2, 10
"""Words between a question too short for a run and its answer, where they stand as a pair (`In: lost card, out: card`); and
around it, either way, where an original that says both may be told in another form.
"""
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese: https://www.unicode.org/charts/, read 2026-11."""
_WORD = re.compile(f"[{_DENSE}]|[^\\W{_DENSE}]+")
_DENSE_WORD = re.compile(f"[{_DENSE}]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")


@dataclass(frozen=True, slots=True)
class Leaks:
    """The ids of the samples whose text is repeated: held-out ones, and dev ones the candidate does not declare as shots."""

    held_out: tuple[str, ...]
    dev: tuple[str, ...]


def leaks(candidate: PromptVersion, ask: Ask) -> Leaks:
    """What `candidate` repeats and `ask.prompt` does not; nothing of the dev samples it declares as its shots."""
    undeclared = [s for s in ask.dev if s.id not in candidate.shots]
    declared = [s for s in ask.dev if s.id in candidate.shots]
    said, before = _said(candidate), _said(ask.prompt)
    if said == before:
        return Leaks((), ())
    new = _runs(said) - _runs(before) - _runs(_vocabulary(ask))
    for sample in declared:
        new -= _runs(texts_of(sample))
    pairs = _pairs((*undeclared, *ask.held_out), said, (*before, *(" ".join(texts_of(s)) for s in declared)))
    of_dev = {s.id: _sample_runs(s) & new for s in undeclared}
    held = _shown(ask.held_out, new.difference(*of_dev.values())) | pairs  # a greeting that dev has too tells nothing of test
    found = {name for name, runs in of_dev.items() if runs} | pairs
    return Leaks(tuple(s.id for s in ask.held_out if s.id in held), tuple(s.id for s in undeclared if s.id in found))


def _said(prompt: PromptVersion) -> tuple[str, ...]:
    """Every text of `prompt` that a model or an answer's reader could see."""
    tools = prompt.tools.tools if prompt.tools else ()
    schemas = [tool.schema for tool in tools] + [prompt.parameters.json_schema or "null"]
    steps = (*prompt.prepare, *prompt.finish)
    return (
        literal_text(prompt),
        *(text for tool in tools for text in (tool.name, tool.description)),
        *(text for schema in schemas for text in _strings_of(schema)),
        *(value for step in steps for value in step.values),
        *prompt.parameters.stop,
    )


def _vocabulary(ask: Ask) -> tuple[str, ...]:
    """A closed set of answers, the fields and choices of answers in JSON, and what is the answer to several samples."""
    known = references(ask.dev)
    usual = (text for text, times in Counter(known).items() if times >= USUAL)
    return (*labels(ask.use_case, ask.dev), *_strings_of(inferred(known) or "null"), *usual)


def _strings_of(text: str) -> Iterator[str]:
    try:
        yield from _strings(json.loads(text))
    except (ValueError, RecursionError):
        yield text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for key, inner in value.items() for text in (key, *_strings(inner)))
    elif isinstance(value, list):
        yield from (text for inner in value for text in _strings(inner))


def texts_of(sample: Sample) -> tuple[str, ...]:
    """The values of a sample, then its reference."""
    return (*sample.variables.values(), sample.reference or "")


def _runs(texts: Iterable[str]) -> set[Run]:
    """Every run of words that is compared, of each length that `_lengths` may give."""
    sizes = range(SHORTEST, LONG + 1), range(DENSE_SHORTEST, DENSE_LONG + 1)
    split = [_words(text) for text in texts]
    return {
        run
        for words in split
        for some in (sizes if any(map(_DENSE_WORD.fullmatch, words)) else sizes[:1])
        for size in some
        for run in _cut(words, size)
    }


def _words(text: str) -> list[str]:
    """In scripts without spaces each character stands for one; characters that nobody sees tell no texts apart."""
    return _WORD.findall(_UNSEEN.sub("", text).lower())


def _cut(words: Sequence[str], size: int) -> Iterator[Run]:
    return (tuple(words[at : at + size]) for at in range(len(words) - size + 1))


def _lengths(words: Collection[str]) -> tuple[int, int]:
    """Of the shortest text that can leak, and of a run of a longer one."""
    dense = sum(_DENSE_WORD.fullmatch(word) is not None for word in words)
    return (DENSE_SHORTEST, DENSE_LONG) if 2 * dense > len(words) else (SHORTEST, LONG)


def _text_runs(words: Run) -> set[Run]:
    """Runs of a text; a short one counts as a whole, one below that not at all."""
    shortest, longest = _lengths(words)
    return set(_cut(words, min(longest, len(words)))) if len(words) >= shortest else set()


def _sample_runs(sample: Sample) -> set[Run]:
    return {run for text in texts_of(sample) for run in _text_runs(tuple(_words(text)))}


def _shown(held_out: Iterable[Sample], new: set[Run]) -> set[str]:
    """The ids of samples of which two runs stand in `new`, or all there are: a single one can be the trade's way of speaking."""
    if not new:
        return set()
    runs = {s.id: _sample_runs(s) for s in held_out}
    return {name for name, own in runs.items() if own and len(own & new) >= min(TWICE, len(own))}


def _pairs(samples: Sequence[Sample], said: Iterable[str], before: Iterable[str]) -> set[str]:
    """The ids of two samples or more, too short for runs, whose value and answer stand one behind the other in `said` alone.

    A single pair may be a rule of the task; a value that samples with other values share, such as a language, is no question.
    """
    times = Counter(value for values in {_short(s) for s in samples} for value in set(values[:-1]))
    asked = [(s.id, values) for s in samples if (values := _short(s)) and values[-1]]
    where, known = _positions(said), _positions(before)

    def is_new(value: Run, answer: Run) -> bool:
        return _stands(value, answer, where, (0, APART)) and not _stands(value, answer, known, (NEAR, NEAR))

    found = {(name, values) for name, values in asked if any(times[v] == 1 and is_new(v, values[-1]) for v in values[:-1] if v)}
    return {name for name, _ in found} if len({values for _, values in found}) >= TWICE else set()


def _short(sample: Sample) -> tuple[Run, ...]:
    """The words of the values, then of the answer; nothing where one of the values is long enough for runs."""
    *values, answer = [tuple(_words(text)) for text in texts_of(sample)]
    return (*values, answer) if all(len(value) < _lengths(value)[0] for value in values) else ()


def _positions(texts: Iterable[str]) -> dict[str, list[tuple[Run, int]]]:
    """Where each word stands: the text's words and the index."""
    found: dict[str, list[tuple[Run, int]]] = {}
    for words in (tuple(_words(text)) for text in texts):
        for at, word in enumerate(words):
            found.setdefault(word, []).append((words, at))
    return found


def _stands(value: Run, answer: Run, where: dict[str, list[tuple[Run, int]]], around: tuple[int, int]) -> bool:
    """Whether `answer` begins or ends at most so many words before or behind `value` somewhere."""
    before, behind = around
    for words, at in where.get(value[0], ()):
        end = at + len(value)
        if words[at:end] != value:
            continue
        ahead = words[max(0, at - before - len(answer)) : at] if before else ()
        if any(answer in _cut(part, len(answer)) for part in (ahead, words[end : end + behind + len(answer)])):
            return True
    return False
