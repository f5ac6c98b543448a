"""Which column of a file is what: the specification's names, common names, similar names, then the look of the content.

Only the first two are certain; every other guess comes with a sentence for a person.
Names: "Generative AI Model Agility Solution", section "Dataset preparation", and what export tools write.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from statistics import median

from pipeline.dataset.names import CONSTANT, FIELDS, KNOWN, MILLISECONDS, Field, plain, similar
from pipeline.dataset.numbers import duration, is_missing, number, rating

Head = Sequence[Mapping[str, str]]
LONG_TEXT = 12
SHORT_TEXT = 60
USUAL_SECONDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """Names of the columns that hold each thing, None where the file has none; `variables` are the other inputs.

    `latency_unit` is "s" or "ms"; None leaves it to the values.
    """

    sample_id: str | None = None
    question: str | None = None
    context: str | None = None
    prompt_source: str | None = None
    reference: str | None = None
    source_output: str | None = None
    source_latency: str | None = None
    source_input_tokens: str | None = None
    source_output_tokens: str | None = None
    judge_score: str | None = None
    human_score: str | None = None
    human_reason: str | None = None
    cluster: str | None = None
    variables: tuple[str, ...] = ()
    latency_unit: str | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """All columns a prompt may use, without doubles."""
        return tuple(dict.fromkeys(c for c in (self.question, self.context, *self.variables) if c))

    @property
    def used(self) -> frozenset[str]:
        """Every column that is mapped to something."""
        single = (getattr(self, field.name) for field in fields(self) if field.name not in ("variables", "latency_unit"))
        return frozenset({*(c for c in single if c), *self.variables})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A mapping and the sentences that ask a person where it is a guess."""

    mapping: ColumnMapping
    unsure: tuple[str, ...] = ()


def propose(columns: Sequence[str], head: Head) -> Proposal:
    """What each column seems to hold, judged by its name and by `head`, the first samples' cells by column name."""
    taken: dict[Field, str] = {}
    unsure: list[str] = []
    for find in (_by_name, _by_similar_name, _by_content):
        for field, column, sentence in find(columns, head, dict(taken)):
            if field not in taken and column not in taken.values():
                taken[field] = column
                unsure += [sentence] if sentence else []
    others = tuple(c for c in columns if c not in taken.values())
    mapping = ColumnMapping(**{str(field): column for field, column in taken.items()}, variables=others)
    return Proposal(mapping=replace(mapping, latency_unit=latency_unit(mapping.source_latency, head)), unsure=tuple(unsure))


def latency_unit(column: str | None, head: Head) -> str | None:
    """ "ms" where the column's name says so or its values are typically above 1,000; None without such a column."""
    if column is None:
        return None
    if MILLISECONDS & set(plain(column).split("_")):
        return "ms"
    found = [duration(cells.get(column, "")) for cells in head]
    values = [value for value, has_unit in found if value is not None and not has_unit]
    return "ms" if values and median(values) > USUAL_SECONDS else "s"


Guess = tuple[Field, str, str | None]


def _by_name(columns: Sequence[str], head: Head, taken: Mapping[Field, str]) -> list[Guess]:
    """In the order of the lists, so `question` wins over `text`. The specification's own names hold whatever the cells say."""
    by_name = {plain(column): column for column in reversed(columns)}
    found: list[Guess] = [
        (field, by_name[name], None)
        for field, names in FIELDS.items()
        for name in names
        if name in by_name and (name == names[0] or _fits(field, by_name[name], head))
    ]
    return found + _by_ambiguous_name(by_name, head, {field for field, _, _ in found})


def _by_ambiguous_name(by_name: Mapping[str, str], head: Head, found: Collection[Field]) -> list[Guess]:
    """`prompt` and `answer` mean different things in different files: what else is there decides, and a person is asked."""
    guesses: list[Guess] = []
    if "prompt" in by_name:
        column = by_name["prompt"]
        whole = "question" in found or _is_constant(column, head)
        field = Field.PROMPT_SOURCE if whole else Field.QUESTION
        guesses.append((field, column, _asks(column, field)))
    if "answer" in by_name:
        column = by_name["answer"]
        field = Field.SOURCE_OUTPUT if Field.REFERENCE in found else Field.REFERENCE
        guesses.append((field, column, _asks(column, field)))
    return guesses


def _by_similar_name(columns: Sequence[str], head: Head, taken: Mapping[Field, str]) -> list[Guess]:
    missing = [field for field in FIELDS if field not in taken]
    free = [column for column in columns if column not in taken.values() and plain(column) not in KNOWN]
    found = [(score, field, column) for column in free for score, field in similar(column, missing) if _fits(field, column, head)]
    return [(field, column, _asks(column, field)) for _, field, column in sorted(found, reverse=True)]


def _by_content(columns: Sequence[str], head: Head, taken: Mapping[Field, str]) -> list[Guess]:
    """A reference is a short text that repeats; a question is the longest text among the rest."""
    free = [column for column in columns if column not in taken.values() and not _is_numeric(column, head)]
    guesses: list[Guess] = []
    if Field.REFERENCE not in taken:
        repeating = [c for c in free if _repeats(c, head)]
        guesses += [(Field.REFERENCE, c, _asks(c, Field.REFERENCE)) for c in repeating[-1:]]
    if Field.QUESTION not in taken and Field.CONTEXT not in taken:
        rest = [c for c in free if all(c != guess[1] for guess in guesses)]
        longest = max(rest, key=lambda c: _length(c, head), default=None)
        if longest and _length(longest, head) >= LONG_TEXT:
            guesses.append((Field.QUESTION, longest, _asks(longest, Field.QUESTION)))
    return guesses


def _fits(field: Field, column: str, head: Head) -> bool:
    """Figures must look like figures: a text column called `output_tokens` is no count."""
    if field is Field.SOURCE_LATENCY:
        return _all(column, head, lambda cell: duration(cell)[0] is not None)
    if field in (Field.SOURCE_INPUT_TOKENS, Field.SOURCE_OUTPUT_TOKENS):
        return _is_numeric(column, head)
    if field in (Field.JUDGE_SCORE, Field.HUMAN_SCORE):
        return _all(column, head, lambda cell: rating(cell) is not None)
    return True


def _all(column: str, head: Head, holds: Callable[[str], bool]) -> bool:
    return all(holds(cell) for cell in _filled(column, head) if not is_missing(cell))


def _is_numeric(column: str, head: Head) -> bool:
    return bool(_filled(column, head)) and _all(column, head, lambda cell: number(cell) is not None)


def _is_constant(column: str, head: Head) -> bool:
    filled = _filled(column, head)
    return len(filled) >= CONSTANT and len(set(filled)) == 1


def _repeats(column: str, head: Head) -> bool:
    filled = _filled(column, head)
    different = len(set(filled))
    return 2 <= different <= len(filled) / 3 and _length(column, head) <= SHORT_TEXT


def _length(column: str, head: Head) -> float:
    filled = _filled(column, head)
    return sum(map(len, filled)) / len(filled) if filled else 0.0


def _filled(column: str, head: Head) -> list[str]:
    return [cell for cells in head if (cell := cells.get(column, "")).strip()]


def _asks(column: str, field: Field) -> str:
    return f"Is the column “{column}” {field.meaning}? Its name leaves it open."
