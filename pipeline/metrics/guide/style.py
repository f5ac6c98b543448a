"""A pasted style guide or rubric becomes criteria: checks where code can tell, questions for a judge where it cannot."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import InputError
from pipeline.metrics.guide.mapping import checks_of, metric_of
from pipeline.metrics.guide.own import Own, distinct
from pipeline.records import Check, Rubric, RubricKind

LONGEST_TEXT, LONGEST_NAME = 6_000, 60
MOST_QUESTIONS, LONGEST_QUESTION = 20, 600
MARK = re.compile(r"^\s*(?:[-*+•‣▪◦–]|\(?\d{1,3}[.)]|#{1,6})\s+")
SENTENCE = re.compile(r"(?<=[.!?])[\"”’)]?\s+(?=[A-Z\"“'])")
PERMISSION = re.compile(
    r"\b(?:acceptable|allowed|permitted|optional|may also|is fine|are fine|is ok|are ok|okay)\b", re.IGNORECASE
)
TEN = re.compile(
    r"\b(?:1|one)\s*(?:-|–|—|to|and|through)\s*(?:10|ten)\b|\b(?:10|ten)[- ]?point\b|\bout of (?:10|ten)\b|/\s?10\b",
    re.IGNORECASE,
)
OTHER_SCALE = re.compile(
    r"\b(?:scale|score|rate|rating|points?)\b[^.\n]{0,60}?\b(?:0|1|zero|one)\s*(?:-|–|—|to)\s*(\d{1,3}|five|seven)\b",
    re.IGNORECASE,
)
ASKS = re.compile(r"^(?:is|are|does|do|did|has|have|can|could|should|will|would|was|were)\b", re.IGNORECASE)
FOLLOWS = "Does the answer follow this rule (yes where the rule does not apply): {}"


class Pasted(StrEnum):
    """What a pasted text is."""

    SCALE = "scale"
    QUESTIONS = "questions"
    STYLE_GUIDE = "style guide"


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a style guide under its topic."""

    topic: str
    text: str


def kind_of(text: str) -> Pasted:
    """A rubric from 1 to 10, a rubric of questions, or a style guide; the way a rubric says how it is answered decides."""
    if TEN.search(text):
        return Pasted.SCALE
    items = [line.text for line in split(text)]
    asked = sum(_asks(item) for item in items)
    return Pasted.QUESTIONS if items and asked * 2 > len(items) else Pasted.STYLE_GUIDE


def read_pasted(text: str, name: str = "", kind: Pasted | None = None) -> Own:
    """The criteria in `text`; `kind` is found out where it is not given. Raises InputError with the way out."""
    shown = _valid(text)
    match kind or kind_of(shown):
        case Pasted.STYLE_GUIDE:
            return read_style_guide(shown, name or "Style guide")
        case Pasted.SCALE:
            return Own(rubrics=(read_scale(shown, name or "Rubric"),))
        case Pasted.QUESTIONS:
            return Own(rubrics=_questions([line.text for line in split(shown)], shown, name or "Questions"))


def read_scale(text: str, name: str) -> Rubric:
    """A rubric from 1 to 10. Raises InputError for one that speaks of another scale."""
    shown, other = _valid(text), OTHER_SCALE.search(text)
    if other and not TEN.search(text):
        raise InputError(
            f"This rubric scores up to {other[1]}, and Ferry's judges score from 1 to 10. Say what 1 and 10 mean, or write "
            "yes/no questions, one a line."
        )
    return Rubric(name=_name(name), kind=RubricKind.SCALE, text=shown)


def read_style_guide(text: str, name: str = "Style guide") -> Own:
    """One criterion for each sentence: a check where a rule knows it, else a question in a yes/no rubric.

    A sentence that only allows something ("longer answers are acceptable when ...") tests nothing: it is left out and named.
    """
    shown = _valid(text)
    checks: list[Check] = []
    asked: list[str] = []
    metrics: list[str] = []
    left_out: list[str] = []
    for line in split(shown):
        found, metric = checks_of(line.text), metric_of(line.text)
        if metric:
            metrics.append(metric)
        elif PERMISSION.search(line.text) and not found:
            left_out.append(line.text)
        elif found:
            checks.extend(found)
        else:
            asked.append(_as_question(line))
    if not checks and not asked and not metrics:
        raise InputError("There is no rule in this style guide that an answer could be tested by. Write one rule a line.")
    rubrics = _questions(asked, shown, name) if asked else ()
    return Own(rubrics=rubrics, checks=distinct(checks), metrics=tuple(dict.fromkeys(metrics)), left_out=tuple(left_out))


def split(text: str) -> tuple[Line, ...]:
    """The sentences of a text, each under the heading it stands below."""
    return tuple(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    topic = ""
    for raw in text.splitlines():
        line = MARK.sub("", raw).replace("**", "").replace("__", "").strip()
        if not line:
            continue
        if _is_heading(line):
            topic = line.rstrip(":").strip()
            continue
        head, colon, rest = line.partition(":")
        if (
            colon
            and rest.strip()
            and len(head.split()) <= 3
            and head[:1].isupper()
            and not ASKS.match(head)
            and raw.strip() != line
        ):
            topic, line = head.strip(), rest.strip()
        yield from (Line(topic, sentence.strip()) for sentence in SENTENCE.split(line) if sentence.strip())


def _is_heading(line: str) -> bool:
    """A few words without an end mark that give no order."""
    short = len(line.split()) <= 4 and line[-1] not in ".!?;,"
    return line.endswith(":") or (short and line[:1].isupper() and not ORDER.match(line) and not ASKS.match(line))


ORDER = re.compile(
    r"^(?:use|no|never|avoid|do|don['’]?t|always|write|keep|be|include|start|end|answer|give|cite|mention|only|make|stay|state|show)\b",
    re.IGNORECASE,
)


def _asks(text: str) -> bool:
    return text.endswith("?") or (ASKS.match(text) is not None and not text.endswith("."))


def _as_question(line: Line) -> str:
    if _asks(line.text):
        return line.text
    topic = f"{line.topic}: " if line.topic else ""
    return FOLLOWS.format(topic + line.text)


def _questions(asked: list[str], text: str, name: str) -> tuple[Rubric, ...]:
    """Yes/no rubrics of at most MOST_QUESTIONS questions each; a judge loses count of more."""
    distinct_ones = list(dict.fromkeys(question[:LONGEST_QUESTION] for question in asked))
    parts = [distinct_ones[at : at + MOST_QUESTIONS] for at in range(0, len(distinct_ones), MOST_QUESTIONS)]
    return tuple(
        Rubric(
            name=_name(name) + (f" {number}" if number > 1 else ""),
            kind=RubricKind.YES_NO,
            text=text,
            questions=tuple(part),
        )
        for number, part in enumerate(parts, 1)
    )


def _name(name: str) -> str:
    return " ".join(name.split())[:LONGEST_NAME] or "Rubric"


def _valid(text: str) -> str:
    shown = text.replace("\r\n", "\n").strip()
    if not re.search(r"\w{2}", shown):
        raise InputError("Paste the rubric or the style guide: what makes an answer good, in sentences.")
    if len(shown) > LONGEST_TEXT:
        raise InputError(
            f"This text has {len(shown):,} characters; a judge reads at most {LONGEST_TEXT:,} as one rubric. Paste the rules "
            "only, or in two parts."
        )
    return shown
