"""Forms: Slack takes each of them, what was filled in comes back as a record, and what is wrong is told at its field."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks.validate import validate_view
from bot.buttons import Press
from bot.modals import edit_details, new_migration, notes, plan_change
from bot.modals.edit_details import Details
from bot.modals.new_migration import DEFAULT_SOURCE, FILE_TYPES, NewForm, Prefill
from db.records import Choice, PlanChange
from pipeline.records import Criteria, MetricChoice, Parameters, PromptVersion, Syntax, UseCase
from tests.bot.cards.hostile import HOSTILE
from tests.bot.cards.told import MIGRATION, PLAN
from tests.bot.modals.filled import submitted

EMPTY = new_migration.view(Prefill(channel="C1"))
FILLED: dict[str, Any] = {
    "name": " Tickets ",
    "use_case": "classification",
    "source": "recorded:today",
    "targets": "local:gemma3-270m\nbedrock:amazon.nova-lite-v1:0, local:gemma3-270m",
    "prompt": "Message: {{question}}\nIntent:",
    "tokens": "64",
    "stop": "\\n\nEND",
    "smes": ["U3", "U4"],
    "owner": "U2",
    "dataset": [{"id": "F1"}],
}
PRESS = Press(migration="m1", question="plan:2", answer="change")
PLAN_FORM = plan_change.view(PRESS, PLAN)
EDIT_FORM = edit_details.view(MIGRATION, has_prompt=False)


def read_new(**changes: Any) -> tuple[NewForm | None, dict[str, str]]:
    return new_migration.read(submitted(EMPTY, **{**FILLED, **changes}), "U1")


def test_a_filled_new_migration_form_is_read() -> None:
    assert read_new() == (
        NewForm(
            channel="C1",
            again_of=None,
            name="Tickets",
            use_case=UseCase.CLASSIFICATION,
            source="recorded:today",
            targets=("local:gemma3-270m", "bedrock:amazon.nova-lite-v1:0"),
            prompt=PromptVersion(
                user="Message: {{question}}\nIntent:",
                syntax=Syntax.DOUBLE,
                parameters=Parameters(max_tokens=64, stop=("\n", "END")),
            ),
            smes=("U3", "U4"),
            owner="U2",
            files=({"id": "F1"},),
        ),
        {},
    )


def test_name_and_use_case_are_enough() -> None:
    form, errors = new_migration.read(submitted(EMPTY, name="Tickets", use_case="rag"), "U1")
    assert errors == {}
    assert form
    assert (form.source, form.targets, form.owner, form.smes, form.files) == (DEFAULT_SOURCE, (), None, (), ())
    assert form.prompt == PromptVersion(user="")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "recognise"),
        ("use_case", None, "Choose what the prompt does"),
        ("use_case", "poetry", "Choose what the prompt does"),
        ("source", "gpt-4o", "'gpt-4o' is no model"),
        ("source", "local:", "'local:' is no model"),
        ("targets", "local:a\nnowhere:b", "'nowhere:b' is no model"),
        ("targets", "\n".join(f"local:m{n}" for n in range(6)), "at most 5"),
        ("prompt", "No variable at all", "variable"),
        ("prompt", "{a} and {$B}", "syntax"),
        ("tokens", "many", "whole number of tokens"),
        ("tokens", "0", "whole number of tokens"),
        ("tokens", "100001", "whole number of tokens"),
        ("tokens", "²", "whole number of tokens"),
        ("stop", "a\nb\nc\nd\ne", "at most 4"),
        ("owner", "U1", "somebody else than its requester"),
        ("smes", ["U3", "U3"], "once"),
    ],
)
def test_a_wrong_field_is_told_at_its_field_and_only_there(field: str, value: object, words: str) -> None:
    form, errors = read_new(**{field: value})
    assert form is None
    assert list(errors) == [field]
    assert words in errors[field]
    assert field in {block["block_id"] for block in EMPTY["blocks"]}


def test_every_wrong_field_is_told_at_once() -> None:
    _, errors = read_new(name="", source="x", tokens="x", owner="U1")
    assert set(errors) == {"name", "source", "tokens", "owner"}


def test_a_dataset_of_any_format_that_is_read_can_be_given() -> None:
    (element,) = [block["element"] for block in EMPTY["blocks"] if block["block_id"] == "dataset"]
    assert (element["filetypes"], element["max_files"]) == (list(FILE_TYPES), 1)


def test_a_ref_copied_from_a_message_of_ferry_is_the_ref() -> None:
    form, _ = read_new(source="recorded:\u2060today", targets="local:\u2060gemma3-270m\nlocal:gemma3-270m")
    assert form
    assert (form.source, form.targets) == ("recorded:today", ("local:gemma3-270m",))
    change, _ = plan_change.read(submitted(PLAN_FORM, add_target="local:\u2060b"))
    assert change == PlanChange(add_target="local:b")


REF = st.from_regex(r"(local|bedrock|recorded):[a-z0-9./:-]{1,200}", fullmatch=True)
STOPS = st.sampled_from([(), ("\n",), ("END", "\t\n", "###")])
PREFILLS = st.builds(
    Prefill,
    channel=st.just("C1"),
    name=st.sampled_from(["Tickets", "N" * 100, "שלום 🙂"]),
    use_case=st.sampled_from(list(UseCase)),
    source=st.sampled_from(["", "recorded:today"]),
    targets=st.lists(REF, max_size=5, unique=True).map("\n".join),
    prompt=st.sampled_from(["", "Answer {question}", "{{a}} " * 400, "{$X}" + "x" * 2_996]),
    parameters=st.builds(
        Parameters, max_tokens=st.integers(1, 100_000), stop=st.sampled_from([(), ("\n",), ("END", "\t\n", "###")])
    ),
    smes=st.sampled_from([(), ("U3",), ("U3", "U4")]),
    owner=st.sampled_from([None, "U2"]),
    again_of=st.sampled_from(["", "m0"]),
)


@settings(max_examples=40)
@given(PREFILLS)
def test_a_form_sent_as_it_opened_says_what_it_opened_with(start: Prefill) -> None:
    view = new_migration.view(start)
    assert validate_view(view) == ()
    form, errors = new_migration.read(submitted(view), "U1")
    assert errors == {}
    assert form
    assert (form.channel, form.name, form.use_case, form.smes, form.owner) == (
        start.channel, start.name, start.use_case, start.smes, start.owner,
    )  # fmt: skip
    assert "\n".join(form.targets) == start.targets
    assert form.prompt.user == start.prompt.strip()
    assert form.prompt.parameters == start.parameters
    assert form.again_of == (start.again_of or None)


def test_a_prompt_too_long_for_a_form_is_never_cut_into_another_prompt() -> None:
    view = new_migration.view(Prefill(channel="C1", name="Tickets", use_case="rag", prompt="{question}" + "x" * 3_000))
    form, errors = new_migration.read(submitted(view), "U1")
    assert errors == {}
    assert form
    assert form.prompt.user == ""
    assert "drop the dataset that records it" in str(view["blocks"])


@settings(max_examples=40)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_slack_takes_a_form_with_any_words_in_it(name: str, source: str, prompt: str) -> None:
    assert (
        validate_view(new_migration.view(Prefill(name=name, source=source, targets=source, prompt=prompt, use_case=name))) == ()
    )
    assert validate_view(edit_details.view(replace(MIGRATION, name=name, targets=(source,) * 40), has_prompt=False)) == ()
    metrics = tuple(MetricChoice(metric=f"metric_{n}", primary=n < 2) for n in range(120))
    assert validate_view(plan_change.view(PRESS, replace(PLAN, criteria=Criteria(metrics=metrics)))) == ()


# Edit details


def test_details_told_later_are_read() -> None:
    assert validate_view(EDIT_FORM) == ()
    filled = submitted(EDIT_FORM, prompt="Answer {question}", targets="local:a", smes=["U4"], owner="U5")
    assert edit_details.read(filled) == (
        Details(migration="m1", prompt="Answer {question}", targets=("local:a",), smes=("U4",), owner="U5"),
        {},
    )


def test_details_left_as_they_were_stay() -> None:
    details, errors = edit_details.read(submitted(EDIT_FORM))
    assert errors == {}
    assert details == Details(migration="m1", prompt="", targets=MIGRATION.targets, smes=MIGRATION.smes, owner=MIGRATION.owner)


def test_a_prompt_once_told_is_not_asked_for_again() -> None:
    view = edit_details.view(MIGRATION, has_prompt=True)
    assert "prompt" not in {block["block_id"] for block in view["blocks"]}
    assert edit_details.read(submitted(view))[1] == {}


@pytest.mark.parametrize(
    ("field", "value"), [("prompt", "no variable"), ("targets", "nowhere:x"), ("owner", "U1"), ("smes", ["U3", "U3"])]
)
def test_a_wrong_detail_is_told_at_its_field(field: str, value: object) -> None:
    details, errors = edit_details.read(submitted(EDIT_FORM, **{field: value}))
    assert (details, list(errors)) == (None, [field])


# Change the plan


@pytest.mark.parametrize(
    ("filled", "change"),
    [
        ({"margin": "0.03"}, PlanChange(margin=0.03)),
        ({"margin": "3 %"}, PlanChange(margin=0.03)),
        ({"margin": "0,03"}, PlanChange(margin=0.03)),
        ({"margin": "0.05", "metric": "refusal"}, PlanChange(margin=0.05, metric="refusal")),
        ({"add_target": "local:b"}, PlanChange(add_target="local:b")),
        ({"review_pairs": "0"}, PlanChange(review_pairs=0)),
        ({"margin": "0.1", "review_pairs": "7"}, PlanChange(margin=0.1, review_pairs=7)),
        ({"monthly_calls": "120,000"}, PlanChange(monthly_calls=120_000)),
        ({"monthly_calls": "0"}, PlanChange(monthly_calls=0)),
        ({"most_usd": "$2"}, PlanChange(most_usd=2.0)),
        ({"most_usd": "0,05 USD"}, PlanChange(most_usd=0.05)),
        ({"most_usd": "0"}, PlanChange(most_usd=0.0)),
    ],
)
def test_a_change_of_the_plan_is_read(filled: dict[str, str], change: PlanChange) -> None:
    assert validate_view(PLAN_FORM) == ()
    assert plan_change.read(submitted(PLAN_FORM, **filled)) == (change, {})


@pytest.mark.parametrize(
    ("filled", "fields"),
    [
        ({}, ["margin"]),
        ({"margin": "0"}, ["margin"]),
        ({"margin": "1.01"}, ["margin"]),
        ({"margin": "nan"}, ["margin"]),
        ({"margin": "a lot"}, ["margin"]),
        ({"margin": "", "metric": "refusal"}, ["margin"]),
        ({"add_target": "gpt"}, ["add_target"]),
        ({"review_pairs": "-1"}, ["review_pairs"]),
        ({"review_pairs": "201"}, ["review_pairs"]),
        ({"monthly_calls": "a lot"}, ["monthly_calls"]),
        ({"most_usd": "little"}, ["most_usd"]),
        ({"most_usd": "-1"}, ["most_usd"]),
        ({"most_usd": "nan"}, ["most_usd"]),
        ({"add_target": "gpt", "review_pairs": "x"}, ["add_target", "review_pairs"]),
    ],
)
def test_a_wrong_change_is_told_at_its_field(filled: dict[str, str], fields: list[str]) -> None:
    change, errors = plan_change.read(submitted(PLAN_FORM, **filled))
    assert change is None
    assert sorted(errors) == fields


# Notes


def test_a_note_is_read_and_an_empty_one_refused() -> None:
    for answer in ("request_changes", "reject"):
        press = Press(migration="m1", question="sign_off:1", answer=answer)
        view = notes.note_view(press)
        assert validate_view(view) == ()
        assert notes.read_note(submitted(view, note=" Too slow. ")) == (press, "Too slow.", {})
        assert set(notes.read_note(submitted(view, note=" "))[2]) == {"note"}


def test_a_judgement_with_a_reason_is_read() -> None:
    press = Press(migration="m1", question="review:1", answer="a1:reason")
    view = notes.reason_view(press)
    assert validate_view(view) == ()
    reason, errors = notes.read_reason(submitted(view, choice="same", reason="Both wrong.", reference="lost card"))
    assert errors == {}
    assert reason == notes.Reason(press=press, choice=Choice.SAME, reason="Both wrong.\nThe reference should say: lost card")
    assert set(notes.read_reason(submitted(view, reason="x"))[1]) == {"choice"}
