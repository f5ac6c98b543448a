"""Plain words as constraints: "context 100k, image, eu, under 1 USD, not anthropic"."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite

from pipeline.models.catalog.constraints import Constraints
from pipeline.models.catalog.names import GEOGRAPHIES, REGION
from pipeline.models.catalog.retention import NO_RETENTION

_NUMBER = r"(\d[\d,_]*(?:\.\d+)?)\s*(k|m)?"
_USD = r"(?:usd|dollars?|\$)?\s*\$?(\d+(?:\.\d+)?)\s*(?:usd|dollars?|\$)?"
_PER = r"(?:\s*(?:per|/|a)\s*(?:1\s*)?(?:m|million|mtok)(?:\s*tokens?)?)?"
_FEATURES = (
    ("json schema", r"json[ -]?schemas?|schemas?|structured(?: outputs?)?|json"),
    ("image", r"images?|vision|pictures?"),
    ("pdf", r"pdfs?|documents?"),
    ("audio", r"audio|speech"),
    ("tools", r"tool[ -]use|tools?|function[ -]calling"),
    ("caching", r"(?:prompt[ -])?cach(?:e|ing)"),
    ("reasoning", r"reasoning|thinking"),
    ("sampling", r"sampling|temperature"),
    (NO_RETENTION, r"(?:no|zero)(?: data)?[ -]retention|private|not kept"),
)
FAMILIES = (
    "ai21", "amazon", "anthropic", "cohere", "deepseek", "google", "meta", "minimax", "mistral", "moonshot", "moonshotai",
    "nvidia", "openai", "qwen", "writer", "xai", "zai",
)  # fmt: skip
_NAMES = {"claude": "anthropic", "nova": "amazon", "llama": "meta", "gpt": "openai", "gemini": "google", "gemma": "google"}
_PLACES = {"europe": "eu", "usa": "us", "japan": "jp", "australia": "au", "asia": "apac", "india": "in", "canada": "ca"}
_FILLERS = re.compile(
    r"(?:\b(?:and|with|models?|please|in|the|a|an|of|tokens?|at|for|must|have|has|takes?|that|or|show|me)\b|[,;.\s])+"
)
_DENIED = re.compile(r"(?:\b(?:no|not|without|except)\s+|<)(?:in |from |by |region )?$")
_FAMILY = "|".join((*FAMILIES, *_NAMES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """The constraints, and the words that mean nothing to Ferry: whoever shows the shortlist says so."""

    constraints: Constraints
    left: tuple[str, ...] = ()


Change = Callable[[Constraints, re.Match[str]], Constraints]
Rule = tuple[re.Pattern[str], Change]


def understood(text: str, start: Constraints | None = None) -> Understood:
    """What `text` asks for, on top of `start`. Pure; a word no rule takes is given back, never dropped."""
    wanted, rest = start or Constraints(), " ".join(text.lower().split())
    for pattern, change in _RULES:
        at = 0
        while found := pattern.search(rest, at):
            changed = _applied(change, wanted, found)
            if changed is None:
                at = found.end()
            else:
                wanted, rest = changed, f"{rest[: found.start()]},{rest[found.end() :]}"
    return Understood(constraints=wanted, left=tuple(piece for piece in _FILLERS.split(rest) if piece))


def _applied(change: Change, wanted: Constraints, found: re.Match[str]) -> Constraints | None:
    """None for words that only look like a constraint: one denied, a date or number that does not exist."""
    if _DENIED.search(found.string[: found.start()]):
        return None
    try:
        return change(wanted, found)
    except (ValueError, OverflowError):
        return None


def tokens(number: str, unit: str | None) -> int:
    """`100k` as 100,000."""
    return int(float(number.replace(",", "").replace("_", "")) * {"k": 1_000, "m": 1_000_000}.get(unit or "", 1))


def _context(wanted: Constraints, found: re.Match[str]) -> Constraints:
    return replace(wanted, context=tokens(found[1], found[2]))


def _answer(wanted: Constraints, found: re.Match[str]) -> Constraints:
    return replace(wanted, max_output=tokens(found[1], found[2]))


def _ceiling(wanted: Constraints, found: re.Match[str]) -> Constraints:
    side, usd = (found["side"] or found["after"] or ""), float(found[2])
    if not side and not re.search(r"usd|dollar|\$", found[0]):
        raise ValueError(found[0])  # "up to 5" of what?
    if not isfinite(usd):
        raise ValueError(found[0])
    if side.startswith("in"):
        return replace(wanted, input_usd=usd)
    return replace(wanted, output_usd=usd) if side.startswith("out") else replace(wanted, usd=usd)


def _mix(wanted: Constraints, found: re.Match[str]) -> Constraints:
    return replace(wanted, mix=read_mix(f"{found[1]}:{found[2]}"))


def read_mix(text: str) -> tuple[float, float]:
    """`3:1` as parts of input and output tokens. Raises ValueError for anything else."""
    parts = tuple(float(part) for part in text.split(":"))
    if len(parts) != 2 or not all(0 <= part < 1e12 for part in parts) or sum(parts) <= 0:
        raise ValueError(text)
    return parts[0], parts[1]


def _pace(wanted: Constraints, found: re.Match[str]) -> Constraints:
    seconds = float(found[2]) / (1000 if found[3] == "ms" else 1)
    return replace(wanted, ttft_s=seconds) if found[1] in {"ttft", "first token"} else replace(wanted, latency_s=seconds)


def _alive(wanted: Constraints, found: re.Match[str]) -> Constraints:
    return replace(wanted, alive_on=date.fromisoformat(found[1]).isoformat())


def _family(name: str) -> str:
    return _NAMES.get(name, name)


def _not_family(wanted: Constraints, found: re.Match[str]) -> Constraints:
    return replace(wanted, not_families=_with(wanted.not_families, _family(found[1])))


def _of_family(wanted: Constraints, found: re.Match[str]) -> Constraints:
    return replace(wanted, families=_with(wanted.families, _family(found[1])))


def _place(wanted: Constraints, found: re.Match[str]) -> Constraints:
    return replace(wanted, where=_PLACES.get(found[1], found[1]))


def _host(wanted: Constraints, found: re.Match[str]) -> Constraints:
    if found[1] in {"any", "anybody"}:
        return replace(wanted, providers=())
    return replace(wanted, providers=_with(() if wanted.providers == Constraints().providers else wanted.providers, found[1]))


def _feature(name: str) -> Change:
    return lambda wanted, _: replace(wanted, needs=_with(wanted.needs, name))


def _with(there: Sequence[str], new: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*there, new)))


def _rule(pattern: str, change: Change) -> Rule:
    return re.compile(rf"(?<![\w-]){pattern}(?![\w-])"), change


# The first rule takes its words away, so what is longer stands first.
_RULES: tuple[Rule, ...] = (
    _rule(r"(?:not retiring before|alive (?:on|until)|until|not before|retir\w+ after) (\d{4}-\d\d-\d\d)", _alive),
    _rule(r"mix (\d+(?:\.\d+)?):(\d+(?:\.\d+)?)", _mix),
    _rule(
        r"(latency|answers?|ttft|first token)(?: time)? (?:in |within |under |below |at most |<=? ?)(?:under )?"
        r"(\d+(?:\.\d+)?) ?(ms|s|sec|seconds?)",
        _pace,
    ),
    _rule(
        rf"(?:(?P<side>in(?:put)?|out(?:put)?)\s+)?(?:under|below|at most|max|less than|up to|<=?)\s*{_USD}{_PER}"
        r"(?:\s+(?:for\s+)?(?P<after>input|output|in|out))?",
        _ceiling,
    ),
    _rule(rf"(?:max(?:imum)? )?(?:output|answers?) (?:of )?(?:at least )?{_NUMBER}", _answer),
    _rule(rf"(?:context|window)(?: window)? (?:of )?(?:at least |>=? ?)?{_NUMBER}", _context),
    _rule(rf"(?:at least )?{_NUMBER} (?:tokens? )?(?:of )?context", _context),
    _rule(r"(?:host(?:ed)?(?: by| on)?|provider|on) (any|anybody|bedrock|openai|anthropic|mistral|google)", _host),
    _rule(rf"(?:not|no|without|except|but not) (?:from |by )?({_FAMILY})", _not_family),
    _rule(r"(?:region )?" + f"({REGION.pattern})", _place),
    _rule(rf"(?:region |in )?({'|'.join((*(g for g in GEOGRAPHIES if g != 'in'), *_PLACES))})", _place),
    _rule(rf"(?:family |from |by |only )?({_FAMILY})", _of_family),
    *(_rule(rf"(?:{words})(?: inputs?| outputs?)?", _feature(name)) for name, words in _FEATURES),
)
