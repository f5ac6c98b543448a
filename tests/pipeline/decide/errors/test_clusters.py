"""Alike texts end up together: measured on the demo's intents; any number of texts, the same on every look."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decide.errors.clusters import MOST_CLUSTERS, MOST_COMPARED, cluster, terms, typical_first
from pipeline.decide.errors.vectors import vectors
from tests.pipeline.decide.errors.planted import demo_samples


def purity(found: Sequence[Sequence[int]], kinds: Sequence[str]) -> float:
    return sum(max(Counter(kinds[place] for place in places).values()) for places in found) / len(kinds)


def test_the_demo_s_messages_are_told_apart_by_intent() -> None:
    samples = demo_samples()
    found = cluster([s.variables["question"] for s in samples])
    assert len(found) <= MOST_CLUSTERS
    assert purity(found, [s.reference or "" for s in samples]) >= 0.8


def test_texts_beyond_those_compared_join_their_like() -> None:
    """More than fit into a matrix of distances: 10,000 would need 800 MB."""
    kinds = ["refund of a payment", "exchange rate of the euro", "passport for the identity check"]
    texts = [f"{kinds[n % 3]} number {n}" for n in range(4 * MOST_COMPARED)]
    found = cluster(texts)
    assert sum(map(len, found)) == len(texts)
    assert purity(found, [kinds[n % 3] for n in range(len(texts))]) == 1.0
    assert found == cluster(texts)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=20))
def test_every_text_is_in_one_cluster(texts: list[str]) -> None:
    found = cluster(texts)
    assert sorted(place for places in found for place in places) == list(range(len(texts)))
    assert sorted(typical_first(texts)) == list(range(len(texts)))


def test_the_most_typical_text_comes_first() -> None:
    assert typical_first(["where is my card", "where is my card now", "card", "an apple pie"])[-1] == 3


def test_words_that_tell_a_cluster_apart_name_it() -> None:
    assert terms(["refund my fee", "refund the fee 12"], ["exchange my fee", "fee of exchange"]) == ("refund",)
    assert terms(["12", "13"], []) == ()


def test_rows_are_of_unit_length_and_the_same_in_every_process() -> None:
    rows = vectors(["card_arrival", "", "Where is my card?"])
    assert [round(float(rows[n].multiply(rows[n]).sum()), 9) for n in range(3)] == [1.0, 0.0, 1.0]
    assert sum(rows[0].indices.tolist()) == 58_469
