"""Which references are doubted, and which are not although a model is wrong."""

from pipeline.decide.errors import Suspect, suspects
from pipeline.records import RunResult, Sample
from tests.pipeline.decide.errors.planted import answered, run

QUESTIONS = (
    "Where is my card?",
    "My phone was stolen",
    "What is the exchange rate",
    "How old must I be",
    "Close the account now",
)
SAMPLES = tuple(
    Sample(id=f"s{n:02}", variables={"question": f"{QUESTIONS[n % 5]} {'xyzuvw'[n // 5] * (n + 7)}"}, reference=f"label_{n % 5}")
    for n in range(30)
)


def runs(
    *said: dict[str, str], names: tuple[str, ...] = ("recorded:gpt-4o", "bedrock:anthropic.claude", "local:c")
) -> list[RunResult]:
    return [run(name, SAMPLES, answered(SAMPLES, answers)) for name, answers in zip(names, said, strict=False)]


def test_three_models_that_agree_make_a_reference_doubtful() -> None:
    (doubt,) = suspects(SAMPLES, runs({"s04": "label_2"}, {"s04": "Label 2."}, {"s04": "label_2"}))
    assert (doubt.sample_id, doubt.suggestion) == ("s04", "label_2")
    assert doubt.why == "3 models give the same answer, and it is not the reference."


def test_models_that_disagree_or_refuse_or_are_one_model_do_not() -> None:
    refusal = "I cannot help with that."
    assert suspects(SAMPLES, runs({"s04": "label_2"}, {"s04": "label_3"}, {"s04": "label_2"})) == ()
    assert suspects(SAMPLES, runs({"s04": refusal}, {"s04": refusal}, {"s04": refusal})) == ()
    assert suspects(SAMPLES, runs(*[{"s04": "label_2"}] * 3, names=("local:a",) * 3)) == ()


def test_two_models_count_when_they_are_of_different_families_and_agree_rarely() -> None:
    rare = {"s04": "label_2"}
    often = {f"s{n:02}": "label_2" for n in (4, 9, 14)}
    assert [d.sample_id for d in suspects(SAMPLES, runs(rare, rare))] == ["s04"]
    assert suspects(SAMPLES, runs(often, often)) == ()
    assert suspects(SAMPLES, runs(rare, rare, names=("local:a", "local:b"))) == ()


def with_twins(first: str, second: str, *references: str) -> tuple[Sample, ...]:
    twins = tuple(
        Sample(id=f"t{n}", variables={"question": q}, reference=r)
        for n, (q, r) in enumerate(zip((first, second), references, strict=True))
    )
    return (*SAMPLES, *twins)


def doubts(samples: tuple[Sample, ...], answers: dict[str, str]) -> list[Suspect]:
    return list(suspects(samples, [run("local:a", samples, answered(samples, answers))]))


def test_a_near_duplicate_with_the_reference_that_the_model_gives_makes_one_doubtful() -> None:
    near = with_twins(
        "Please tell me how I activate my new card", "Please tell me how I activate my new card?", "activate", "pin"
    )
    (doubt,) = doubts(near, {"t1": "activate"})
    assert (doubt.sample_id, doubt.suggestion) == ("t1", "activate")
    assert "(t0)" in doubt.why


def test_near_duplicates_that_differ_by_right_are_left_alone() -> None:
    opposite = with_twins("Please tell me how I activate my new card", "Please tell me how I deactivate my new card", "on", "off")
    assert doubts(opposite, {}) == []


def test_equal_inputs_with_two_references_are_always_in_doubt() -> None:
    equal = with_twins("How do I top up?", "how do I top  up?", "top_up", "limits")
    assert {d.sample_id for d in doubts(equal, {"t0": "something", "t1": "else"})} == {"t0", "t1"}
    assert [d.sample_id for d in doubts(equal, {"t1": "top_up"})] == ["t1"]


def test_a_template_filled_in_a_thousand_times_is_no_conflict_and_takes_no_time() -> None:
    filled = tuple(
        Sample(
            id=f"f{n}", variables={"question": f"What does customer {n} pay for the refund service every year?"}, reference=f"{n}"
        )
        for n in range(1_000)
    )
    assert suspects(filled, [run("local:a", filled, answered(filled, {}))]) == ()
