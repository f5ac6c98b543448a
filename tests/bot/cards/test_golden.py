"""Every card looks as it did when somebody last looked at it. FERRY_UPDATE_GOLDEN=1 writes the files anew, for `git diff`."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bot.blocks.validate import validate_message, validate_view
from bot.fit import payloads
from bot.render import RENDERERS
from db.records import MessageKind
from tests.bot.cards.prompted import forms
from tests.bot.cards.told import cards, homes

GOLDEN = Path(__file__).parent / "golden"
CARDS = dict(cards())
HOMES = dict(homes())
FORMS = dict(forms())


def same_as_golden(name: str, shown: dict[str, Any]) -> None:
    text = json.dumps(shown, indent=1, ensure_ascii=False) + "\n"
    path = GOLDEN / f"{name}.json"
    if os.environ.get("FERRY_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CARDS)
def test_a_card_looks_as_agreed_and_slack_takes_it(name: str) -> None:
    card = CARDS[name]
    shown = {"text": card.text, "blocks": list(card.blocks)}
    assert validate_message(shown) == ()
    assert next(payloads(card)) == shown
    same_as_golden(name, {**shown, "files": list(card.files)})


@pytest.mark.parametrize("name", HOMES)
def test_the_home_tab_looks_as_agreed_and_slack_takes_it(name: str) -> None:
    assert validate_view(HOMES[name]) == ()
    same_as_golden(name, HOMES[name])


@pytest.mark.parametrize("name", FORMS)
def test_a_form_about_prompts_looks_as_agreed_and_slack_takes_it(name: str) -> None:
    assert validate_view(FORMS[name]) == ()
    same_as_golden(name, FORMS[name])


def test_no_golden_file_is_left_over_and_every_kind_of_message_has_a_renderer() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == {*CARDS, *HOMES, *FORMS}
    assert set(RENDERERS) == set(MessageKind)
