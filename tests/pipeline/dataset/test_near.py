"""Near duplicates: found, not over-found, and fast enough for a hundred thousand samples."""

import random
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset import near

WORDS = [f"{a}{b}{c}" for a in "bcdfglmnprst" for b in "aeiou" for c in ("n", "r", "sta", "lk", "mer", "ton")]


def sentences(count: int, seed: int = 1) -> list[str]:
    order = random.Random(seed)
    return [" ".join(order.choices(WORDS, k=order.randint(6, 14))) for _ in range(count)]


def edited(text: str, order: random.Random) -> str:
    place = order.randrange(len(text))
    return text[:place] + "x" + text[place + 1 :]


def test_texts_with_an_edit_or_two_are_found() -> None:
    order = random.Random(2)
    texts = sentences(500)
    changed = [edited(edited(text, order), order) for text in texts]
    groups = near.groups([*texts, *changed])
    together = {group for group in groups if len(group) == 2 and group[1] == group[0] + 500}
    assert len(together) >= 490


def test_different_texts_are_left_alone() -> None:
    assert near.groups(sentences(2000)) == ()


def test_case_and_space_do_not_count() -> None:
    from pipeline.records import Sample

    texts = ["Where is my  card?", "where is my card?\n", "I lost my phone"]
    assert near.alike([Sample(id=str(i), variables={"question": t}) for i, t in enumerate(texts)]) == ((0, 1),)


def test_only_the_question_is_compared_where_there_is_one() -> None:
    from pipeline.records import Sample

    shared = "a long document that all samples share " * 20
    samples = [
        Sample(id=q, variables={"question": q, "context": shared}) for q in ("What is the fee?", "Who signs the contract?")
    ]
    assert near.alike(samples) == ()


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["", "a", "ab", "abcdef", "abcdefghijk", "abcdefghijX", "🎉🎉🎉🎉🎉", "zzz zzz zzz"]), max_size=12),
    st.randoms(),
)
def test_groups_do_not_depend_on_the_order(texts: list[str], order: random.Random) -> None:
    places = list(range(len(texts)))
    order.shuffle(places)
    mixed = near.groups([texts[place] for place in places])
    found = sorted(sorted(places[i] for i in group) for group in mixed)
    assert found == [list(group) for group in near.groups(texts)]


def test_twenty_thousand_texts_of_one_template_take_seconds() -> None:
    texts = [f"Please tell me the balance of my account number {n} today" for n in range(10_000)] + sentences(10_000)
    begun = time.perf_counter()
    groups = near.groups(texts)
    assert time.perf_counter() - begun < 15
    assert max(len(group) for group in groups) > 9_000
