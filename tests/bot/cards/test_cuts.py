"""What does not fit is said to be missing: tables, lists, lines, long texts. Nothing is cut in silence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks import limits
from bot.blocks.validate import validate, validate_view
from bot.cards.home import PAGE, HomeFacts, home_view
from bot.cards.kit import Card, bar, duration, lines, mention, mentions, some, table, verbatim
from bot.cards.prompts import prompts_card
from bot.cards.question import question_card
from bot.cards.verdict import TableFacts, table_card, verdict_lines
from bot.fit import payloads
from db.records import QuestionKind
from pipeline.records import Criteria, MetricChoice
from pipeline.report.table import rows
from tests.bot.cards.prompted import CANDIDATES, HASH, PROMPTS, TARGET
from tests.bot.cards.told import MIGRATION, PLAN, REPORT, asked, question

MANY = tuple(replace(MIGRATION, id=f"m{n}", name=f"Migration {n}") for n in range(500))


def words(blocks: Sequence[Any]) -> str:
    return "\n".join(str(block) for block in blocks)


@pytest.mark.parametrize("models", [1, 30, 33, 40, 300])
def test_a_cut_table_says_how_much_of_it_is_shown(models: int) -> None:
    arms = tuple(replace(arm, model=f"local:m{n}", label=f"local:m{n}") for n in range(models) for arm in REPORT.arms)
    report = replace(REPORT, arms=arms)
    card = table_card(TableFacts(name="Support", report=report, report_hash=HASH))
    (block,) = [block for block in card.blocks if block["type"] == "table"]
    shown, total = len(block["rows"]) - 1, len(rows(report)[1])
    told = f"All {total} lines" if shown == total else f"Showing {shown} of {total} lines; the complete file is attached"
    assert told in words(card.blocks)
    assert shown == total or total > 60  # a table of everyday size is whole
    assert next(payloads(card))["blocks"] == list(card.blocks)


def test_a_table_with_too_many_columns_says_so() -> None:
    metrics = tuple(MetricChoice(metric=f"metric_{n}") for n in range(40))
    report = replace(REPORT, criteria=Criteria(metrics=metrics))
    assert "20 of 47 columns" in words(table_card(TableFacts(name="Support", report=report, report_hash=HASH)).blocks)


@settings(max_examples=50)
@given(st.lists(st.text(max_size=20).map(lambda text: text * 40), max_size=20))
def test_lines_are_whole_or_counted(texts: list[str]) -> None:
    said = [text for text in texts if text]
    shown = str(lines(texts, what="samples")["text"]["text"])
    whole = "\n".join(said)
    assert len(shown) <= limits.SECTION_TEXT
    if shown != (whole or "–"):
        kept, _, more = shown.rpartition("… and ")
        assert whole.startswith(kept.rstrip("\n"))
        assert more == f"{len(said) - (len(said) - int(more.split()[0]))} more samples"
        assert whole == "\n".join([*([kept.rstrip(chr(10))] if kept else []), *said[len(said) - int(more.split()[0]) :]])


@settings(max_examples=15)
@given(st.sampled_from([0, 1, 98, 99, 100, 400]), st.integers(1, 25), st.sampled_from(["é", "🙂", "word "]))
def test_any_table_fits(body: int, columns: int, text: str) -> None:
    block, kept = table(["head"] * columns, [[text * 50] * columns] * body)
    assert validate([block], "message") == ()
    assert kept == len(block["rows"]) - 1 <= body


def test_a_long_answer_says_where_it_was_cut() -> None:
    assert words(verbatim("x" * 12_000)).count("Cut after") == 0
    assert "Cut after 12,000 of 12,001 characters." in words(verbatim("x" * 12_001))


def test_targets_and_candidates_that_are_not_shown_are_counted() -> None:
    full = prompts_card(replace(PROMPTS, targets=(replace(TARGET, candidates=CANDIDATES * 4),) * 7)).blocks
    assert "and 2 more targets" in words(full)
    assert words(full).count("and 15 more candidates") == 5
    many = tuple(f"bedrock:model-{n}" for n in range(40))
    plan = question_card(replace(asked(QuestionKind.PLAN), plan=replace(PLAN, targets=many)))
    assert "and 25 more" in words(plan.blocks)
    assert some([], 3) == ""
    assert mentions([f"U{n}" for n in range(12)]).endswith("<@U9> and 2 more")


def test_only_a_user_id_is_mentioned() -> None:
    assert mention("U0SME1") == "<@U0SME1>"
    assert "<" not in mention("!channel") + mention("U1> <!channel") + mention(" U1")
    assert mention(None) == mention("") == "nobody yet"


def test_home_shows_five_hundred_migrations_page_by_page() -> None:
    waiting = tuple((each, question(QuestionKind.PLAN)) for each in MANY)
    seen: list[str] = []
    for page in range(500 // PAGE):
        view = home_view(HomeFacts(migrations=MANY, waiting=waiting, page=page))
        assert validate_view(view) == ()
        assert len(view["blocks"]) <= limits.VIEW_BLOCKS
        assert f"Page {page + 1} of {500 // PAGE}, 500 migrations" in words(view["blocks"])
        seen += [
            each.name
            for each in MANY
            if f"*{each.name}*\n" in "\n".join(b.get("text", {}).get("text", "") for b in view["blocks"])
        ]
    assert seen == [each.name for each in MANY]
    assert "and 480 more" in words(view["blocks"])


@pytest.mark.parametrize(("page", "buttons"), [(-1, ["home_older"]), (3, ["home_newer", "home_older"]), (99, ["home_newer"])])
def test_home_pages_end_where_they_end(page: int, buttons: list[str]) -> None:
    view = home_view(HomeFacts(migrations=MANY, waiting=(), page=page))
    (pager,) = [block for block in view["blocks"] if block["type"] == "actions"]
    assert [button["action_id"] for button in pager["elements"]] == buttons


def test_one_line_for_each_target_the_report_names() -> None:
    (line,) = verdict_lines(REPORT)
    assert line.startswith(":large_green_circle: *local:\u2060tiny* · better (exact_match +0.350")


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_bar_is_full_only_when_all_is_done(done: int, total: int) -> None:
    drawn = bar(done, total)
    assert ("100 %" in drawn) == ("░" not in drawn) == (0 < total <= done)
    assert len(drawn.split()[0]) == 12


@pytest.mark.parametrize(("seconds", "words_"), [(0, "1 s"), (89, "89 s"), (90, "2 min"), (5_399, "90 min"), (5_400, "1.5 h")])
def test_durations_read_as_people_say_them(seconds: float, words_: str) -> None:
    assert duration(seconds) == words_


def test_a_message_that_slack_would_not_take_loses_its_looks_not_its_words() -> None:
    card = table_card(TableFacts(name="Support", report=REPORT, report_hash=HASH))
    broken = Card(text=card.text, blocks=[*card.blocks, {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}])
    (plain,) = payloads(broken)
    assert plain["blocks"] == []
    assert "Comparison on the test split" in plain["text"]
    rich, simple, text = payloads(card)
    assert [block["type"] for block in simple["blocks"]].count("table") == 0
    assert "local:tiny · winner | better" in words(simple["blocks"])
    assert rich["blocks"]
    assert text["blocks"] == []
