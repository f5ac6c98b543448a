"""From one sentence of a style guide to checks, by rules for English sentences. What no rule is sure of becomes no check.

A sentence with a condition ("when the user asks for a list, ...") is left to a judge: code cannot tell whether it holds.
"""

import re
from collections.abc import Callable, Iterator

from pipeline.errors import InputError
from pipeline.metrics.code.checks import make_check
from pipeline.metrics.code.language import NAMES
from pipeline.records import Check

ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
COUNT = rf"(\d{{1,6}}|{'|'.join(ONES)})"
UNIT = r"(word|sentence|character)s?\b"
RANGE = re.compile(rf"\b{COUNT}\s*(?:-|–|—|to|and)\s*{COUNT}[\s-]+{UNIT}", re.IGNORECASE)
AT_MOST = (
    "at most|no more than|not more than|no longer than|not exceed|maximum of|max\\.?|up to|within|limit(?:ed)? to"
    "|fewer than|less than|under|below|shorter than"
)
AT_LEAST = "at least|no fewer than|no less than|not fewer than|minimum of|min\\.?|more than|over|longer than"
MOST = re.compile(rf"(?<!no )(?<!not )\b({AT_MOST})\s+(?:a\s+)?{COUNT}[\s-]+{UNIT}", re.IGNORECASE)
LEAST = re.compile(rf"(?<!no )(?<!not )\b({AT_LEAST})\s+(?:a\s+)?{COUNT}[\s-]+{UNIT}", re.IGNORECASE)
EXACT = re.compile(
    rf"\b(?:exactly|in|keep (?:it|answers?) to|(?:is|be)|only)\s+(?:a single\s+)?{COUNT}[\s-]+{UNIT}", re.IGNORECASE
)
BELOW = frozenset({"fewer than", "less than", "under", "below", "shorter than"})
ABOVE = frozenset({"more than", "over", "longer than"})
CONDITION = re.compile(
    r"\b(?:when|whenever|if|unless|where|in case|except)\b"
    r"|\b(?:questions|queries|requests|prompts|conversations)\s+(?:that|which|about|with|asking)\b",
    re.IGNORECASE,
)
NEGATED = re.compile(
    r"\b(?:no|not|never|avoid|without|don['’]?t|doesn['’]?t|do not|must not|should not|refrain|forbidden|free of)\b",
    re.IGNORECASE,
)
QUOTED = re.compile(r"[\"“”„]([^\"“”„]{1,120})[\"“”]|(?<!\w)['‘]([^'‘’]{1,120})['’](?!\w)|`([^`]{1,120})`")
STARTING = re.compile(r"\b(?:start|starts|starting|begin|begins|beginning|open|opens)\b", re.IGNORECASE)
ENDING = re.compile(r"\b(?:end|ends|ending|finish|finishes|close|closes)\b", re.IGNORECASE)
SAYING = re.compile(r"\b(?:say|use|using|write|mention|include|contain|words?|phrases?|terms?)\b", re.IGNORECASE)
CONTEXT = re.compile(r"\b(?:context|document|passage|source|provided (?:text|information))", re.IGNORECASE)
PARENTHESIS = re.compile(r"\(([^()]{3,60})\)")
ABOUT_CONTEXT = (
    "According to the context", "According to context", "According to the document", "According to the provided",
    "According to the text", "According to the passage", "Based on the context", "Based on context", "Based on the document",
    "Based on the provided", "Based on the information", "From the context", "In the context", "The context", "The document",
    "The provided context",
)  # fmt: skip
OPTIONS = re.compile(r"\b(?:only|exactly one of|one of)\b[^:]{0,40}:\s*([^.]{3,400})", re.IGNORECASE)
YES_NO = re.compile(r"\b(?:only|just)\b[^.]{0,30}\byes or no\b|\byes or no\b[^.]{0,15}\bonly\b", re.IGNORECASE)
WRITTEN_IN = re.compile(rf"\b(?:in|use|always)\s+({'|'.join(NAMES)})\b(?!\s+(?:word|sentence|text))", re.IGNORECASE)
DECIMALS = re.compile(rf"\b{COUNT}\s+(?:decimal places?|decimals?|digits after the (?:decimal )?point)\b", re.IGNORECASE)
Found = tuple[str, str]


def checks_of(sentence: str) -> tuple[Check, ...]:
    """The checks that test this sentence, none when a judge has to."""
    if CONDITION.search(sentence):
        return ()
    made = []
    for rule, value in _found(sentence):
        try:
            made.append(make_check(rule, value, sentence))
        except InputError:
            return ()
    return tuple(dict.fromkeys(made))


def _found(sentence: str) -> tuple[Found, ...]:
    """What the first reader that knows the sentence makes of it."""
    negated = NEGATED.search(re.sub(r"\byes or no\b", "", sentence, flags=re.IGNORECASE)) is not None
    readings = (tuple(read(sentence, negated)) for read in READERS)
    return next((found for found in readings if found), ())


def _lengths(sentence: str, _negated: bool) -> Iterator[Found]:
    if spans := RANGE.search(sentence):
        yield f"min_{spans[3].lower()}s", _number(spans[1])
        yield f"max_{spans[3].lower()}s", _number(spans[2])
        return
    most, least = MOST.search(sentence), LEAST.search(sentence)
    if most:
        yield f"max_{most[3].lower()}s", str(int(_number(most[2])) - (most[1].lower() in BELOW))
    if least:
        yield f"min_{least[3].lower()}s", str(int(_number(least[2])) + (least[1].lower() in ABOVE))
    if not most and not least and (exact := EXACT.search(sentence)):
        yield f"min_{exact[2].lower()}s", _number(exact[1])
        yield f"max_{exact[2].lower()}s", _number(exact[1])


def _forms(sentence: str, negated: bool) -> Iterator[Found]:
    """Formats that have a rule of their own."""
    forms = FORBIDDEN if negated else WANTED
    yield from ((rule, "") for rule, said in forms.items() if said.search(sentence))
    if not negated and (decimals := DECIMALS.search(sentence)):
        yield "number_format", "0." + "0" * int(_number(decimals[1]))
    if not negated and (named := WRITTEN_IN.search(sentence)):
        yield "language", named[1]


def _edges(sentence: str, negated: bool) -> Iterator[Found]:
    """How an answer starts or ends."""
    quoted = _quoted(sentence)
    if STARTING.search(sentence):
        if negated and CONTEXT.search(sentence):
            inside = [part.strip() for part in PARENTHESIS.findall(sentence)]
            yield "never_starts_with", "\n".join(dict.fromkeys((*ABOUT_CONTEXT, *quoted, *inside)))
        elif quoted:
            yield ("never_starts_with" if negated else "starts_with"), "\n".join(quoted)
    elif ENDING.search(sentence) and quoted and not negated:
        yield "ends_with", "\n".join(quoted)


def _options(sentence: str, negated: bool) -> Iterator[Found]:
    """A closed list of answers."""
    if negated:
        return
    if YES_NO.search(sentence):
        yield "one_of", "Yes\nNo"
    elif listed := OPTIONS.search(sentence):
        terms = [term.strip(" \"'“”`") for term in re.split(r",|;|\bor\b|\band\b", listed[1])]
        yield "one_of", "\n".join(term for term in terms if term)


def _terms(sentence: str, negated: bool) -> Iterator[Found]:
    """Words that are quoted to be said or never said."""
    quoted = _quoted(sentence)
    if quoted and SAYING.search(sentence):
        yield ("never_says" if negated else "says"), "\n".join(quoted)


def _quoted(sentence: str) -> tuple[str, ...]:
    """What stands in quotation marks; a comma inside them belongs to the sentence around."""
    return tuple(next(part for part in found if part).strip(" ,;") for found in QUOTED.findall(sentence))


def _number(text: str) -> str:
    return text if text.isdecimal() else str(ONES.index(text.lower()) + 1)


def metric_of(sentence: str) -> str | None:
    """The metric that ships with Ferry and measures what this sentence asks for."""
    return "number_match" if not CONDITION.search(sentence) and NUMBERS_RIGHT.search(sentence) else None


NUMBERS_RIGHT = re.compile(
    r"\b(?:numbers|figures|values)\b[^.]{0,60}\b(?:match|matched|agree|equal|identical|same)\b"
    r"[^.]{0,30}\b(?:ground truth|reference)",
    re.IGNORECASE,
)
READERS: tuple[Callable[[str, bool], Iterator[Found]], ...] = (_lengths, _forms, _edges, _options, _terms)
FORBIDDEN: dict[str, re.Pattern[str]] = {
    "no_markdown": re.compile(r"\bmarkdown\b", re.IGNORECASE),
    "no_urls": re.compile(r"\b(?:urls?|hyperlinks?|links?|web addresses|web links?)\b", re.IGNORECASE),
    "no_xml_tags": re.compile(r"\b(?:xml|html|tags?)\b", re.IGNORECASE),
    "no_first_person": re.compile(r"\bfirst[ -]person\b", re.IGNORECASE),
    "neutral_pronouns": re.compile(r"\bgender(?:ed|-specific)\s+pronouns?\b", re.IGNORECASE),
}
WANTED: dict[str, re.Pattern[str]] = {
    "neutral_pronouns": re.compile(r"\bgender[ -]neutral\b", re.IGNORECASE),
    "json_only": re.compile(
        r"\b(?:only|just|valid|as|nothing but)\s+(?:a\s+)?(?:single\s+)?(?:valid\s+)?json\b|\bjson only\b", re.IGNORECASE
    ),
    "bullets": re.compile(r"\b(?:bullet(?:ed)?[ -]?(?:points?|lists?)|bullets|as a list|numbered list)\b", re.IGNORECASE),
    "has_number": re.compile(r"\b(?:contain|include|give|state)s?\s+(?:at least one|a|the)\s+(?:number|figure)\b", re.IGNORECASE),
}
