"""What a check can test, each as a function that makes a tester of the value a person gave: answer -> what is wrong, or None.

English rules say that they are; none of them understands a text. Making a tester raises InputError for a value that cannot be.
"""

import re
from collections.abc import Callable

from pipeline.errors import InputError
from pipeline.metrics.code import language as languages
from pipeline.metrics.code.numbers import NUMBER, numbers
from pipeline.metrics.code.overlap import tokens
from pipeline.metrics.code.pattern import compiled, found_in
from pipeline.metrics.code.structure import NotJsonError, parse

Tester = Callable[[str], str | None]
MOST_COUNT, MOST_TERMS, LONGEST_TERM = 100_000, 200, 300
ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|mr|mrs|ms|dr|prof|st|inc|ltd|corp|co|u\.s|u\.k|a\.m|p\.m)\.", re.IGNORECASE
)
SENTENCE_END = re.compile(r"[.!?。！？]+[\"'”’)\]]*(?=\s|$)|[。！？]")
LIST_MARK = re.compile(r"^\s{0,8}(?:[-*+•‣▪]|\d{1,3}[.)])\s+\S", re.MULTILINE)
MARKDOWN = {
    "a heading": re.compile(r"^\s{0,3}#{1,6}\s", re.MULTILINE),
    "a code fence or backticks": re.compile(r"```|`[^`\n]{1,300}`"),
    "bold or italics": re.compile(r"\*\*[^*\n]{1,300}\*\*|__[^_\n]{1,300}__|(?<![\w*])\*[^*\s][^*\n]{0,300}\*(?![\w*])"),
    "a list": re.compile(r"^\s{0,8}[-*+]\s+\S", re.MULTILINE),
    "a link": re.compile(r"\[[^\]\n]{1,300}\]\([^)\n]{1,300}\)"),
    "a quotation": re.compile(r"^\s{0,3}>\s", re.MULTILINE),
    "a table": re.compile(r"^\s{0,3}\|?\s{0,20}:?-{3,50}:?\s{0,20}\|", re.MULTILINE),
}
URL = re.compile(
    r"\b(?:https?|ftp)://|\bwww\.\w|\b[a-z0-9-]{1,63}\.(?:com|org|net|io|gov|edu|eu|de|uk|co|ai|dev|app)\b(?!\.\w)", re.IGNORECASE
)
XML_TAG = re.compile(r"</?[A-Za-z_][\w:.-]{0,60}(?:\s[^<>]{0,300})?/?>")
FIRST_PERSON = re.compile(
    r"(?<![.\w])(?<!War )(?<!Part )(?<!Phase )(?<!Type )(?<!Class )(?<!Tier )I(?:['’](?:m|ve|d|ll))?\b(?![./)]\w?)"
    r"|\b(?:[Mm]e|[Mm]y|[Mm]ine|[Mm]yself|[Ww]e|[Uu]s|[Oo]ur|[Oo]urs|[Oo]urselves)\b"
)
GENDERED = re.compile(r"\b(?:he|she|him|her|his|hers|himself|herself)\b", re.IGNORECASE)
PICTURE = re.compile(r"(1,?234|0)(\.0{1,6})?")


def at_most(count: Callable[[str], int], unit: str) -> Callable[[str], Tester]:
    """No more than the value of what `count` counts."""
    return lambda value: _bounded(count, unit, 0, read_count(value))


def at_least(count: Callable[[str], int], unit: str) -> Callable[[str], Tester]:
    return lambda value: _bounded(count, unit, read_count(value), None)


def _bounded(count: Callable[[str], int], unit: str, low: int, high: int | None) -> Tester:
    def test(text: str) -> str | None:
        found = count(text)
        if high is not None and found > high:
            return f"{found} {unit}, at most {high} allowed"
        return f"{found} {unit}, at least {low} asked" if found < low else None

    return test


def words(text: str) -> int:
    return len(tokens(text))


def sentences(text: str) -> int:
    """Sentences by their end marks; a line without one (a bullet, a heading) counts as one."""
    return sum(max(1, len(SENTENCE_END.findall(ABBREVIATION.sub("x", line)))) for line in text.splitlines() if line.strip())


def characters(text: str) -> int:
    return len(text.strip())


def says(value: str) -> Tester:
    """Every term, whatever its case, as whole words."""
    terms = [(term, _term(term)) for term in read_list(value)]
    return lambda text: next((f'does not say "{term}"' for term, wanted in terms if not wanted.search(_even(text))), None)


def never_says(value: str) -> Tester:
    terms = [(term, _term(term)) for term in read_list(value)]
    return lambda text: next((f'says "{term}"' for term, wanted in terms if wanted.search(_even(text))), None)


def starts_with(value: str) -> Tester:
    """With one of the terms, whatever its case."""
    starts = tuple(_even(term).casefold() for term in read_list(value))
    return lambda text: None if _even(text).casefold().startswith(starts) else "starts otherwise"


def never_starts_with(value: str) -> Tester:
    starts = tuple(_even(term).casefold() for term in read_list(value))
    return lambda text: f'starts with "{_first(text, starts)}"' if _even(text).casefold().startswith(starts) else None


def ends_with(value: str) -> Tester:
    ends = tuple(_even(term).casefold() for term in read_list(value))
    return lambda text: None if _even(text).casefold().endswith(ends) else "ends otherwise"


def matches(value: str) -> Tester:
    pattern = compiled(value)
    return lambda text: None if found_in(pattern, text) else "no line has the pattern"


def never_matches(value: str) -> Tester:
    pattern = compiled(value)
    return lambda text: "a line has the pattern" if found_in(pattern, text) else None


def no_markdown(value: str) -> Tester:
    _nothing(value)
    return lambda text: next((f"has {what} in Markdown" for what, form in MARKDOWN.items() if form.search(text)), None)


def no(form: re.Pattern[str], what: str) -> Callable[[str], Tester]:
    """Nothing of this form anywhere."""

    def make(value: str) -> Tester:
        _nothing(value)
        return lambda text: what.format(found[0]) if (found := form.search(text)) else None

    return make


def bullets(value: str) -> Tester:
    _nothing(value)
    return lambda text: None if LIST_MARK.search(text) else "has no list"


def json_only(value: str) -> Tester:
    _nothing(value)

    def test(text: str) -> str | None:
        try:
            parse(text)
        except NotJsonError as error:
            return str(error)
        return None

    return test


def one_of(value: str) -> Tester:
    """The whole answer is one of the terms; case and an end mark do not count."""
    allowed = {_bare(term) for term in read_list(value)}
    return lambda text: None if _bare(text) in allowed else f"none of the {len(allowed)} allowed answers"


def in_language(value: str) -> Tester:
    """Not recognisably in another language; a short text passes."""
    code = languages.code_of(value)
    if code is None:
        raise InputError(f'"{value[:40]}" is no language this check knows. It knows: {", ".join(sorted(languages.NAMES))}.')
    return lambda text: f"in {found}, not in {code}" if (found := languages.language(text)) not in {None, code} else None


def has_number(value: str) -> Tester:
    _nothing(value)
    return lambda text: None if numbers(text) else "has no number"


def number_format(value: str) -> Tester:
    """Every number as the picture shows: `1,234` or `1234` for thousands, `0.00` for decimals, `1,234.00` for both."""
    picture = PICTURE.fullmatch(value.strip())
    if picture is None or value.strip() == "0":
        raise InputError("Show the format of numbers as a picture: 1,234 or 1234 for thousands, 0.00 for decimals, or 1,234.00.")
    decimals, thousands = len(picture[2] or "."), picture[1]
    wrong = [_wrong_thousands(thousands)] if thousands != "0" else []
    wrong += [re.compile(rf"\.(?!\d{{{decimals - 1}}}$)\d+$")] if picture[2] else []

    def test(text: str) -> str | None:
        written = [found["digits"] for found in NUMBER.finditer(text)]
        return next((f"writes {digits}" for digits in written for form in wrong if form.search(digits)), None)

    return test


def _wrong_thousands(picture: str) -> re.Pattern[str]:
    """Digits that break the picture; a bare year is none."""
    return re.compile(r"^(?!(?:19|20)\d\d$)\d{4,}") if "," in picture else re.compile(r"\d[,'’\u00a0\u202f]\d")


def read_count(value: str) -> int:
    """A whole number of words, sentences or characters."""
    if not value.strip().isdecimal() or not 1 <= int(value) <= MOST_COUNT:
        raise InputError(f'Write a whole number from 1 to {MOST_COUNT:,}, not "{value.strip()[:40]}".')
    return int(value)


def read_list(value: str) -> tuple[str, ...]:
    """Terms, one a line."""
    terms = tuple(dict.fromkeys(term.strip() for term in value.splitlines() if term.strip()))
    if not terms or len(terms) > MOST_TERMS or max(map(len, terms)) > LONGEST_TERM:
        raise InputError(f"Write 1 to {MOST_TERMS} words or phrases, one a line, each of at most {LONGEST_TERM} characters.")
    return terms


def _nothing(value: str) -> None:
    if value.strip():
        raise InputError("This check takes no value: leave it empty.")


def _term(term: str) -> re.Pattern[str]:
    """A term between edges of words, where it begins and ends with a letter."""
    inner = re.escape(_even(term))
    before, after = (r"(?<!\w)" if term.strip()[:1].isalnum() else ""), (r"(?!\w)" if term.strip()[-1:].isalnum() else "")
    return re.compile(f"{before}{inner}{after}", re.IGNORECASE)


def _even(text: str) -> str:
    """Blanks and apostrophes evened out."""
    return " ".join(text.replace("’", "'").split())


def _bare(text: str) -> str:
    return _even(text).casefold().rstrip(".!")


def _first(text: str, starts: tuple[str, ...]) -> str:
    return next(start for start in starts if _even(text).casefold().startswith(start))
