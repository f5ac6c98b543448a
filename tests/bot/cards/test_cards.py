"""Every card is what Slack takes, whatever the facts are, and nothing in it mentions or links that Ferry did not write."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.blocks.validate import validate_message, validate_view
from bot.cards.digest import DigestFacts, digest_card
from bot.cards.files import FilesFacts, files_card
from bot.cards.findings import findings_card
from bot.cards.home import HomeFacts, home_view
from bot.cards.kit import Card, bar
from bot.cards.note import NoteFacts, Proposal, problem_card, reply_card, start_card
from bot.cards.progress import ProgressFacts, progress_card
from bot.cards.prompts import prompts_card
from bot.cards.question import question_card
from bot.cards.review import review_card
from bot.cards.status import status_card
from bot.cards.verdict import TableFacts, table_card
from bot.fit import payloads
from db.records import QuestionKind
from tests.bot.cards import facts as f

GOLDEN = Path(__file__).parents[1] / "golden"
OURS = re.compile(r"<(?:@[UWB][A-Z0-9]+|#C0GENERAL|!date\^\d+\^\{date_short_pretty\} \{time\}\|[^<>|]*)>")
LIVE = re.compile(r"<[@#!]|<https?:|(?<![\w])@(?:here|channel|everyone)\b|https?://")

CARDS: dict[str, tuple[Callable[[Any], Card], Any, st.SearchStrategy[Any]]] = {
    "status": (status_card, f.STATUS, f.statuses),
    "question": (question_card, f.question(QuestionKind.PLAN, plan=f.PLAN), f.questions),
    "findings": (findings_card, f.FINDINGS, f.findings),
    "progress": (
        progress_card,
        ProgressFacts(migration_id="m1", stage="targets:1", runs=(f.RUN,), seconds_left=42.0),
        f.progress,
    ),
    "prompts": (prompts_card, f.PROMPTS, f.prompts),
    "review": (review_card, f.REVIEW, f.reviews),
    "table": (table_card, TableFacts(name="Support tickets", report=f.REPORT, report_hash="b" * 64), f.tables),
    "digest": (digest_card, DigestFacts(migration=f.MIGRATION, monitor=f.MONITOR, digest=f.DIGEST, result=f.RESULT), f.digests),
    "reply": (reply_card, NoteFacts(key="reply:1", body="Half of it is done."), f.notes),
    "problem": (problem_card, NoteFacts(key="p", body="The key is wrong.", migration=f.MIGRATION, retry=True), f.notes),
    "files": (
        files_card,
        FilesFacts(name="Support tickets", report_hash="b" * 64, files=("report.html",)),
        st.builds(FilesFacts, name=f.short, report_hash=f.short, files=f.many(f.short, 4)),
    ),
}
SITUATIONS: dict[str, Callable[[], Card]] = {
    "plan_decided": lambda: question_card(f.question(QuestionKind.PLAN, plan=f.PLAN, decision=f.DECISION)),
    "sign_off": lambda: question_card(f.question(QuestionKind.SIGN_OFF, report=f.REPORT, report_hash="b" * 64)),
    "dataset": lambda: question_card(f.question(QuestionKind.DATASET)),
    "review_thread": lambda: question_card(f.question(QuestionKind.REVIEW, progress={"U0SME1": (2, 6), "U0SME2": (6, 6)})),
    "proposal": lambda: reply_card(
        NoteFacts(key="reply:1", body="", migration=f.MIGRATION, proposal=Proposal(kind="pause", value="", sentence="Pause?"))
    ),
    "start": lambda: start_card(
        "Move tickets from a to b: press the button.", {"name": "Tickets", "source": "a", "targets": "b"}
    ),
}


def payload(card: Card) -> dict[str, Any]:
    return {"text": card.text, "blocks": list(card.blocks)}


def golden(name: str, got: object) -> None:
    """Compare with the golden file; a missing one is written, and the test fails once so that somebody looks at it."""
    path, text = GOLDEN / f"{name}.json", json.dumps(got, indent=1, ensure_ascii=False) + "\n"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} was written: look at it and commit it")
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(text)


@pytest.mark.parametrize("name", [*CARDS])
def test_a_card_is_as_agreed(name: str) -> None:
    build, facts, _ = CARDS[name]
    card = build(facts)
    assert validate_message(payload(card)) == ()
    golden(name, payload(card))


@pytest.mark.parametrize("name", [*SITUATIONS])
def test_a_card_in_another_situation_is_as_agreed(name: str) -> None:
    card = SITUATIONS[name]()
    assert validate_message(payload(card)) == ()
    golden(name, payload(card))


@pytest.mark.parametrize("name", [*CARDS])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_facts_slack_takes_the_card(name: str, data: st.DataObject) -> None:
    build, _, strategy = CARDS[name]
    card = build(data.draw(strategy))
    for form in (payload(card), *payloads(card)):
        assert validate_message(form) == ()
        for text in spoken(form):
            assert not LIVE.search(OURS.sub("", text)), text


def spoken(form: Any) -> Iterator[str]:
    """Every text Slack would interpret: top-level texts and mrkdwn objects."""
    yield form["text"]
    waiting = list(form.get("blocks", ()))
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, dict):
            if thing.get("type") == "mrkdwn":
                assert thing["verbatim"] is True
                yield thing["text"]
            waiting.extend(thing.values())
        elif isinstance(thing, list):
            waiting.extend(thing)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    migrations=f.many(f.migrations, 500),
    waiting=f.many(st.just(f.question(QuestionKind.PLAN).question), 500),
    page=st.integers(-3, 99),
)
def test_the_home_of_five_hundred_migrations_is_one_page_of_a_hundred_blocks(migrations: Any, waiting: Any, page: int) -> None:
    facts = HomeFacts(migrations=migrations, waiting=tuple((f.MIGRATION, question) for question in waiting), page=page)
    assert validate_view(home_view(facts)) == ()


def test_the_home_turns_its_pages() -> None:
    facts = HomeFacts(migrations=(f.MIGRATION,) * 45, waiting=())
    shown = json.dumps(home_view(facts))
    assert "Page 1 of 3" in shown
    assert "home_newer" not in shown
    last = json.dumps(home_view(HomeFacts(migrations=facts.migrations, waiting=(), page=2)))
    assert "home_older" not in last


def test_a_cut_table_says_so_and_names_the_whole() -> None:
    card = table_card(TableFacts(name="x", report=f.replace(f.REPORT, arms=(f.ARM,) * 200), report_hash="b"))
    (shown,) = [block for block in card.blocks if block["type"] == "table"]
    assert f"Showing {len(shown['rows']) - 1} of 201 lines; the complete file is attached" in json.dumps(card.blocks)


def test_a_table_slack_does_not_show_is_still_said() -> None:
    card = CARDS["table"][0](CARDS["table"][1])
    rich, as_text, in_words = payloads(card)
    assert any(block["type"] == "table" for block in rich["blocks"])
    assert "normalised_match" in json.dumps(as_text["blocks"])
    assert in_words["blocks"] == []
    assert "not worse" in in_words["text"]


@pytest.mark.parametrize(("done", "total", "shown"), [(0, 0, "0 %"), (0, 9, "0 %"), (99, 100, "99 %"), (100, 100, "100 %")])
def test_a_bar_is_full_only_when_all_is_done(done: int, total: int, shown: str) -> None:
    assert bar(done, total).endswith(f" {shown}")
    assert ("░" not in bar(done, total)) is (total > 0 and done == total)


def test_the_review_card_tells_nothing_of_the_models() -> None:
    shown = json.dumps(review_card(f.REVIEW).blocks)
    assert not any(word in shown for word in ("local:a", "recorded", "source", "target", "winner"))
