"""A simple rule for the language of a text: its letters where they tell, else its small words.

It knows the languages below and is meant for "the answer is in German, not in English"; a text too short to tell is left alone.
"""

import re
from collections import Counter
from collections.abc import Mapping

ENOUGH = 3
"""Small words of one language that have to be there before Ferry says a text is in it."""
SMALL_WORDS: Mapping[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "the and of to is in that it for was are with this be have not from which by an or at has they you were but",
        "de": "der die das und ist nicht ein eine zu den mit von für auf dem sich des im auch wird es sind als bei oder wie",
        "fr": "le la les des est et une dans que pour pas sur au du avec ce il elle sont par ne qui plus ou être cette aux",
        "es": "el la los las que y en un una por con para es del se no al lo como más su pero está son este sus fue",
        "it": "il la che di e un una per non è con del della sono le gli dei nel alla più come anche ma si lo questo ha",
        "pt": "o a os as que e em um uma para com não do da dos por mais como é se ao na no são foi mas pelo também",
        "nl": "de het een en van is dat niet op te zijn met voor aan er die ook als bij naar maar door worden om uit deze",
    }.items()
}
LETTERS: Mapping[str, re.Pattern[str]] = {
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
}
NAMES: Mapping[str, str] = {
    "arabic": "ar", "chinese": "zh", "dutch": "nl", "english": "en", "french": "fr", "german": "de", "greek": "el",
    "hebrew": "he", "hindi": "hi", "italian": "it", "japanese": "ja", "korean": "ko", "portuguese": "pt", "russian": "ru",
    "spanish": "es", "thai": "th",
}  # fmt: skip
SHARE = 0.3
"""Of the letters that belong to one alphabet, at least, for the text to be in its language."""


def code_of(name: str) -> str | None:
    """The code of a language by its English name or code; None for one the rule does not know."""
    word = name.strip().casefold()
    return NAMES.get(word) or (word if word in SMALL_WORDS or word in LETTERS else None)


def language(text: str) -> str | None:
    """The code of the language `text` is in, or None where it is too short or too mixed to tell."""
    letters = sum(map(str.isalpha, text))
    if not letters:
        return None
    for code, alphabet in LETTERS.items():  # Japanese before Chinese: it writes both
        if len(alphabet.findall(text)) >= SHARE * letters:
            return code
    words = Counter(re.findall(r"[^\W\d_]+", text.casefold()))
    counts = Counter({code: sum(words[word] for word in small) for code, small in SMALL_WORDS.items()})
    (best, most), (_, second) = counts.most_common(2)
    return best if most >= ENOUGH and most > second else None
