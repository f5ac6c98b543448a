"""Random records for cards: every text a person or a model could have written is hostile, every list is anything up to full.

What a record holds is read from its annotations, so a field that is added tomorrow is hostile tomorrow.
"""

import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import EnumMeta
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from pipeline.columns import Counts, Numbers

R = TypeVar("R")
ZQX = "zqx"
"""Inside everything that must not come to life; `zqf` follows formatting that must not open."""

PIECES = (
    "<!channel>", "<!here|zqx>", "<@UZQX>", "<#CZQX>", "<http://zqx.com|y>", "https://zqx.com/a?b=c", "www.zqx.com", "a@zqx.com",
    "mailto:zqx@zqx.com", "@zqx", "#zqx", ":zqx:", "`zqf`", "```zqf```", "*zqf*", "~zqf~", "&lt;!channel&gt;", "&", "<", ">", "`",
    "🙂", "👩‍👩‍👧", "שלום", "مرحبا", "\u202e", "\u2066", "\x00", "\x1b[1m",
    "\n", "\r\n", "\t", " ", "plain words", '"', "\\", "|",
)  # fmt: skip
WORDS = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
LONG = [piece * (size // len(piece) + 1) for piece in PIECES for size in (300, 3_000)] + ["<@UZQX> & `zqf`" * 700]
HOSTILE = st.one_of(WORDS, WORDS, st.sampled_from(["", "\n\n\n", " "]), st.sampled_from(LONG))
"""Also far more than a form takes, so nothing rests on Slack's own limits."""

PEOPLE = st.sampled_from([f"U{n}" for n in range(40)]) | WORDS
OWN = st.sampled_from(["0123456789abcdef" * 2, "fedcba9876543210" * 4])
NUMBERS = st.sampled_from([0, 1, 7, 100, 5_000])
FIGURES = st.sampled_from([0.0, -0.05, 1.0, 12_345.678, 1e-9, 1e12])
MOMENTS = st.integers(1_600_000_000, 2_200_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
MOST = 40
FULL = {"targets", "arms", "runs", "migrations", "waiting", "candidates", "findings", "smes", "metrics"}
"""Fields that are drawn with up to forty items; all others stay short, or a report would take seconds."""

PERSONAL = {"requester", "owner", "smes", "reviewers", "by", "sme"}
COLUMNS = st.lists(st.none() | st.integers(0, 1_000_000), max_size=3)
NAMED = {
    "channel": st.just("C1"),
    "key": st.just("plan:1"),
    "stage": st.just("baseline"),
    "cells": st.just(()),
    "prompts": st.just({}),
    "mrkdwn": st.just(value=False),  # such bodies are Ferry's own sentences
    "spent": st.just("12 charged calls, price not known to Ferry"),
    "page": st.integers(-3, 60),
}


def records(cls: type[R], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[R]:
    """Any record of `cls`; `given` says what some of its fields are."""
    hints, names = get_type_hints(cls), [f.name for f in fields(cast(Any, cls))]
    return st.builds(cls, **{n: given[n] if n in given else _field(n, hints[n]) for n in names})


def _field(name: str, hint: Any) -> st.SearchStrategy[Any]:
    if name in NAMED and not is_dataclass(_inner(hint)) and hint is not float:
        return NAMED[name]
    if name in {"id", "hash"} or (name.endswith(("_id", "_hash")) and name != "sample_id"):
        return OWN
    return _of(hint, PEOPLE if name in PERSONAL else HOSTILE, MOST if name in FULL else 3)


def _inner(hint: Any) -> Any:
    """The type besides None."""
    return next((each for each in get_args(hint) if each is not type(None)), hint) if _is_union(hint) else hint


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _of(hint: Any, texts: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[Any]:
    if _is_union(hint):
        return st.none() | _of(_inner(hint), texts, most)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is tuple and parts[-1] is not Ellipsis:
        return st.tuples(*(_of(part, texts) for part in parts))
    if origin in (tuple, Sequence):
        return many(_of(parts[0], texts), most)
    if origin is Mapping:
        return many(st.tuples(texts, _of(parts[1], texts)), most).map(_distinct)
    return _plain(hint, texts)


def _plain(hint: Any, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    if isinstance(hint, EnumMeta):
        return st.sampled_from(list(hint))
    if is_dataclass(hint):
        return records(cast(type[Any], hint))
    plain = {str: texts, int: NUMBERS, float: FIGURES, bool: st.booleans(), datetime: MOMENTS}
    return {**plain, Numbers: COLUMNS.map(Numbers), Counts: COLUMNS.map(Counts)}[hint]


def many(item: st.SearchStrategy[R], most: int) -> st.SearchStrategy[tuple[R, ...]]:
    """None to `most` items, of which two differ: drawing forty different ones takes too long."""
    return st.tuples(st.lists(item, max_size=2), st.sampled_from([1, 1, most])).map(
        lambda drawn: tuple(drawn[0] * drawn[1])[:most]
    )


def _distinct(pairs: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return {(name + str(at) if at else name): value for at, (name, value) in enumerate(pairs)}
