"""The rule for each cause, on the answer that shows it and on the one that nearly does."""

from dataclasses import replace

import pytest

from pipeline.decide.errors import group_failures
from pipeline.records import Cause, Criteria, ErrorGroup, Failure, MetricChoice, Output, RunResult, Sample
from tests.pipeline.decide.errors.planted import MATCH, answered, run

JSON = Criteria(metrics=(MetricChoice(metric="json_fields", primary=True),))
LABELS = ("card_arrival", "card_arrival_late", "lost_card")
SAMPLES = tuple(
    Sample(id=f"s{n:02}", variables={"question": f"{'abcdefghijkl'[n] * 9} {n}"}, reference=LABELS[n % 3]) for n in range(12)
)
LONG = "The dog sat on the mat because it was tired of the rain and of the cold wind outside"


def only(output: Output, sample: Sample, criteria: Criteria = MATCH, others: tuple[RunResult, ...] = ()) -> ErrorGroup:
    """The one group of a run that fails one sample; one with a label stands among the others of SAMPLES."""
    samples = (sample, *SAMPLES[1:]) if sample.reference in LABELS else (sample,)
    outputs = (replace(output, sample_id=sample.id), *answered(samples, {})[1:])
    source = run("recorded:x", samples, answered(samples, {sample.id: "wrong"}), criteria, prompt="source")
    (group,) = group_failures(samples, source, run("local:arm", samples, outputs, criteria), criteria, others=others)
    return group


def says(text: str | None, **more: object) -> Output:
    return Output(sample_id="", text=text, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("output", "cause", "label"),
    [
        (says(None, failure=Failure(kind="timeout", message="m")), Cause.FAILED_CALL, "the call failed: timeout"),
        (says(None), Cause.FAILED_CALL, "no answer was stored"),
        (says(None, failure=Failure(kind="guardrail", message="m")), Cause.REFUSAL, "stopped by a filter"),
        (says("card arr", stop_reason="max_tokens"), Cause.TRUNCATION, "cut off (max_tokens)"),
        (says("I cannot help with that."), Cause.REFUSAL, "the model refuses"),
        (says(" "), Cause.FORMAT, "says nothing"),
        (says("The intent is card_arrival."), Cause.FORMAT, "the right answer with words around it"),
        (says("The intent is card_arrival_late."), Cause.MODEL, "single confusions of labels"),
        (says("card_arrival or lost_card"), Cause.PROMPT, "an answer outside the closed set: 'card_arrival or lost_card'"),
        (says("lost_card"), Cause.MODEL, "single confusions of labels"),
        (says("greeting"), Cause.PROMPT, "an answer outside the closed set: 'greeting'"),
    ],
)
def test_a_label_that_is_missed(output: Output, cause: Cause, label: str) -> None:
    group = only(output, SAMPLES[0])
    assert (group.cause, group.label) == (cause, label)
    assert group.next_step


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ('```json\n{"a": 1}\n```', "JSON inside a Markdown fence"),
        ('Here it is: {"a": 1}', "JSON with words around it"),
        ("a is 1", "no valid JSON"),
    ],
)
def test_json_that_cannot_be_read(text: str, label: str) -> None:
    sample = Sample(id="s00", variables={"question": "q"}, reference='{"a": 1}')
    group = only(says(text), sample, JSON)
    assert (group.cause, group.label) == (Cause.FORMAT, label)


def test_json_with_a_wrong_field_is_no_matter_of_form() -> None:
    group = only(says('{"a": 2}'), Sample(id="s00", variables={"question": "q"}, reference='{"a": 1}'), JSON)
    assert group.cause is Cause.MODEL


@pytest.mark.parametrize(
    ("context", "reference", "cause"),
    [
        ("The fee is 12.50 euros a month.", "It costs 12.50 euros.", Cause.MODEL),
        ("The fee is listed elsewhere.", "It costs 12.50 euros.", Cause.RETRIEVAL),
        ("Opening hours of the branch in Leeds.", "Passport and proof of residence must be uploaded.", Cause.RETRIEVAL),
        ("You upload a passport and a proof of residence.", "Passport and proof of residence must be uploaded.", Cause.MODEL),
        ("", "It costs 12.50 euros.", Cause.MODEL),
    ],
)
def test_evidence_is_looked_for_in_the_contexts(context: str, reference: str, cause: Cause) -> None:
    sample = Sample(id="s00", variables={"question": "What do I pay?", "context": context}, reference=reference)
    assert only(says("Something that is not in any of it at all, at length, " * 3), sample).cause is cause


def test_where_the_source_was_right_the_evidence_was_there() -> None:
    sample = Sample(id="s00", variables={"question": "What?", "context": "Nothing of it."}, reference="It costs 12.50 euros.")
    samples = (sample,)
    source = run("recorded:x", samples, answered(samples, {}), prompt="source")
    arm = run("local:arm", samples, (Output(sample_id="s00", text="a very long answer about anything " * 3),))
    assert [g.cause for g in group_failures(samples, source, arm, MATCH)] == [Cause.MODEL]


def test_a_foreign_language_is_the_prompt_s_unless_other_models_keep_to_theirs() -> None:
    german = "Der Hund saß auf der Matte, weil er nicht für den Regen und nicht für die Kälte gemacht ist"
    sample = Sample(id="s00", variables={"question": "Why?"}, reference=LONG)
    alone = only(says(german), sample)
    assert (alone.cause, alone.label) == (Cause.PROMPT, "in another language than the reference")
    samples = (sample,)
    right = run("local:other", samples, answered(samples, {"s00": LONG + " again"}))
    wrong = run("local:other", samples, answered(samples, {"s00": german}))
    assert only(says(german), sample, others=(right,)).cause is Cause.MODEL
    assert only(says(german), sample, others=(wrong,)).cause is Cause.PROMPT


def test_what_no_model_gets_right_is_the_prompt_s() -> None:
    sample = Sample(id="s00", variables={"question": "Why?"}, reference=LONG)
    samples = (sample,)
    others = tuple(run(f"local:{n}", samples, answered(samples, {"s00": f"{LONG} {n}"})) for n in range(2))
    assert only(says(f"{LONG} so"), sample, others=others).label == "every model fails"
    assert only(says(f"{LONG} so"), sample, others=others[:1]).cause is Cause.MODEL
