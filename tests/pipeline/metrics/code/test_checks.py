"""Checks: each rule on an answer that passes and on one that fails, and what cannot be a check."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.metrics import catalog
from pipeline.metrics.code.checks import RULES, check_metric, make_check
from pipeline.metrics.code.language import language
from pipeline.records import Check, Criteria, Failure, MetricChoice, Output, Sample

SAMPLE = Sample(id="s1", variables={"question": "?"})
CASES = [
    ("max_words", "3", "one two three", "one two three four"),
    ("min_words", "3", "one two three", "one two"),
    ("max_sentences", "2", "It rose, e.g. by 8.5 %. Then it fell.", "One. Two! Three?"),
    ("max_sentences", "1", "Dr. Smith et al. of Acme Inc. agreed", "- one\n- two"),
    ("min_sentences", "2", "第一。第二。", "Just one."),
    ("max_characters", "5", " 12345 ", "123456"),
    ("min_characters", "5", "12345", "1234"),
    ("says", "net income\nfiscal year", "Net  income of the FISCAL year", "net incomes of the fiscal year"),
    ("never_says", "very\nthink", "Every thinker", "I think so"),
    ("never_says", "C++", "I like C", "I like C++."),
    ("starts_with", "Answer:\nResult:", "result: 5", "The answer: 5"),
    ("never_starts_with", "According to the context", "Rose according to the context", "according to\nthe context, it rose"),
    ("never_starts_with", "As I've said", "Sales rose", "As I’ve said, sales rose"),
    ("ends_with", "Thank you.", "Done. Thank you.", "Thank you. Done."),
    ("matches", r"^\d{4}-\d{2}-\d{2}$", "On\n2026-11-25", "25.11.2026"),
    ("never_matches", r"\bfoo\d", "food", "foo1"),
    ("no_markdown", "", "Sales * margin = 5 * 3; see note 1.", "**Sales** rose"),
    ("no_markdown", "", "1. First\n2. Second", "- First\n- Second"),
    ("no_markdown", "", "A_b and c_d", "| a | b |\n|---|---|"),
    ("no_urls", "", "Version 1.2, e.g.this, Mr.Smith", "see www.example.org"),
    ("no_urls", "", "Amazon sells books", "see example.com/a"),
    ("no_xml_tags", "", "if a < b and c > d, I <3 it", "<answer>5</answer>"),
    ("no_first_person", "", "World War I ended; the US and Item I.1 did; A.I. helps", "I’ve seen it"),
    ("no_first_person", "", "Sales rose in USD", "Our sales rose"),
    ("neutral_pronouns", "", "They said the theme helps", "She said so"),
    ("bullets", "", "Two:\n • one\n • two", "Two: one, two"),
    ("json_only", "", '{"a": 1}', '```json\n{"a": 1}\n```'),
    ("one_of", "Yes\nNo", "yes.", "Yes, certainly"),
    ("language", "German", "Die Karte ist nicht da und wird von der Bank ersetzt", "The card is not there and the bank knows"),
    ("language", "ja", "カードはどこですか", "where is the card that the bank has sent to me"),
    ("has_number", "", "It rose 8 %", "It rose eight percent"),
    ("number_format", "1,234", "12,345 in 2023", "12345 in total"),
    ("number_format", "1234", "12345 in total", "12,345 in total"),
    ("number_format", "0.00", "8.50 and 7", "8.5"),
    ("number_format", "1,234.00", "1,234.50 and 12", "1,234.5"),
]  # fmt: skip


def value(check: Check, text: str) -> float | None:
    return check_metric(check).score(SAMPLE, Output(sample_id="s1", text=text)).value


@pytest.mark.parametrize(("rule", "given_value", "passes", "fails"), CASES)
def test_a_rule_tells_right_from_wrong_and_says_why(rule: str, given_value: str, passes: str, fails: str) -> None:
    check = make_check(rule, given_value)
    assert value(check, passes) == 1.0
    score = check_metric(check).score(SAMPLE, Output(sample_id="s1", text=fails))
    assert (score.value, bool(score.reason)) == (0.0, True)


def test_every_rule_is_tested() -> None:
    assert {case[0] for case in CASES} == set(RULES)


def test_an_empty_answer_fails_and_a_failed_call_has_no_score() -> None:
    metric = check_metric(make_check("max_words", "9"))
    assert metric.score(SAMPLE, Output(sample_id="s1", text=" ")).value == 0.0
    failed = metric.score(SAMPLE, Output(sample_id="s1", text=None, failure=Failure(kind="timeout", message="late")))
    assert (failed.value, str(failed.unscored).startswith("call failed")) == (None, True)


@pytest.mark.parametrize(
    ("rule", "given_value", "words"),
    [
        ("poetry", "", "There is no check called"),
        ("max_words", "many", "whole number"),
        ("max_words", "0", "whole number"),
        ("says", " \n ", "one a line"),
        ("never_says", "x" * 301, "at most 300 characters"),
        ("no_markdown", "yes", "leave it empty"),
        ("matches", "(a+)+", "Write a simpler one"),
        ("language", "klingon", "It knows"),
        ("number_format", "12", "picture"),
    ],
)
def test_what_cannot_be_a_check_is_refused_with_the_way_out(rule: str, given_value: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_check(rule, given_value)


def test_the_catalog_of_criteria_holds_their_checks() -> None:
    check = make_check("max_sentences", "3", "Keep it to three sentences.")
    criteria = Criteria(metrics=(MetricChoice(metric=check.metric),), checks=(check,))
    found = catalog(criteria)[check.metric]
    assert (found.name, found.binary, found.needs_reference) == ("check:at-most-3-sentences", True, False)
    assert check.metric not in catalog()


@given(st.sampled_from([case[:2] for case in CASES]), st.text(max_size=300))
def test_any_answer_is_judged_without_an_error(case: tuple[str, str], text: str) -> None:
    assert value(make_check(*case), text) in {0.0, 1.0}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", None),
        ("12 %", None),
        ("OK", None),
        ("Le client a demandé que la carte soit remplacée et il attend", "fr"),
        ("El cliente pidió que la tarjeta se cambie por una nueva", "es"),
        ("Il cliente ha chiesto che la carta non sia sostituita", "it"),
        ("De klant heeft gevraagd om de kaart te vervangen en wacht op een brief", "nl"),
        ("O cliente pediu que o cartão não seja trocado e espera uma resposta do banco", "pt"),
        ("这是一张银行卡", "zh"),
        ("Карта не пришла", "ru"),
    ],
)
def test_the_language_of_a_text_by_letters_and_small_words(text: str, code: str | None) -> None:
    assert language(text) == code
