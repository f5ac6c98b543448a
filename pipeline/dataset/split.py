"""Dev and test: decided by content and seed alone, relatives on one side, references spread over both as far as that allows."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from pipeline.dataset import near
from pipeline.hashing import canonical_json
from pipeline.records import Sample, Split

DEV_SHARE = 0.4
SHORT_REFERENCE = 60
Group = tuple[Sample, ...]


def split(
    samples: Sequence[Sample], *, alike: near.Groups | None = None, seed: int = 0, dev_share: float = DEV_SHARE
) -> Mapping[str, Split]:
    """The side of each sample by id, the same for every order of `samples`.

    Near duplicates (`alike`, found here unless given) and samples of one cluster stay together;
    a short reference with two or more such groups is on both sides.
    """
    ordered = sorted(related(samples, near.alike(samples) if alike is None else alike), key=lambda group: _key(group, seed))
    dev: list[Group] = []
    test: list[Group] = []
    seen = placed = 0.0
    for stratum in _strata(ordered):
        for place, group in enumerate(stratum):
            seen += len(group) * dev_share
            if _goes_to_dev(place, len(stratum), seen - placed, len(group)):
                dev.append(group)
                placed += len(group)
            else:
                test.append(group)
    _fill_empty_side(dev, test)
    in_dev = {sample.id for group in dev for sample in group}
    return {sample.id: Split.DEV if sample.id in in_dev else Split.TEST for sample in samples}


def related(samples: Sequence[Sample], alike: near.Groups) -> list[Group]:
    """Samples in groups that must not be parted, each sorted by id."""
    joined = near.Union(len(samples))
    for group in alike:
        for place in group[1:]:
            joined.join(group[0], place)
    first: dict[str, int] = {}
    for place, sample in enumerate(samples):
        if sample.cluster is not None:
            joined.join(first.setdefault(sample.cluster, place), place)
    return [tuple(sorted((samples[i] for i in members), key=lambda s: s.id)) for members in joined.groups()]


def short_reference(sample: Sample) -> str:
    """The reference where it is short enough to be a class, else nothing."""
    reference = (sample.reference or "").strip()
    return reference if len(reference) <= SHORT_REFERENCE and "\n" not in reference else ""


def _key(group: Group, seed: int) -> tuple[str, str]:
    """The content decides; the id only between groups with the same content."""
    contents = (canonical_json([seed, sample.variables, sample.reference]) for sample in group)
    return min(hashlib.sha256(content.encode()).hexdigest() for content in contents), group[0].id


def _strata(groups: Sequence[Group]) -> list[list[Group]]:
    """Groups by their most frequent short reference; those that share theirs with no other group come last, together."""
    found: dict[str, list[Group]] = defaultdict(list)
    alone: list[Group] = []
    for group in groups:
        counts = Counter(short_reference(sample) for sample in group)
        found[min(counts, key=lambda reference: (-counts[reference], reference))].append(group)
    strata = [found[reference] for reference in sorted(found)]
    for stratum in strata:
        alone += stratum if len(stratum) == 1 else []
    return [*(stratum for stratum in strata if len(stratum) > 1), alone]


def _goes_to_dev(place: int, groups: int, owed: float, size: int) -> bool:
    """The first group of a stratum is dev's, the second test's, the others keep the share over everything so far."""
    if groups > 1 and place < 2:
        return place == 0
    return owed >= size / 2


def _fill_empty_side(dev: list[Group], test: list[Group]) -> None:
    for empty, full in ((dev, test), (test, dev)):
        if not empty and len(full) > 1:
            smallest = min(full, key=len)
            full.remove(smallest)
            empty.append(smallest)
