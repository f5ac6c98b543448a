"""The forms about prompts: Slack takes them whatever a prompt holds, and what people fill in comes back whole."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks.validate import validate_view
from bot.modals import kit, prompt_edit, prompt_list, prompt_look, prompt_round, prompt_try
from bot.modals.prompt_list import ListFacts
from bot.modals.prompt_look import LookFacts
from bot.modals.prompt_round import Offer
from bot.modals.prompt_try import Offered
from pipeline.records import PromptVersion
from tests.bot.blocks.live import live
from tests.bot.cards.hostile import HOSTILE, many, records
from tests.bot.cards.prompted import AFTER, BEFORE, HASH, LIST, LOOK, OFFERS, PRESS
from tests.bot.modals.filled import submitted

SAMPLES = (Offered(sample_id="s1", words="Where is it?"), Offered(sample_id="s2", words="Gone"))
NAMED = [(HASH, "as is"), ("e" * 64, "by hand")]
FEW = settings(max_examples=15, deadline=None)


@FEW
@given(records(LookFacts, press=st.just(PRESS)), records(ListFacts))
def test_slack_takes_what_changed_and_all_candidates_whatever_they_hold(look: LookFacts, listed: ListFacts) -> None:
    for view in (prompt_look.view(look), prompt_list.view(listed)):
        assert validate_view(view) == ()
        assert not [each for each in live(view) if "zqx" in each.lower()]


@FEW
@given(HOSTILE, HOSTILE, many(records(Offer, id=st.uuids().map(str)), 40))
def test_slack_takes_the_forms_that_people_fill_in(text: str, other: str, offers: tuple[Offer, ...]) -> None:
    sample = Offered(sample_id=text, words=other)
    for view in (
        prompt_edit.view(PRESS, PromptVersion(user=text, system=other)),
        prompt_try.view(PRESS, [(HASH, text), ("e" * 64, other)], HASH, [sample] * 150),
        prompt_round.view(PRESS, ["local:a", text], [offers, [replace(each, id=f"{each.id}b") for each in offers]]),
    ):
        assert validate_view(view) == ()


def test_what_changed_says_every_edit_and_marks_a_wording_as_a_proposal() -> None:
    shown = str(prompt_look.view(LOOK))
    for words in (
        "+ Answer with the intent alone.",
        "– You sort <messages>.",
        "xml tags",
        "vendor's guide, 2026-09",
        "a proposal",
    ):
        assert words in shown
    assert shown.count("a proposal") == 1
    assert prompt_look.NOTHING in str(prompt_look.view(replace(LOOK, after=BEFORE)))


def test_a_long_difference_is_counted_never_cut_in_silence() -> None:
    long = replace(AFTER, user="\n".join(f"line {n} " + "x" * 400 for n in range(40)))
    shown = str(prompt_look.view(replace(LOOK, after=long)))
    assert "more changed lines" in shown
    assert "characters)" in shown


def test_where_there_are_more_candidates_than_room_refused_ones_are_left_out_first() -> None:
    good, refused = LIST.target.candidates[0], replace(LIST.target.candidates[0], refusal="It lost {question}.")
    many = (*(replace(refused, prompt_hash=f"{n:064x}", chosen=False) for n in range(60)), replace(good, method="found late"))
    shown = str(prompt_list.view(replace(LIST, target=replace(LIST.target, candidates=many))))
    assert "found late" in shown
    assert "and 21 more candidates" in shown


def test_nothing_can_be_chosen_once_the_prompts_are_settled() -> None:
    assert "prompt_use" in str(prompt_look.view(LOOK))
    assert "prompt_use" not in str(prompt_look.view(replace(LOOK, open=False)))


def test_an_edit_comes_back_with_the_texts_that_were_written() -> None:
    form = prompt_edit.view(PRESS, AFTER)
    edited, errors = prompt_edit.read(submitted(form, user="Say {question}!", tokens="20"))
    assert edited
    assert errors == {}
    made = edited.applied(AFTER)
    assert (made.user, made.system, made.parameters.max_tokens) == ("Say {question}!", AFTER.system, 20)


def test_white_space_that_slack_drops_at_the_ends_is_no_edit() -> None:
    prompt = replace(AFTER, user="Intent of {question}: \n")
    edited, _ = prompt_edit.read(submitted(prompt_edit.view(PRESS, prompt)))
    assert edited
    assert edited.applied(prompt).hash == prompt.hash


@pytest.mark.parametrize(("given", "field"), [({"user": " "}, "user"), ({"tokens": "many"}, "tokens")])
def test_what_is_wrong_is_said_at_its_field(given: dict[str, str], field: str) -> None:
    edited, errors = prompt_edit.read(submitted(prompt_edit.view(PRESS, AFTER), **given))
    assert edited is None
    assert set(errors) == {field}


def test_a_text_longer_than_a_form_takes_is_not_cut_into_a_prompt() -> None:
    long = replace(AFTER, user="x" * 3001)
    form = prompt_edit.view(PRESS, long)
    assert "3,001 characters are more than the 3,000" in str(form)
    edited, errors = prompt_edit.read(submitted(form, system="Other."))
    assert edited
    assert errors == {}
    assert (edited.applied(long).user, edited.applied(long).system) == (long.user, "Other.")
    assert prompt_edit.field_of(submitted(form)) == "system"


def test_a_try_names_a_sample_of_the_list_or_an_id() -> None:
    form = prompt_try.view(PRESS, NAMED, HASH, SAMPLES)
    solved = prompt_try.view(PRESS, NAMED, HASH, (replace(SAMPLES[0], shown=True), SAMPLES[1]))
    assert [each["blocks"][1]["element"]["initial_option"]["value"] for each in (form, solved)] == ["0", "1"]
    by_place, _ = prompt_try.read(submitted(form, sample="1"))
    by_id, _ = prompt_try.read(submitted(form, id="s77"))
    assert by_place
    assert by_id
    assert (by_place.place, by_place.sample_id, by_place.prompt_hash) == (1, "", HASH)
    assert (by_id.place, by_id.sample_id) == (None, "s77")
    assert set(prompt_try.read(submitted(form, sample=None))[1]) == {"sample"}


def test_without_a_number_of_tokens_the_limit_stays() -> None:
    long = replace(BEFORE, parameters=replace(BEFORE.parameters, max_tokens=4096))
    edited, _ = prompt_edit.read(submitted(prompt_edit.view(PRESS, long), tokens=""))
    assert edited
    assert edited.applied(long).parameters.max_tokens == 4096


def test_a_round_is_a_proposal_or_own_words() -> None:
    form = prompt_round.view(PRESS, ["local:a", "local:b"], [OFFERS, [replace(OFFERS[0], id="t3")]])
    first, _ = prompt_round.read(submitted(form))
    third, _ = prompt_round.read(submitted(form, proposal="t3"))
    own, _ = prompt_round.read(submitted(form, proposal="own", words="Say why.", target="1"))
    assert first
    assert third
    assert own
    assert [(each.target, each.proposal) for each in (first, third, own)] == [(0, "t1"), (0, "t3"), (1, "")]
    assert set(prompt_round.read(submitted(form, proposal="own"))[1]) == {"words"}
    assert prompt_round.LOOKING in str(prompt_round.view(PRESS, ["local:a"], [()]))
    assert "Too few failures." in str(prompt_round.view(PRESS, ["local:a"], [()], "Too few failures."))


def test_every_target_has_its_best_proposals_on_the_form() -> None:
    """Slack takes ten choices, and one of them is a person's own words."""
    targets = ["local:a", "local:b", "local:c"]
    offers = [[replace(OFFERS[0], id=f"{target}-{rank}") for rank in range(6)] for target in targets]
    view = prompt_round.view(PRESS, targets, offers)
    said = json.dumps(view)
    assert all(f'"{target}-{rank}"' in said for target in targets for rank in range(3))
    assert "and 9 more, each behind those of its target" in said


def test_a_form_that_would_be_too_large_leaves_out_what_is_only_read() -> None:
    """Prompts in a script that JSON escapes: six bytes a character."""
    read_only = [{"type": "section", "text": {"type": "plain_text", "text": "字" * 3000}} for _ in range(40)]
    field = kit.field("words", "Words", kit.text_input())
    view = kit.modal("c", "T", [read_only[0], *read_only[1:], field], meta={})
    assert validate_view(view) == ()
    assert field in view["blocks"]
    assert kit.TOO_LARGE in str(view["blocks"][-1])
    assert view["blocks"][:10] == read_only[:10]
