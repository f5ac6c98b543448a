"""Each finding appears where it should, stays away where it should not, and never quotes a sample."""

import pytest

from pipeline.dataset import quality
from pipeline.dataset.split import split
from pipeline.decide.size import size
from pipeline.records import Finding, RecordedOutput, Sample

QUESTIONS = (
    "Where is my card",
    "How do I close an account",
    "Which currencies exist",
    "Is the office open on Sundays",
    "Why was I charged twice",
)


def sample(
    key: str,
    question: str,
    reference: str | None = "An answer that is long enough to be no class, whatever is asked.",
    answer: str | None = None,
) -> Sample:
    recorded = RecordedOutput(text=answer) if answer is not None else None
    return Sample(id=key, variables={"question": question}, reference=reference, recorded=recorded)


GOOD = tuple(sample(f"g{i}", question) for i, question in enumerate(QUESTIONS))


def found(*samples: Sample) -> dict[str, Finding]:
    return {finding.code: finding for finding in quality.findings(samples, split(samples))}


def test_good_samples_only_hear_that_they_are_few() -> None:
    assert set(found(*GOOD)) == {"few_samples"}


@pytest.mark.parametrize(
    ("code", "samples", "ids"),
    [
        ("empty_input", (sample("a", " "),), ("a",)),
        ("missing_reference", (sample("a", "What is new?", None),), ("a",)),
        ("missing_output", (sample("a", "What is new?", answer="x"),), ("g0", "g1", "g2", "g3", "g4")),
        ("duplicate", (sample("a", QUESTIONS[0]),), ("g0",)),
        ("conflicting_references", (sample("a", QUESTIONS[0], "Another"),), ("a", "g0")),
        ("near_duplicate", (sample("a", QUESTIONS[1] + "?"),), ("a", "g1")),
        ("formula_like", (sample("a", "=HYPERLINK(A1)"),), ("a",)),
        ("formula_like", (sample("a", "@SUM(A1:A2)"), sample("b", "-2+3+cmd|' /C calc'!A0")), ("a", "b")),
        ("personal_data", (sample("a", "Write to jo.doe@example.org today"),), ("a",)),
        ("personal_data", (sample("a", "Call +49 171 555 0199 now"),), ("a",)),
        ("personal_data", (sample("a", "Card 4111 1111 1111 1111 was refused"),), ("a",)),
        ("language_mix", (sample("a", "Где моя карта"),), ("a",)),
    ],
)
def test_what_is_noticed(code: str, samples: tuple[Sample, ...], ids: tuple[str, ...]) -> None:
    finding = found(*samples, *GOOD)[code]
    assert set(finding.sample_ids) == set(ids)
    telling = [
        word for s in samples for word in s.variables["question"].split() if "@" in word or (len(word) > 3 and word.isdigit())
    ]
    assert not any(word in finding.message for word in telling)
    assert not any(text in finding.message for s in samples for text in s.variables.values() if text.strip())


@pytest.mark.parametrize("text", ["- a list item", "-5", "+49 is the prefix", "@channel hello", "a = b", "= is a sign"])
def test_harmless_beginnings_are_no_formulas(text: str) -> None:
    assert "formula_like" not in found(sample("a", text), *GOOD)


@pytest.mark.parametrize("text", ["Order 4111 1111 1111 1112", "In 2024 we sold 120 units", "version 10.2.3", "a @ b"])
def test_other_figures_are_not_personal(text: str) -> None:
    assert "personal_data" not in found(sample("a", text), *GOOD)


def test_a_cut_answer_is_noticed_among_complete_ones() -> None:
    whole = [sample(f"w{i}", question, answer="A sentence. " * 30) for i, question in enumerate(QUESTIONS)]
    cut = sample("cut", "What happens next year", answer="A sentence. " * 30 + "and then the")
    assert found(cut, *whole)["truncated_output"].sample_ids == ("cut",)
    assert "truncated_output" not in found(*(sample(s.id, s.variables["question"], answer="no stop " * 40) for s in whole))


def test_rare_references_are_noticed() -> None:
    order = "abcdefghijklmnopqrst"
    many = [sample(f"m{i}", f"{letter * 9} question {letter * 12}", "yes") for i, letter in enumerate(order)]
    finding = found(sample("a", "Something else altogether", "no"), *many)["imbalance"]
    assert finding.sample_ids == ("a",)
    assert finding.message.startswith("1 of 2 different references are rare (1 sample)")


def test_no_reference_at_all_is_said_once() -> None:
    codes = found(*(sample(s.id, s.variables["question"], None) for s in GOOD))
    assert "no_references" in codes
    assert "missing_reference" not in codes


def test_the_samples_a_margin_needs_are_those_the_plan_names() -> None:
    (finding,) = quality.few_samples(55)
    assert "55 test samples can show a difference of about 13 points" in finding.message
    assert f"needs about {size(GOOD[:3], 0.05).needed} test samples" in finding.message
    assert quality.few_samples(384) != []
    assert quality.few_samples(385) == []


def test_ids_of_a_finding_are_few() -> None:
    empty = [sample(f"e{i:03}", "") for i in range(50)]
    finding = found(*empty, *GOOD)["empty_input"]
    assert len(finding.sample_ids) == quality.MAX_IDS
    assert finding.message.startswith("No input at all in 50 samples:")
