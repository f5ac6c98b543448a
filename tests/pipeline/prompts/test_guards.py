"""Guards: what each refuses, in words a person understands, and that an honest candidate passes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.prices import Price
from pipeline.prompts.contract import demands_json
from pipeline.prompts.guards import check, refusals
from pipeline.prompts.template import Piece, write
from pipeline.records import Parameters, PromptVersion, Sample, Syntax, UseCase
from tests.pipeline.prompts.asks import BASE, CLAUDE, CLAUDE_5, GPT_4, GPT_OSS, NOVA, ask, dev

LITERALS = st.text(alphabet='{}$\\ax \n":', max_size=12)
PARTS = st.lists(
    st.one_of(LITERALS.map(Piece), st.sampled_from(["x", "question"]).map(lambda n: Piece(n, variable=True))), max_size=6
)


def refusal(user: str, original: str = "Classify {question} now.", **changes: object) -> str | None:
    asked = ask(original)
    return check(replace(asked.prompt, user=user, **changes), asked)  # type: ignore[arg-type]


@given(PARTS, st.sampled_from(list(Syntax)))
def test_the_original_always_passes(parts: list[Piece], syntax: Syntax) -> None:
    prompt = PromptVersion(user=write(parts, syntax), syntax=syntax)
    assert check(prompt, ask(prompt)) is None


@given(st.lists(st.sampled_from(["question", "context"]), min_size=1, max_size=5), st.data(), st.sampled_from(list(Syntax)))
def test_a_lost_variable_never_passes(names: list[str], data: st.DataObject, syntax: Syntax) -> None:
    parts = [piece for name in names for piece in (Piece("Say: "), Piece(name, variable=True))]
    lost = data.draw(st.integers(0, len(names) - 1))
    original = PromptVersion(user=write(parts, syntax), syntax=syntax)
    shorter = replace(original, user=write([*parts[: 2 * lost + 1], *parts[2 * lost + 2 :]], syntax))
    said = check(shorter, ask(original))
    assert said is not None
    assert said.startswith("It lost ")
    assert names[lost] in said


@given(st.text(alphabet="abc {}", min_size=1, max_size=10), st.text(alphabet="abc {}", min_size=1, max_size=10))
def test_a_frozen_span_stays_byte_by_byte(before: str, after: str) -> None:
    def prompt(span: str) -> PromptVersion:
        return PromptVersion(user=f"Say <freeze>{span}</freeze> to {{{{question}}}}", syntax=Syntax.DOUBLE)

    said = check(prompt(after), ask(prompt(before)))
    assert (said is None) == (before == after)
    assert said is None or "{{" in before + after or "frozen span" in said


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("Classify it.", "It lost {question}"),
        ("Classify {question} now, {question}.", "It has {question} more often"),
        ("Classify {question} by {tone}.", "It has {tone} more often"),
        ("Classify <freeze>{question}.", "no matching </freeze>"),
        ("Classify </freeze>{question}<freeze>.", "no matching </freeze>"),
        ("Classify <Freeze>{question}</Freeze>.", "writes a freeze mark as <Freeze>"),
        ("Classify {question} as {{{{label}}}}.", 'stray "{{"'),
        ("Classify {question} as {.", "do not balance"),
        ("Classify {question}. " + "a" * 6000, "the cap is 6,000"),
        ("Classify {question}. Such as: I want my money back for the broken kettle.", "1 dev samples (s1)"),
        ("Classify {question}. Such as: where is my parcel now", "1 dev samples (s2)"),
    ],
)
def test_what_is_refused_says_why(user: str, said: str) -> None:
    assert said in (refusal(user) or "")


def test_a_text_without_spaces_leaks_as_any_other_and_common_words_do_not() -> None:
    said = (
        "返品した湯沸かし器の代金をまだ受け取っていません",
        "請求書の宛名を会社名に変更していただけますか",
        "我想知道为什么我的信用卡昨天晚上被拒绝了",
    )
    samples = (*(Sample(id=f"j{n}", variables={"question": text}) for n, text in enumerate(said)), *dev())
    asked = ask("Classify {question} now.", samples=samples)
    for n, text in enumerate(said):
        for shown in (f"Such as: {text}。", f"Such as: {text[:4]}\u200b{text[4:]}"):
            refused = check(replace(asked.prompt, user=f"Classify {{question}} now. {shown}"), asked)
            assert f"1 dev samples (j{n})" in (refused or "")
    usual = replace(asked.prompt, user="Classify {question} now. 返品、請求書、信用卡、していただけますか。")
    assert check(usual, asked) is None


def test_unseen_characters_hide_no_leak() -> None:
    hidden = "Classify {question}. Such as: I want my mo\u200bney back for the bro\u00adken kettle."
    assert "1 dev samples (s1)" in (refusal(hidden) or "")


def test_text_of_the_original_is_no_leak() -> None:
    original = "Classify {question}. Such as: I want my money back for the broken kettle."
    assert refusal(f"Please! {original}", original) is None


def test_declared_shots_may_be_shown_also_with_braces() -> None:
    samples = (Sample(id="odd", variables={"question": "what does {{ mean in your app today"}, reference="help {"), *dev())
    asked = ask("Classify {question} now.", samples=samples)
    shown = replace(asked.prompt, user="what does {{{{ mean in your app today: help {{\nClassify {question} now.")
    assert check(replace(shown, shots=("odd",)), asked) is None
    assert 'stray "{{"' in (check(shown, asked) or "")


def test_a_short_sample_inside_a_declared_shot_is_no_leak() -> None:
    samples = (Sample(id="long", variables={"question": "tell me where is my parcel now please"}, reference="delivery"), *dev())
    asked = ask("Classify {question} now.", samples=samples)
    shown = replace(
        asked.prompt, user="tell me where is my parcel now please: delivery\nClassify {question} now.", shots=("long",)
    )
    assert check(shown, asked) is None


def test_half_of_dev_stays_unshown_and_shots_are_of_dev() -> None:
    assert "at least half" in (refusal("Classify {question} now.", shots=("s1", "s2", "s3", "s4", "s5")) or "")
    assert refusal("Classify {question} now.", shots=("s1", "s2", "s3", "s4")) is None
    assert '"zz"' in (refusal("Classify {question} now.", shots=("zz",)) or "")


def test_the_output_contract_stays() -> None:
    asked = ask("Return JSON for {question}", use_case=UseCase.EXTRACTION)
    assert "demands JSON" in (check(replace(asked.prompt, user="Return a list for {question}"), asked) or "")
    asked = ask("Classify as refund or delivery: {question}")
    assert "(delivery)" in (check(replace(asked.prompt, user="Classify as refund or not: {question}"), asked) or "")
    schema = replace(asked.prompt, parameters=Parameters(json_schema="{}"))
    assert "JSON schema" in (check(asked.prompt, ask(schema)) or "")


@pytest.mark.parametrize(
    ("target", "parameters", "said"),
    [
        (CLAUDE_5, Parameters(temperature=0.0), "neither temperature nor top_p"),
        (CLAUDE, Parameters(temperature=0.0, top_p=0.9), "not both"),
        (CLAUDE, Parameters(stop=("\n",)), "spaces or line breaks only"),
        (CLAUDE, Parameters(temperature=1.5), "outside 0 to 1"),
        (NOVA, Parameters(temperature=1.5), "outside 0 to 1"),
        (GPT_4, Parameters(temperature=2.5), "outside 0 to 2"),
        (GPT_4, Parameters(stop=("a", "b", "c", "d", "e")), "takes 4"),
        (GPT_OSS, Parameters(temperature=None, stop=("a",)), "takes 0"),
        (BASE, Parameters(stop=("",)), "empty"),
        (BASE, Parameters(top_p=1.5), "top_p 1.5"),
        (BASE, Parameters(max_tokens=0), "at least 1 token"),
        (BASE, Parameters(stop=("\n",), temperature=1.5), None),
        (CLAUDE_5, Parameters(temperature=None), None),
    ],
)
def test_parameters_the_target_refuses_are_found_before_the_call(target: str, parameters: Parameters, said: str | None) -> None:
    asked = ask("Classify {question}", target)
    found = check(replace(asked.prompt, parameters=parameters), asked)
    assert found is None if said is None else said in (found or "")


def test_json_in_json_is_no_stray_brace_and_a_lost_partner_is() -> None:
    assert refusal('Classify {question} as {"a": {"b": 1}}') is None
    assert "do not balance" in (refusal('Classify {question} as {"a": {"b": 1}') or "")


def test_an_own_constraint_that_was_stated_stays_stated() -> None:
    asked = replace(ask("Classify {question} now. Never mention prices."), constraints=("Do not mention prices", "Use French"))
    assert check(replace(asked.prompt, user="Never mention a price. Classify {question}."), asked) is None
    said = check(replace(asked.prompt, user="Classify {question}, with prices."), asked)
    assert said == 'It no longer says 1 of the constraints the original states, such as "Do not mention prices".'


def test_text_of_a_test_sample_is_refused_and_a_greeting_that_dev_has_too_is_dev_s() -> None:
    greeting = "dear support team I hope you are well"
    held = tuple(
        Sample(id=f"t{n}", variables={"question": f"{greeting}, {own}"})
        for n, own in enumerate(("my blue bicycle has no bell at all", "the second invoice was never sent to me"))
    )
    polite = Sample(id="d", variables={"question": f"{greeting}, where is it"}, reference="delivery")
    asked = replace(ask("Classify {question} now.", samples=(*dev(), polite)), held_out=held)
    greeted = replace(asked.prompt, user=f"Classify {{question}}. They write: {greeting}")
    assert "1 dev samples (d)" in (check(greeted, asked) or "")
    assert check(replace(greeted, shots=("d",)), asked) is None
    said = check(replace(asked.prompt, user="Classify {question}. Such as: my blue bicycle has no bell at all"), asked)
    assert said == "It repeats text of 1 test samples, so the verdict on it would be worth nothing."


def test_the_cost_of_a_thousand_calls_is_capped() -> None:
    price = Price(ref=CLAUDE, model="m", input=3.0, output=15.0)
    asked = replace(ask("Classify {question} now."), price=price, most_usd=1.0)
    assert check(asked.prompt, asked) is None
    longer = replace(asked.prompt, user=asked.prompt.user + " a" * 1000)
    said = check(longer, asked)
    assert said == "1,000 calls would cost about 2.10 USD; the cap is 1.00 USD. Shorten the prompt, or raise the cap."
    assert check(longer, replace(asked, most_usd=None)) is None


def test_without_a_known_answer_the_longest_one_is_expected() -> None:
    price = Price(ref=CLAUDE, model="m", input=3.0, output=15.0)
    asked = replace(ask("Classify {question} now."), price=price, most_usd=1.0, dev=())
    longest = asked.prompt.parameters.max_tokens
    assert f"about {15.0 * longest / 1000:,.2f}"[:8] in (check(asked.prompt, asked) or "")
    short = replace(asked.prompt, parameters=replace(asked.prompt.parameters, max_tokens=8))
    assert check(short, replace(asked, prompt=short)) is None


def test_every_refusal_can_be_listed_gravest_first() -> None:
    asked = ask("Classify {question} now.")
    said = refusals(replace(asked.prompt, user="<freeze>{{{{ " + "a" * 7000), asked)
    assert [text.split()[1] for text in said[:2]] == ["lost", "<freeze>"]
    assert any("the cap is" in text for text in said)


def test_the_gravest_refusal_is_the_one_told() -> None:
    assert (refusal("<freeze>{{{{ " + "a" * 7000) or "").startswith("It lost {question}")


@pytest.mark.parametrize(
    ("text", "demands"),
    [
        ("Answer with JSON.", True),
        ("Answer with nothing but JSON.", True),
        ("Do not write anything outside the JSON.", True),
        ("Answer in plain words, never with JSON.", False),
        ("Do not use JSON.", False),
        ("Never use JSON. Well, answer in JSON.", True),
    ],
)
def test_a_text_that_forbids_json_does_not_demand_it(text: str, demands: bool) -> None:
    assert demands_json(PromptVersion(user=f"{text} {{x}}")) is demands
