"""Texts of people and models can be read, but neither mention anybody, nor link, nor swallow what follows them."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.escape import EMPTY, cut, escape, literal, plain
from bot.blocks.validate import validate
from tests.bot.blocks.live import live

JOINER = "\u2060"
NASTY = st.lists(
    st.sampled_from(
        [
            "<!channel>",
            "<@U1>",
            "@here",
            "https://a.io/x",
            "www.evil.com",
            "a@b.co",
            "`",
            "```",
            "*b*",
            "~s~",
            "&",
            ":ok:",
            "#general",
            *("\u202e", "\x00", "\n", " ", "é", "🙂", "<http://a.io|b>", "mailto:x@y.org", "&lt;", ">", "_", "1.5", "שלום"),
        ]
    )
    | st.text(max_size=4)
).map("".join)


@given(st.text())
def test_escape_can_be_undone_and_leaves_no_control_sequence(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@given(NASTY, st.integers(1, 80))
def test_a_literal_text_is_dead_and_fits(text: str, limit: int) -> None:
    shown = literal(text, limit)
    assert live({"text": shown}) == []
    assert len(shown) <= max(limit, len(EMPTY))
    assert re.fullmatch(r"([^&]|&amp;|&lt;|&gt;)*", shown, re.DOTALL)
    assert validate([{"type": "section", "text": {"type": "mrkdwn", "text": shown}}], "message") == ()


@given(st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cs", "Cf"]), max_size=50))
def test_a_literal_text_reads_as_it_was_written(text: str) -> None:
    shown = html.unescape(literal(text, 10_000).replace(JOINER, ""))
    lookalikes = str.maketrans("`*~", "\u02cb\u2217\u223c")
    assert shown == (html.unescape(escape(text.strip().translate(lookalikes))) or EMPTY)


@given(NASTY, st.integers(1, 80))
def test_a_plain_text_fits_its_place_and_is_never_empty(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert shown.strip()
    assert len(shown) <= max(limit, len(EMPTY))
    assert not set(shown) & {"\x00", "\u202e"}
    assert validate([{"type": "section", "text": {"type": "plain_text", "text": shown}}], "message") == ()


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("ab cd", 4, "ab…"), ("abcd", 1, "…"), ("", 3, "")],
)
def test_cut_says_that_something_is_missing(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


def test_an_entity_is_never_cut_in_half() -> None:
    assert literal("ab<cd", 6) == "ab…"
    assert literal("ab<cd", 7) == "ab&lt;…"
    assert literal("ab<cd", 8) == "ab&lt;cd"


def test_figures_and_sentences_stay_as_they_are() -> None:
    assert literal("0.93 at 10:30, 5 of 7. Done", 100) == "0.93 at 10:30, 5 of 7. Done"


def test_what_is_live_is_found() -> None:
    """The check of the property above has to see something."""
    said = "<!channel> <@U1> @here https://a.io/x www.evil.com a@b.co ```x``` *b* ~s~ :ok: #general"
    assert len(live({"text": said})) == 12
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": said}, "fields": [{"type": "plain_text", "text": said}]}]
    assert live({"text": "dead", "blocks": blocks}) == live({"text": said})
    assert live({"text": "0.93 at 10:30, 5 of 7, a_b, e.g. this"}) == []
