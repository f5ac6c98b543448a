"""ROUGE-L and chrF against published implementations, in scripts with and without blanks."""

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.metrics.code.overlap import chrf, rouge_l, tokens

# F-measures of rouge-score 0.1.2, rougeL, use_stemmer=False. The second and third are Lin 2004's own example (S2, S3 against S1).
ROUGE_SCORE = [
    ("the cat sat on the mat", "the cat was on the mat", 0.8333333333333334),
    ("police kill the gunman", "police killed the gunman", 0.75),
    ("the gunman kill police", "police killed the gunman", 0.5),
    ("Revenue grew 8% to $12.4 million in Q3.", "In Q3, revenue grew by 8% and reached $12.4 million.", 0.6),
    ("Hello", "World", 0.0),
]


def by_hand(answer: str, reference: str) -> float:
    """chrF2 from its definition: mean precision and recall over the orders both texts have, then F with beta 2."""
    shares = []
    for order in range(1, 7):
        given, wanted = (Counter(t[i : i + order] for i in range(len(t) - order + 1)) for t in map(squeezed, (answer, reference)))
        if given and wanted:
            shares.append(((given & wanted).total() / given.total(), (given & wanted).total() / wanted.total()))
    if not shares:
        return 0.0
    precision, recall = (sum(column) / len(shares) for column in zip(*shares, strict=True))
    return 5 * precision * recall / (4 * precision + recall) if precision + recall else 0.0


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(("answer", "reference", "value"), ROUGE_SCORE)
def test_rouge_l_agrees_with_rouge_score(answer: str, reference: str, value: float) -> None:
    assert rouge_l(answer, reference) == pytest.approx(value)


@given(answer=st.text("abcd é", max_size=20), reference=st.text("abcd é", max_size=20))
@example(answer="the cat sat on the mat", reference="the cat was on the mat")
@example(answer="", reference="World")
def test_chrf_follows_its_definition(answer: str, reference: str) -> None:
    assert chrf(answer, reference) == pytest.approx(by_hand(answer, reference), abs=1e-9)


def test_chrf_golden_value() -> None:
    assert chrf("the cat sat on the mat", "the cat was on the mat") == pytest.approx(0.620691, abs=1e-6)


def test_scripts_without_blanks_are_not_dropped() -> None:
    assert rouge_l("今天天气很好", "今天天气很好") == 1.0
    assert rouge_l("今天天气不好", "今天天气很好") == pytest.approx(5 / 6)
    assert tokens("Ärger über Öl") == ["ärger", "über", "öl"]


@given(a=st.lists(st.sampled_from("abcd"), max_size=12), b=st.lists(st.sampled_from("abcd"), max_size=12))
def test_rouge_l_is_the_longest_common_subsequence(a: list[str], b: list[str]) -> None:
    lengths = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            lengths[i + 1][j + 1] = lengths[i][j] + 1 if left == right else max(lengths[i][j + 1], lengths[i + 1][j])
    expected = 2 * lengths[-1][-1] / (len(a) + len(b)) if a and b else 0.0
    assert rouge_l(" ".join(a), " ".join(b)) == pytest.approx(expected)
