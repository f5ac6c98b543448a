"""Whatever people and models wrote: Slack takes every card, and nobody is mentioned, nothing is linked, nothing is swallowed."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.blocks import limits
from bot.blocks.validate import validate_message, validate_view
from bot.cards.digest import DigestFacts, digest_card
from bot.cards.errors import ErrorsFacts, errors_card
from bot.cards.files import FilesFacts, files_card
from bot.cards.findings import FindingsFacts, findings_card
from bot.cards.home import HomeFacts, home_view
from bot.cards.kit import Card
from bot.cards.models import ModelsFacts, models_card
from bot.cards.note import NoteFacts, Proposal, problem_card, reply_card, start_card
from bot.cards.progress import ProgressFacts, progress_card
from bot.cards.prompts import PromptsFacts, prompts_card
from bot.cards.question import QuestionFacts, question_card
from bot.cards.references import CorrectionsFacts, ReferencesFacts, corrections_card, references_card
from bot.cards.review import ReviewFacts, review_card
from bot.cards.status import StatusFacts, status_card
from bot.cards.trial import TrialFacts, trial_card
from bot.cards.tried import TriedFacts, tried_card
from bot.cards.turn import TurnFacts, turn_card
from bot.cards.verdict import TableFacts, table_card
from bot.fit import payloads
from tests.bot.blocks.live import live
from tests.bot.cards.hostile import HOSTILE, WORDS, records

BUILDERS: Mapping[str, tuple[type[Any], Callable[[Any], Card]]] = {
    "digest": (DigestFacts, digest_card),
    "corrections": (CorrectionsFacts, corrections_card),
    "errors": (ErrorsFacts, errors_card),
    "files": (FilesFacts, files_card),
    "findings": (FindingsFacts, findings_card),
    "models": (ModelsFacts, models_card),
    "problem": (NoteFacts, problem_card),
    "progress": (ProgressFacts, progress_card),
    "prompts": (PromptsFacts, prompts_card),
    "question": (QuestionFacts, question_card),
    "references": (ReferencesFacts, references_card),
    "reply": (NoteFacts, reply_card),
    "review": (ReviewFacts, review_card),
    "status": (StatusFacts, status_card),
    "table": (TableFacts, table_card),
    "trial": (TrialFacts, trial_card),
    "tried": (TriedFacts, tried_card),
    "turn": (TurnFacts, turn_card),
}
GIVEN: Mapping[str, Mapping[str, st.SearchStrategy[Any]]] = {
    "reply": {"proposal": st.none() | records(Proposal, kind=st.just("add_target"))},
    "references": {"question": st.just("references:1")},
    "review": {"question": st.just("review:1")},
    "turn": {"state": st.sampled_from(["waiting", "refused", "measured", "kept", "reverted"])},
}
OWN = re.compile(r"<@U\d+>|<#C1>|<!date\^\d+\^\{date_short_pretty\} \{time\}\|[-\d: ]+UTC>|:[a-z_]+:|`|[*~]\w|>")
OFTEN = settings(max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck))


def alive(payload: Mapping[str, Any]) -> list[str]:
    """What came to life although Ferry did not write it."""
    found = [each for each in live(payload) if not OWN.fullmatch(each) or "zqx" in each.lower()]
    return found + re.findall(r"[*~`]zqf", "\n".join(interpreted(payload)))


def interpreted(value: Any) -> Iterator[str]:
    """The texts Slack formats."""
    if isinstance(value, Mapping):
        if value.get("type") == "mrkdwn" or "blocks" in value:
            yield str(value.get("text", ""))
        for each in value.values():
            yield from interpreted(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from interpreted(each)


def fits(card: Card) -> None:
    """Slack takes the rich form, and the simpler ones the outbox falls back to; none of them is alive."""
    forms = list(payloads(card))
    assert forms[0]["blocks"] == list(card.blocks)
    assert forms[0]["text"]
    for form in forms:
        assert validate_message(form) == ()
        assert alive(form) == []
        assert all(text.count("`") % 2 == 0 for text in interpreted(form))


@pytest.mark.parametrize("name", BUILDERS)
@OFTEN
@given(data=st.data())
def test_any_facts_make_a_message_that_slack_takes_and_that_is_not_alive(name: str, data: st.DataObject) -> None:
    facts, build = BUILDERS[name]
    fits(build(data.draw(records(facts, **GIVEN.get(name, {})))))


@OFTEN
@given(HOSTILE, st.fixed_dictionaries(dict.fromkeys(("name", "source", "targets"), HOSTILE)))
def test_the_start_button_takes_any_words(sentence: str, prefill: dict[str, str]) -> None:
    fits(start_card(sentence, prefill))


@OFTEN
@given(records(HomeFacts))
def test_any_home_tab_is_taken_and_not_alive(facts: HomeFacts) -> None:
    view = home_view(facts)
    assert validate_view(view) == ()
    assert len(view["blocks"]) <= limits.VIEW_BLOCKS
    assert alive(view) == []


@pytest.mark.parametrize("text", ["<!channel>", "<@UZQX>", "`zqf`", "*zqf*", "a.zqx.com"])
def test_this_test_would_see_a_text_that_is_alive(text: str) -> None:
    assert alive({"text": text, "blocks": []})
    assert alive({"text": "", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]})


@OFTEN
@given(WORDS)
def test_nothing_of_a_name_is_lost_but_what_cannot_be_seen(name: str) -> None:
    """What was written can be read: the same words, whatever stands between them."""
    card = files_card(FilesFacts(name=name, report_hash="0" * 64, files=()))
    words = re.findall(r"plain words|שלום|مرحبا|🙂", name)
    assert re.findall(r"plain words|שלום|مرحبا|🙂", card.text) == words or len(card.text) >= 200
