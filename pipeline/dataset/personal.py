"""Values that look like personal data. Only whether a text holds one is told, never the value."""

import re
from collections.abc import Callable, Mapping

DIGIT = re.compile(r"\d")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
PHONE = re.compile(
    r"(?<![\w.,])(?<!\d[ .-])(\+\d{1,3}[ .-]?)?(\(\d{2,4}\)[ .-]?|\d{2,4}[ .-])\d{3,4}[ .-]?\d{3,4}(?![ .-]?\d)(?!\w)"
)
CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")


def has_email(text: str) -> bool:
    return "@" in text and bool(EMAIL.search(text))


def has_phone(text: str) -> bool:
    return bool(DIGIT.search(text) and PHONE.search(text))


def has_card(text: str) -> bool:
    """13 to 19 digits with the check digit of ISO/IEC 7812-1."""
    return bool(DIGIT.search(text)) and any(_checks(re.sub(r"\D", "", found)) for found in CARD.findall(text))


def _checks(digits: str) -> bool:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0


KINDS: Mapping[str, Callable[[str], bool]] = {
    "an email address": has_email,
    "a phone number": has_phone,
    "a card number": has_card,
}
