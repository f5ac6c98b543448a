"""The form that fixes a reference: opens with what it may have to say, takes no empty text, fits whatever it holds."""

from hypothesis import given, settings

from bot.blocks.validate import validate_view
from bot.buttons import Press
from bot.modals import references
from tests.bot.cards.hostile import HOSTILE
from tests.bot.modals.filled import submitted

PRESS = Press(migration="m1", question="references:1", answer="c1:fix")


def test_it_opens_with_the_suggestion_or_with_the_reference() -> None:
    shown = [references.view(PRESS, "old", suggestion)["blocks"][0]["element"]["initial_value"] for suggestion in ("new", None)]
    assert shown == ["new", "old"]


def test_what_is_written_comes_back_and_nothing_is_told_at_its_field() -> None:
    form = references.view(PRESS, "old", None)
    assert references.read(submitted(form, reference=" new ")) == (PRESS, "new", {})
    assert set(references.read(submitted(form, reference="  "))[2]) == {"reference"}


@settings(max_examples=15, deadline=None)
@given(HOSTILE, HOSTILE)
def test_slack_takes_any_texts(reference: str, suggestion: str) -> None:
    assert validate_view(references.view(PRESS, reference, suggestion)) == ()


def test_a_reference_longer_than_a_form_is_never_cut_into_the_dataset() -> None:
    field = references.view(PRESS, "x" * 3001, None)["blocks"][0]
    assert "initial_value" not in field["element"]
    assert "longer than a form takes" in field["hint"]["text"]
