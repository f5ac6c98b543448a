"""Earlier turns of a prompt: part of what a model sees, of the hash and of every guard; without them nothing changed."""

from dataclasses import replace

import pytest

from pipeline.hashing import canonical_json
from pipeline.prompts.diff import changes
from pipeline.prompts.families import apply, rules
from pipeline.prompts.guards import check
from pipeline.prompts.template import render, variables
from pipeline.records import PromptVersion, Sample, Turn
from tests.pipeline.prompts.asks import BASE, CLAUDE, MISTRAL_OLD, NOVA, ask

SHOWN = (Turn(role="user", text="# Task\nSort {question} for {shop}"), Turn(role="assistant", text="# Answer\nrefund"))
PROMPT = PromptVersion(system="Be kind.", turns=SHOWN, user="Classify {question} now.")


def test_a_prompt_without_turns_is_hashed_and_written_as_before() -> None:
    bare = replace(PROMPT, turns=())
    assert bare.hash == "6f265f252d70fa22fb49b58cc3f8b1e9e6618dfc13dbfbdea4d3ad52fd556910"
    assert '"turns"' not in canonical_json(bare)
    assert '"turns"' in canonical_json(PROMPT)
    assert PROMPT.hash != bare.hash


def test_turns_are_rendered_in_order_and_their_variables_count() -> None:
    assert variables(PROMPT) == ("question", "question", "shop")
    request = render(PROMPT, Sample(id="1", variables={"question": "{shop}", "shop": "us"}))
    assert [(turn.role, turn.text) for turn in request.turns] == [
        ("user", "# Task\nSort {shop} for us"),
        ("assistant", "# Answer\nrefund"),
        ("user", "Classify {shop} now."),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Sort {question}", "It lost {shop}"),
        ("Sort {question} for {shop}: where is my parcel now", "1 dev samples (s2)"),
        ("Sort {question} for {shop} " + "a" * 6000, "the cap is"),
        ("<freeze>Sort {question} for {shop}", "no matching </freeze>"),
    ],
)
def test_guards_look_into_turns(text: str, said: str) -> None:
    changed = replace(PROMPT, turns=(Turn(role="user", text=text), SHOWN[1]))
    assert said in (check(changed, ask(PROMPT)) or "")


def test_family_rules_change_user_turns_and_leave_the_shown_answers() -> None:
    after = apply(rules(CLAUDE), PROMPT, CLAUDE)
    assert after.turns == (Turn(role="user", text="<task>\nSort {question} for {shop}\n</task>"), SHOWN[1])


@pytest.mark.parametrize("ref", [BASE, MISTRAL_OLD])
def test_without_a_system_role_its_text_opens_the_conversation(ref: str) -> None:
    after = apply(rules(ref), PROMPT, ref)
    assert after.system == ""
    assert after.turns[0].text.startswith("Be kind.\n\n# Task")
    assert apply(rules(ref), after, ref).turns == after.turns
    opened = apply(rules(ref), replace(PROMPT, turns=SHOWN[1:]), ref)
    assert [turn.role for turn in opened.turns] == ["user", "assistant"]


def test_a_changed_turn_is_a_section_of_the_diff() -> None:
    (change,) = changes(PROMPT, replace(PROMPT, turns=(SHOWN[0], Turn(role="assistant", text="# Answer\ndelivery"))))
    assert (change.section, change.summary) == ("turns", "1 line new and 1 gone in the turns text.")
    assert changes(PROMPT, apply(rules(NOVA)[:0], PROMPT, NOVA)) == ()
