"""Yes/no agreement with a reference: exactly, or after taking away what does not change the meaning."""

import re
import unicodedata

from pipeline.metrics.metric import Answer, CodeMetric, Measure, yes_no

ARTICLE = re.compile(r"\b(?:a|an|the)\s+(?=\w)")
DROPPED = re.compile(r"['’`´]|(?<=\d)\s+(?=%)")
INITIALS = re.compile(r"(?<=\b[^\W\d_])\.(?=[^\W\d_]\b|\s|$)")  # U.S. -> US


def normalise(text: str) -> str:
    """Case folded NFKC text without articles and punctuation, words separated by one blank.

    Follows the idea of SQuAD's normalisation (Rajpurkar et al. 2016, arXiv:1606.05250) but keeps what carries meaning: signs
    and separators of numbers ("-5", "1.5"), "%", "#" and "&" ("C#"), and an article that stands for itself (choice "A").
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    words = ARTICLE.sub("", INITIALS.sub("", DROPPED.sub("", folded)))
    return " ".join("".join(_kept(words, i) for i in range(len(words))).split())


def _kept(text: str, at: int) -> str:
    char = text[at]
    if not unicodedata.category(char).startswith("P"):
        return char
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if char in "%#&@":
        return char if (before + after).strip() else " "
    if char in ".,":
        return char if before.isdigit() and after.isdigit() else " "
    return char if char == "-" and after.isdigit() and not before.isalnum() else " "


def _unusable(reference: str) -> str | None:
    return None if normalise(reference) else "the reference is only punctuation"


def _exact(answer: Answer) -> Measure:
    return yes_no(answer.text.strip() == answer.reference.strip(), "differs from the reference")


def _normalised(answer: Answer) -> Measure:
    passed = normalise(answer.text) == normalise(answer.reference)
    return yes_no(passed, "differs from the reference beyond case, blanks, punctuation and articles")


EXACT_MATCH = CodeMetric(
    name="exact_match",
    summary="1 when the answer is the reference, character by character; only blanks around it are ignored",
    measure=_exact,
    binary=True,
)
NORMALISED_MATCH = CodeMetric(
    name="normalised_match",
    summary="1 when the answer is the reference but for case, blanks, punctuation, articles and Unicode forms",
    measure=_normalised,
    binary=True,
    unusable=_unusable,
)
