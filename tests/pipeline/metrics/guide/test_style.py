"""A pasted style guide or rubric: what becomes a check, what a question for the judge, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.metrics.code.checks import check_metric, make_check
from pipeline.metrics.guide.mapping import checks_of
from pipeline.metrics.guide.own import Own, distinct, with_own, without
from pipeline.metrics.guide.style import LONGEST_TEXT, MOST_QUESTIONS, Pasted, kind_of, read_pasted, read_scale
from pipeline.records import Criteria, MetricChoice, Output, RubricKind, Sample
from tests.pipeline.metrics.guide.bench import JUDGE

# The rules of a financial question-and-answer desk, in our words: correctness, time, tone, format, length.
FINANCE = """
**Correctness**
- Figures must match those of the ground truth.
- The answer covers every claim the ground truth makes.
- Leave irrelevant sentences out.
**Time**
- The fiscal year and the quarters of the question have to be understood correctly.
- Name quarters from the newest to the oldest.
- If a question is about year over year, speak of the whole year or the last quarter, not of each quarter.
- If one news document is the source, give its date of publication.
**Theme and tone**
- Write as a newspaper would, professionally.
**Format and excerpts**
- If the user wants a list, use bullet points.
- If the user wants excerpts, summarise first and then list unedited excerpts as bullets.
- Never open with a reference to the context ("as stated in the context").
**Length**
- Between 30 and 150 words for most answers. Longer ones are acceptable for several entities or sub-categories.
"""
ANSWER = "Revenue rose 8 % in fiscal 2023 because the cloud business grew. " * 4


def rules(own: Own) -> dict[str, str]:
    return {check.rule: check.value for check in own.checks}


def passes(own: Own, rule: str, text: str) -> bool:
    (check,) = [each for each in own.checks if each.rule == rule]
    return check_metric(check).score(Sample(id="s", variables={}), Output(sample_id="s", text=text)).value == 1.0


def test_the_financial_style_guide_becomes_checks_where_code_can_tell_and_questions_elsewhere() -> None:
    own = read_pasted(FINANCE)
    assert kind_of(FINANCE) is Pasted.STYLE_GUIDE
    assert set(rules(own)) == {"min_words", "max_words", "never_starts_with"}
    assert (rules(own)["min_words"], rules(own)["max_words"]) == ("30", "150")
    assert own.metrics == ("number_match",)
    (rubric,) = own.rubrics
    assert (rubric.kind, rubric.metric, len(rubric.questions)) == (RubricKind.YES_NO, "rubric:style-guide", 9)
    assert any("Time: If one news document is the source" in question for question in rubric.questions)
    assert own.left_out == ("Longer ones are acceptable for several entities or sub-categories.",)
    assert passes(own, "never_starts_with", ANSWER)
    assert not passes(own, "never_starts_with", f"According to the context, {ANSWER}")
    assert not passes(own, "never_starts_with", f"As stated in the context, {ANSWER}")
    assert not passes(own, "min_words", "Revenue rose.")


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Keep explanations to 1-2 sentences.", {"min_sentences": "1", "max_sentences": "2"}),
        ("Use no more than fifty-ish words", {}),
        ("Answers have no more than 3 sentences.", {"max_sentences": "3"}),
        ("Use fewer than 100 words.", {"max_words": "99"}),
        ("Write at least two sentences and at most 500 characters.", {"min_sentences": "2", "max_characters": "500"}),
        ("No fewer than 20 words.", {"min_words": "20"}),
        ("Answer in one sentence.", {"min_sentences": "1", "max_sentences": "1"}),
        ("Do not use Markdown.", {"no_markdown": ""}),
        ("Never include links or HTML tags.", {"no_urls": "", "no_xml_tags": ""}),
        ("Don't write in the first person.", {"no_first_person": ""}),
        ("Use gender neutral pronouns.", {"neutral_pronouns": ""}),
        ("Avoid gendered pronouns.", {"neutral_pronouns": ""}),
        ("Return only valid JSON.", {"json_only": ""}),
        ("Present findings as bullet points.", {"bullets": ""}),
        ("Don't use bullet points.", {}),
        ("Start with “Dear customer,”", {"starts_with": "Dear customer"}),
        ("Never start with 'Sure' or 'Certainly'.", {"never_starts_with": "Sure\nCertainly"}),
        ('End every answer with "Is there anything else?"', {"ends_with": "Is there anything else?"}),
        ('Avoid the words "very" and "really".', {"never_says": "very\nreally"}),
        ('Always mention "terms apply".', {"says": "terms apply"}),
        ("Answer only yes or no.", {"one_of": "Yes\nNo"}),
        ("Answer with one of: low, medium, or high.", {"one_of": "low\nmedium\nhigh"}),
        ("Write in German.", {"language": "German"}),
        ("Give amounts with two decimal places.", {"number_format": "0.00"}),
        ("If the user asks for a list, use at most 5 sentences.", {}),
        ("Be polite.", {}),
    ],
)  # fmt: skip
def test_a_sentence_becomes_the_checks_that_test_it_and_nothing_else(sentence: str, found: dict[str, str]) -> None:
    assert {check.rule: check.value for check in checks_of(sentence)} == found
    assert all(check.text == sentence for check in checks_of(sentence))


SCALE = "Act as an impartial judge. Compare with the reference, explain, then give a score on a scale of 1 to 10."
QUESTIONS = "Is the tone polite?\n- Does it answer the question?\n3) Are all figures right"


def test_a_rubric_from_one_to_ten_is_known_by_its_scale() -> None:
    own = read_pasted(SCALE, "Overall quality")
    (rubric,) = own.rubrics
    assert (rubric.kind, rubric.metric, rubric.questions, rubric.text) == (RubricKind.SCALE, "rubric:overall-quality", (), SCALE)
    assert kind_of("Rate helpfulness 1-10.") is Pasted.SCALE
    assert kind_of("Score the answer out of ten.") is Pasted.SCALE


def test_questions_become_a_yes_no_rubric() -> None:
    (rubric,) = read_pasted(QUESTIONS).rubrics
    assert rubric.kind is RubricKind.YES_NO
    assert rubric.questions == ("Is the tone polite?", "Does it answer the question?", "Are all figures right")


def test_many_questions_are_asked_in_parts() -> None:
    own = read_pasted("\n".join(f"Is rule {n} kept?" for n in range(MOST_QUESTIONS + 1)))
    assert [len(rubric.questions) for rubric in own.rubrics] == [MOST_QUESTIONS, 1]
    assert len({rubric.metric for rubric in own.rubrics}) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "Paste the rubric"), ("- *\n?", "Paste the rubric"), ("ab cd " * 2_000, f"{LONGEST_TEXT:,}")],
)
def test_what_is_no_criterion_is_refused_with_the_way_out(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_pasted(text)


def test_another_scale_is_refused() -> None:
    with pytest.raises(InputError, match="from 1 to 10"):
        read_scale("Rate the answer on a scale of 1 to 5.", "Quality")
    with pytest.raises(InputError, match="no rule"):
        read_pasted("Longer answers are acceptable.", kind=Pasted.STYLE_GUIDE)


def test_own_criteria_are_reported_once_they_can_be_scored_and_can_be_removed() -> None:
    plan = Criteria(metrics=(MetricChoice(metric="refusal", primary=True),))
    own = read_pasted(FINANCE)
    waiting = with_own(plan, own.rubrics, own.checks)
    assert {c.metric for c in waiting.metrics} == {"refusal", *(check.metric for check in own.checks)}
    assert waiting.rubrics == own.rubrics
    judged = with_own(Criteria(metrics=plan.metrics, judge=JUDGE), own.rubrics, own.checks)
    assert "rubric:style-guide" in {c.metric for c in judged.metrics}
    assert [c.metric for c in judged.primary] == ["refusal"]
    assert with_own(judged, own.rubrics, own.checks) == judged
    assert without(judged, [own.rubrics[0].metric, *(check.metric for check in own.checks)]).metrics == plan.metrics
    assert without(judged, [own.rubrics[0].metric]).rubrics == ()


def test_different_criteria_never_share_a_name() -> None:
    long = "a very long phrase that somebody must never ever say to anybody"
    made = distinct([make_check("never_says", f"{long} {n}") for n in (1, 2, 2)])
    assert len(made) == 2
    assert len({check.metric for check in made}) == 2


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        own = read_pasted(text)
    except InputError:
        return
    assert own.rubrics or own.checks or own.metrics
