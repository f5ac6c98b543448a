"""The split: decided by content, relatives together, references on both sides."""

import random
from collections import Counter, defaultdict
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset import near
from pipeline.dataset.split import split
from pipeline.records import Sample, Split

TEXTS = st.text(alphabet="abcdefgh ", min_size=0, max_size=30)
SAMPLES = st.lists(
    st.tuples(
        TEXTS,
        st.sampled_from([None, "yes", "no", "maybe", "a longer free text answer"]),
        st.sampled_from([None, None, "c1", "c2"]),
    ),
    min_size=1,
    max_size=40,
).map(
    lambda found: [
        Sample(id=f"s{i}", variables={"question": text}, reference=reference, cluster=cluster)
        for i, (text, reference, cluster) in enumerate(found)
    ]
)


@settings(max_examples=50)
@given(SAMPLES, st.randoms(), st.integers(0, 5))
def test_relatives_stay_together_and_the_order_of_the_file_changes_nothing(
    samples: list[Sample], order: random.Random, seed: int
) -> None:
    sides = split(samples, seed=seed)
    assert set(sides) == {sample.id for sample in samples}
    for group in near.alike(samples):
        assert len({sides[samples[place].id] for place in group}) == 1
    for cluster in ("c1", "c2"):
        assert len({sides[sample.id] for sample in samples if sample.cluster == cluster}) <= 1
    mixed = list(samples)
    order.shuffle(mixed)
    assert split(mixed, seed=seed) == sides


def classified(counts: dict[str, int]) -> list[Sample]:
    order = random.Random(3)
    found = [(name, i) for name, count in counts.items() for i in range(count)]
    return [
        Sample(
            id=f"{name}-{i}", variables={"question": "".join(order.choices("abcdefghijklmnopqrstuvwxyz ", k=40))}, reference=name
        )
        for name, i in found
    ]


def test_every_reference_with_two_groups_is_on_both_sides_and_the_share_holds() -> None:
    samples = classified({"a": 40, "b": 30, "c": 7, "d": 2, "e": 1})
    sides = split(samples)
    by_side: dict[Split, Counter[str | None]] = defaultdict(Counter)
    for sample in samples:
        by_side[sides[sample.id]][sample.reference] += 1
    for name in "abcd":
        assert by_side[Split.DEV][name]
        assert by_side[Split.TEST][name]
    assert abs(by_side[Split.DEV].total() - 0.4 * len(samples)) <= 1
    assert abs(by_side[Split.DEV]["a"] - 16) <= 1


def test_another_seed_gives_another_split_and_ids_do_not_matter() -> None:
    samples = classified({"a": 50})
    assert split(samples, seed=1) != split(samples, seed=0)
    renamed = [replace(sample, id=f"x{sample.id}") for sample in samples]
    assert list(split(renamed).values()) == list(split(samples).values())


def test_two_groups_fill_both_sides() -> None:
    free = [replace(sample, reference=None) for sample in classified({"a": 2})]
    assert set(split(free).values()) == {Split.DEV, Split.TEST}
    assert set(split(free[:1]).values()) == {Split.TEST}
