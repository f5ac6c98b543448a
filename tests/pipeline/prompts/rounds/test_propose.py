"""Which techniques a round proposes for which failures, in which order, and that every candidate is legal."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.guards import check, keeps_frozen, keeps_variables
from pipeline.prompts.port import Ask
from pipeline.prompts.rounds import WAYS, Proposal, Technique, candidate, nothing_fits, proposals, refusals
from pipeline.prompts.rounds.placing import with_words
from pipeline.prompts.template import Piece, pieces, variables, write
from pipeline.records import Cause, Failure, Output, Parameters, PromptVersion, Sample, Step, Syntax, UseCase
from tests.pipeline.prompts.asks import BASE, CLAUDE, GPT_OSS, NOVA
from tests.pipeline.prompts.rounds.situations import LABELS, PLAIN, Situation, messages, of_label, situation

LISTED = "Classify as card_lost, top_up, exchange_rate or refund.\n\nMessage: {question}\nIntent:"


def proposed(found: Situation, comments: Sequence[str] = (), ask: Ask | None = None) -> tuple[Proposal, ...]:
    return proposals(found.prompt, found.groups, comments, ask or found.ask, found.run.outputs)


def why_none(found: Situation) -> str:
    return nothing_fits(found.groups, refusals(found.prompt, found.groups, (), found.ask, found.run.outputs))


def of(technique: Technique, found: Sequence[Proposal]) -> list[Proposal]:
    return [each for each in found if each.technique is technique]


def made(proposal: Proposal, found: Situation, ask: Ask | None = None) -> PromptVersion:
    return asyncio.run(candidate(proposal, found.prompt, ask or found.ask))


def test_the_change_that_could_repair_the_most_comes_first_and_the_cheaper_one_of_two() -> None:
    samples = messages()
    wordy = {s.id: f"The intent is {s.reference}." for s in samples[:6]}
    refused = {s.id: "I'm sorry, but I cannot help with that." for s in samples[6:9]}
    found = proposed(situation(samples, wordy | refused, prompt=LISTED))
    assert [len(each.sample_ids) for each in found] == sorted((len(each.sample_ids) for each in found), reverse=True)
    assert found[0].technique is Technique.POST_PROCESSING  # costs nothing per call
    assert found[1].technique is Technique.INSTRUCTION
    assert found[1].words == "Answer with the text only: no explanation, no quotation marks."
    assert found[1].sentence.startswith("6 failures: the right answer with words around it.")
    assert found[1].usd_per_1000 == pytest.approx(0.021)  # 62 characters, 21 tokens at 1 USD a million
    assert any(each.group == "the model refuses" and len(each.sample_ids) == 3 for each in found)


def test_the_same_situation_gives_the_same_proposals() -> None:
    given_ = situation(messages(), {s.id: f"It is {s.reference}" for s in messages()[:5]})
    assert proposed(given_, ["be brief"]) == proposed(given_, ["be brief"])
    assert len({each.hash for each in proposed(given_)}) == len(proposed(given_))


def test_nothing_is_proposed_when_nothing_fails() -> None:
    found = situation(messages(), {}, prompt=LISTED)
    assert proposed(found) == ()
    assert why_none(found) == "Nothing fails on dev, so a round has nothing to repair."


def test_failures_no_prompt_repairs_get_their_own_next_step() -> None:
    samples = messages()
    throttled = Failure(kind="throttled", message="Try again later.")
    failed = {s.id: Output(sample_id=s.id, text=None, failure=throttled) for s in samples[:4]}
    found = situation(samples, failed, prompt=LISTED)
    assert proposed(found) == ()
    assert why_none(found).startswith("4 samples fail on dev, but no technique fits them.")


def test_where_the_guards_refuse_every_change_the_first_refusal_is_told() -> None:
    samples = messages()
    found = situation(samples, {s.id: "other" for s in samples[:3]}, prompt=LISTED)
    leaking = replace(found, prompt=replace(found.prompt, system=samples[5].variables["question"]))
    assert proposed(leaking) == ()
    assert "the guards refuse each of" in why_none(leaking)
    assert "It repeats text of 1 dev samples" in why_none(leaking)


def test_samples_of_another_split_are_never_used() -> None:
    samples = messages()
    found = situation(samples, {s.id: f"It is {s.reference}" for s in samples[:6]})
    elsewhere = replace(found.ask, dev=samples[12:])
    assert proposals(found.prompt, found.groups, (), elsewhere, found.run.outputs) == ()


def test_what_the_prompt_says_already_is_not_proposed_again() -> None:
    samples = messages()
    found = situation(samples, {s.id: f"It is {s.reference}" for s in samples[:6]}, prompt=LISTED)
    first = of(Technique.INSTRUCTION, proposed(found))[0]
    again = replace(found, prompt=made(first, found))
    assert first.words not in {each.words for each in proposed(again)}


def test_an_instruction_stands_before_the_answer_cue_and_in_the_system_text_where_there_is_one() -> None:
    assert with_words(PromptVersion(user=PLAIN), "Be brief.", NOVA).user == (
        "Classify the message.\n\nBe brief.\n\nMessage: {question}\nIntent:"
    )
    chat = PromptVersion(system="You classify.", user="Message: {question}")
    assert with_words(chat, "Be brief.", CLAUDE).system == "You classify.\n\nBe brief."
    assert with_words(chat, "Be brief.", BASE).user == "Be brief.\n\nMessage: {question}"
    assert with_words(PromptVersion(user="Say {x}"), "Be brief.", NOVA).user == "Say {x}\n\nBe brief."


@pytest.mark.parametrize("syntax", list(Syntax))
def test_braces_in_a_comment_stay_text(syntax: Syntax) -> None:
    prompt = PromptVersion(user=write((Piece("Say "), Piece("x", variable=True)), syntax), syntax=syntax)
    after = with_words(prompt, 'Answer like {"a": 1} for {x} and {{x}} and {$x}', NOVA)
    assert variables(after) == ("x",)
    assert "".join(p.text for p in pieces(after.user, syntax) if not p.variable).endswith('{"a": 1} for {x} and {{x}} and {$x}')


TEXTS = st.text(alphabet="ab {}$\\\n.:<>/freez", max_size=14)
PARTS = st.lists(
    st.one_of(
        TEXTS.map(lambda t: Piece(t.replace("<freeze>", "").replace("</freeze>", ""))),
        st.sampled_from(["<freeze>keep  this</freeze>", "<freeze>a\n\n b:</freeze>", "<freeze>{}\nb</freeze>\n"]).map(Piece),
        st.sampled_from(["x", "question"]).map(lambda name: Piece(name, variable=True)),
    ),
    min_size=1,
    max_size=6,
)
CHANGES = st.one_of(
    st.builds(
        Proposal,
        technique=st.sampled_from([Technique.INSTRUCTION, Technique.META_INFORMATION, Technique.SHORTER]),
        group=st.just("g"),
        sentence=st.just("why"),
        sample_ids=st.just(()),
        words=TEXTS,
        max_tokens=st.sampled_from([None, 20]),
    ),
    st.just(Proposal(technique=Technique.FEW_SHOT, group="g", sentence="why", sample_ids=(), shots=("s01", "s02"))),
    st.just(Proposal(technique=Technique.PRE_PROCESSING, group="", sentence="why", sample_ids=(), step=Step(name="markup"))),
    st.just(Proposal(technique=Technique.POST_PROCESSING, group="", sentence="why", sample_ids=(), step=Step(name="fence"))),
)


@given(PARTS, PARTS, st.sampled_from(list(Syntax)), CHANGES, st.sampled_from([NOVA, CLAUDE, BASE]))
def test_every_technique_keeps_variables_and_frozen_spans_and_changes_once(
    system: list[Piece], user: list[Piece], syntax: Syntax, change: Proposal, target: str
) -> None:
    question = Piece("question", variable=True)
    prompt = PromptVersion(system=write(system, syntax), user=write((*user, question), syntax), syntax=syntax)
    ask = Ask(prompt=prompt, target=target, use_case=UseCase.CLASSIFICATION, dev=messages())
    after = WAYS[change.technique].edit(change, prompt, ask)
    assert keeps_variables(after, ask) is None
    assert keeps_frozen(after, ask) is None
    assert WAYS[change.technique].edit(change, after, ask).hash == after.hash
    assert after is prompt or (after.parent == prompt.hash and after.method == change.technique.value and after.edits)


def test_confused_labels_get_examples_of_both_and_those_left_tell_whether_it_helped() -> None:
    samples = messages(32)
    confused = of_label(samples, "card_lost")
    found = situation(samples, {s.id: "top_up" for s in confused}, prompt=LISTED)
    shown = of(Technique.FEW_SHOT, proposed(found))[0]
    labels = {s.id: s.reference for s in samples}
    assert [labels[i] for i in shown.shots] == ["card_lost", "card_lost", "card_lost", "top_up"]
    assert set(shown.sample_ids) == {s.id for s in confused} - set(shown.shots)
    after = made(shown, found)
    assert after.shots == shown.shots
    assert check(after, found.ask) is None
    assert "Show 3 of them solved and one of the answer it is confused with; the other 5 tell" in shown.sentence


def test_examples_never_take_more_than_half_of_dev() -> None:
    samples = messages(4)
    found = situation(samples, {s.id: "top_up" for s in samples if s.reference != "top_up"}, use_case=UseCase.CHAT)
    for each in of(Technique.FEW_SHOT, proposed(found)):
        assert 2 * len(each.shots) <= len(samples)


def test_a_persons_own_check_that_answers_break_is_said_in_the_prompt() -> None:
    text = "At most three sentences"
    some = situation(messages(), {"s00": "x"}).groups[0]
    group = replace(
        some,
        cause=Cause.PROMPT,
        kind="check at most three sentences",
        label="does not keep",
    )
    found = replace(situation(messages(), {"s00": "x"}, constraints=(text,)), groups=(group,))
    assert text in {each.words for each in of(Technique.INSTRUCTION, proposed(found))}
    unnamed = replace(found, ask=replace(found.ask, constraints=("Say it briefly",)))
    assert "Keep to this rule: at most three sentences." in {each.words for each in proposed(unnamed)}


def test_cut_off_answers_get_the_room_the_known_answers_need() -> None:
    samples = tuple(
        Sample(id=f"s{n}", variables={"question": f"question {n}"}, reference=" ".join(["word"] * 900)) for n in range(8)
    )
    cut = {s.id: Output(sample_id=s.id, text="word word", stop_reason="max_tokens") for s in samples[:3]}
    found = situation(samples, cut, prompt="Answer: {question}", metric="rouge_l", use_case=UseCase.CHAT)
    raised = next(each for each in proposed(found) if each.max_tokens)
    assert raised.max_tokens == 1088  # 900 tokens as measured on the answers, a fifth more, and 8
    assert made(raised, found).parameters.max_tokens == 1088


def test_cut_off_answers_are_asked_to_be_shorter_where_the_known_ones_would_fit() -> None:
    samples = messages()
    cut = {s.id: Output(sample_id=s.id, text="The message is ab", stop_reason="max_tokens") for s in samples[:3]}
    wordy = tuple(replace(s, reference=f"{s.reference} it is") for s in samples)
    found = situation(wordy, cut, prompt="Answer: {question}", use_case=UseCase.CHAT)
    assert "Answer in at most 3 words." in {each.words for each in of(Technique.INSTRUCTION, proposed(found))}
    bare = replace(found.prompt, parameters=Parameters(temperature=None))
    reasoning = replace(found, prompt=bare, ask=replace(found.ask, target=GPT_OSS))
    raised = next(each for each in proposed(reasoning) if each.max_tokens)
    assert raised.sentence.endswith("from 512 to 1024 tokens: the model reasons before it answers.")


def test_comments_of_reviewers_are_put_in_as_they_are_or_written_by_a_model() -> None:
    found = situation(messages(), {}, prompt=LISTED)
    asked = proposed(found, ["Never guess.", "Never  guess.", "Use the newest message."])
    assert [each.words for each in asked] == ["Never guess.", "Use the newest message."]
    assert asked[0].sentence.startswith("2 reviewers say:")
    written = proposed(found, ["Never guess."], replace(found.ask, writer=ScriptedModel({})))
    assert [each.written for each in written] == [True]


def test_a_comment_that_repeats_a_samples_text_is_not_proposed() -> None:
    said = "my card was eaten by a machine abroad"
    samples = (*messages(), Sample(id="long", variables={"question": said}, reference="card_lost"))
    found = situation(samples, {}, prompt=LISTED)
    assert proposed(found, [f"It fails on: {said}"]) == ()


def test_labels_are_listed_and_what_people_say_they_mean() -> None:
    samples = messages()
    found = situation(samples, {s.id: "money" for s in of_label(samples, "refund")})
    asked = proposed(found, ["refund: the customer wants money back"])
    listed, meant = (each.words for each in of(Technique.META_INFORMATION, asked))
    assert all(f"- {label}" in listed for label in LABELS)
    assert meant == "What the answers mean:\n- refund: the customer wants money back"
    assert "refund: the customer wants money back" not in {each.words for each in of(Technique.INSTRUCTION, asked)}


def test_inputs_are_cleaned_where_failing_ones_carry_what_right_ones_do_not() -> None:
    clean = messages()
    samples = tuple(
        replace(s, variables={"question": f"<p>{s.variables['question']}</p>"}) if n < 5 else s for n, s in enumerate(clean)
    )
    found = situation(samples, {s.id: "other" for s in samples[:5]}, prompt=LISTED)
    cleaned = of(Technique.PRE_PROCESSING, proposed(found))
    assert [each.step for each in cleaned] == [Step(name="markup")]
    assert cleaned[0].sentence.startswith("5 of 5 failing inputs, but 0 of 19 right ones, would change")
    everywhere = tuple(replace(s, variables={"question": f"<p>{s.variables['question']}</p>"}) for s in clean)
    assert of(Technique.PRE_PROCESSING, proposed(situation(everywhere, {s.id: "other" for s in everywhere[:5]}))) == []


def test_a_step_on_the_answer_is_tried_on_stored_answers_and_says_what_it_would_break() -> None:
    samples = tuple(
        Sample(id=f"j{n}", variables={"question": f"text {n}"}, reference='{"city": "Bern", "n": 1}') for n in range(10)
    )
    fenced = {s.id: f"```json\n{s.reference}\n```" for s in samples[:6]}
    found = situation(samples, fenced, prompt="Extract as JSON: {question}", metric="json_valid", use_case=UseCase.EXTRACTION)
    steps = of(Technique.POST_PROCESSING, proposed(found))
    assert [each.step for each in steps] == [Step(name="fence")]
    assert steps[0].sentence.startswith("6 failing answers stored on dev have the right form when")
    assert "It changes no right answer." in steps[0].sentence


def test_long_answers_get_a_length_from_the_wanted_ones() -> None:
    wanted = "five words are enough here"
    samples = tuple(Sample(id=f"s{n}", variables={"question": f"question {n}"}, reference=wanted) for n in range(8))
    long = {s.id: f"{wanted} {' '.join(['indeed'] * 40)}" for s in samples}
    found = situation(samples, long, prompt="Answer: {question}", metric="length_ratio", use_case=UseCase.CHAT)
    shorter = of(Technique.SHORTER, proposed(found))[0]
    assert shorter.words == "Answer in at most 5 words."
    assert shorter.usd_per_1000 is not None
    assert shorter.usd_per_1000 < 0
    assert made(shorter, found).parameters.max_tokens < found.prompt.parameters.max_tokens
