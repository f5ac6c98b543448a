"""What the operator says of limits: FERRY_LIMITS, a JSON object or a file with one, from model references to figures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pipeline.errors import InputError

OPERATOR = "FERRY_LIMITS"
SHARE = 0.7
"""The part of an account's quota that Ferry takes: the rest is for whatever else the account serves."""
NAMES = ("requests_per_minute", "tokens_per_minute", "in_flight", "share")
EXAMPLE = '{"bedrock:*claude*": {"requests_per_minute": 100, "tokens_per_minute": 200000}, "bedrock:*": {"share": 0.5}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a model is held to; None: not held. `source` says where the figures come from, for people."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    in_flight: int | None = None
    source: str = "none known"

    @property
    def known(self) -> bool:
        return self.requests_per_minute is not None or self.tokens_per_minute is not None

    def shared(self, share: float) -> "Limits":
        """A part of the rates."""
        requests, tokens = (None if rate is None else rate * share for rate in (self.requests_per_minute, self.tokens_per_minute))
        return replace(self, requests_per_minute=requests, tokens_per_minute=tokens)


NONE = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Figures for the references that `pattern` fits; `share` None: all of the operator's own figures, `SHARE` of a quota."""

    pattern: str
    limits: Limits
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The operator's rules. A rule with the very reference comes first, then the order they were written in."""

    rules: Sequence[Rule] = ()

    def of(self, ref: str) -> Rule | None:
        exact = (rule for rule in self.rules if rule.pattern == ref)
        return next(exact, None) or next((rule for rule in self.rules if fnmatchcase(ref, rule.pattern)), None)


def read_rules(text: str | None) -> Rules:
    """From the text of FERRY_LIMITS, or from the file it names. Raises InputError that says what is wrong."""
    written = (text or "").strip()
    if not written:
        return Rules()
    given = _json(written if written.startswith("{") else _file(Path(written)))
    if not isinstance(given, dict):
        raise InputError(f"{OPERATOR} must be a JSON object from models to limits, such as {EXAMPLE}.")
    return Rules(tuple(_rule(str(pattern).strip(), said) for pattern, said in given.items()))


def _file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{OPERATOR} names {path}, which cannot be read. Give a JSON file, or the JSON itself: {EXAMPLE}."
        ) from error


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{OPERATOR} is not JSON. Write for example {EXAMPLE}.") from error


def _rule(pattern: str, said: object) -> Rule:
    if not isinstance(said, Mapping) or not said or not set(said) <= set(NAMES):
        raise InputError(f'{OPERATOR}: the limits of "{pattern}" must be an object with {", ".join(NAMES)}, or some of them.')
    for name, value in said.items():
        if not _fits(name, value):
            wanted = {"in_flight": "a whole number from 1", "share": "above 0 and at most 1"}.get(name, "a number above 0")
            raise InputError(f'{OPERATOR}: {name} of "{pattern}" must be {wanted}.')
    figures: dict[str, Any] = {name: said.get(name) for name in NAMES[:3]}
    return Rule(pattern=pattern, limits=Limits(**figures, source=OPERATOR), share=said.get("share"))


def _fits(name: str, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if name == "in_flight":
        return isinstance(value, int) and value >= 1
    return 0 < value <= (1 if name == "share" else 1e12)
