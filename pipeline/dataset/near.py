"""Which samples are nearly the same: MinHash over 4-character shingles finds candidates, an edit ratio of 90 confirms them.

MinHash and banding: Broder 1997, "On the resemblance and containment of documents"; Leskovec,
Rajaraman, Ullman, "Mining of Massive Datasets",
chapter 3. 16 bands of 4 find 41 % of pairs at a Jaccard similarity of 0.4, 95 % at 0.64, 99.98 % at 0.8.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Sample

SHINGLE = 4
BANDS, ROWS = 16, 4
ALIKE = 90.0
MAX_LEADERS = 50
BATCH_CHARACTERS = 500_000
MAX_CHARACTERS = 20_000
SEED = 1
Hashes = NDArray[np.uint32]
Groups = tuple[tuple[int, ...], ...]


def compared_text(sample: Sample) -> str:
    """What of a sample is compared: its question, else all its variables; case and spaces do not count."""
    text = sample.variables.get("question") or " ".join(sample.variables[name] for name in sorted(sample.variables))
    return " ".join(text[:MAX_CHARACTERS].casefold().split())


def alike(samples: Sequence[Sample]) -> Groups:
    """Places in `samples` whose inputs are equal or nearly the same, two or more in each group.

    The same question about another image or PDF is another input, however short the rest of it is.
    """
    by_files: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, sample in enumerate(samples):
        by_files[contents(sample)].append(place)
    found = [
        tuple(places[at] for at in group)
        for places in by_files.values()
        for group in groups([compared_text(samples[place]) for place in places])
    ]
    return tuple(sorted(found))


def contents(sample: Sample) -> tuple[str, ...]:
    """What the sample's images and PDFs are known by, in a fixed order."""
    return tuple(sorted({each.sha256 or each.uri for each in sample.attachments}))


def groups(texts: Sequence[str]) -> Groups:
    """Places in `texts` that are equal or nearly the same, two or more in each group, whatever the order of `texts`."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        places[text].append(place)
    different = sorted(text for text in places if text)
    joined = Union(len(different))
    for one, other in near_pairs(different):
        joined.join(one, other)
    found = (tuple(sorted(p for i in members for p in places[different[i]])) for members in joined.groups())
    return tuple(sorted(group for group in found if len(group) > 1))


class Union:
    """Disjoint sets of 0..size-1."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, item: int) -> int:
        while self._parent[item] != item:
            self._parent[item] = item = self._parent[self._parent[item]]
        return item

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first

    def groups(self) -> Iterable[list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for item in range(len(self._parent)):
            found[self.root(item)].append(item)
        return found.values()


def near_pairs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of places whose texts are nearly the same; enough of them to join every group, not all."""
    from rapidfuzz.fuzz import ratio

    for bucket in _buckets(texts):
        leaders: list[int] = []
        for place in bucket:
            like = next((k for k in leaders if ratio(texts[k], texts[place], score_cutoff=ALIKE)), None)
            if like is not None:
                yield like, place
            elif len(leaders) < MAX_LEADERS:
                leaders.append(place)


def _buckets(texts: Sequence[str]) -> Iterator[list[int]]:
    """Places that share a band of the signature, each such set once."""
    if len(texts) < 2:
        return
    signatures = np.concatenate(list(_signatures(texts)))
    seen: set[tuple[int, ...]] = set()
    for band in range(BANDS):
        keys = _fold(signatures[:, band * ROWS : (band + 1) * ROWS])
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.diff(keys[order], prepend=keys[order[0]] ^ np.uint64(1)))
        ends = np.append(starts[1:], len(keys))
        shared = ends - starts > 1
        for start, end in zip(starts[shared].tolist(), ends[shared].tolist(), strict=True):
            bucket = tuple(order[start:end].tolist())
            if bucket not in seen:
                seen.add(bucket)
                yield list(bucket)


def _signatures(texts: Sequence[str]) -> Iterator[Hashes]:
    """MinHash signatures, (texts, BANDS * ROWS), in batches bounded by characters."""
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text.ljust(SHINGLE))
        size += len(batch[-1])
        if size >= BATCH_CHARACTERS:
            yield _batch_signatures(batch)
            batch, size = [], 0
    if batch:
        yield _batch_signatures(batch)


def _batch_signatures(texts: Sequence[str]) -> Hashes:
    lengths = np.array([len(text) for text in texts])
    ends = np.cumsum(lengths)
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    hashed = _shingles(codes)
    # A shingle that would reach into the next text repeats the last one of its own.
    own = np.minimum(np.arange(len(codes)), np.repeat(ends - SHINGLE, lengths))
    hashed = hashed[own]
    starts = ends - lengths
    columns = [np.minimum.reduceat(_mixed(hashed, salt), starts) for salt in _salts()]
    return np.stack(columns, axis=1)


def _shingles(codes: Hashes) -> Hashes:
    found = np.zeros(len(codes) - SHINGLE + 1, dtype=np.uint32)
    for offset in range(SHINGLE):
        found = found * np.uint32(1_000_003) + codes[offset : offset + len(found)]
    return _mixed(found, np.uint32(0x9E3779B9))


def _mixed(values: Hashes, salt: np.uint32) -> Hashes:
    """One member of a family of hashes: xor, multiply, fold the high bits down, multiply (after MurmurHash3's finaliser)."""
    mixed = (values ^ salt) * np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0xC2B2AE35)
    return mixed


def _fold(band: Hashes) -> NDArray[np.uint64]:
    """One 64-bit key for the few values of a band."""
    folded = np.zeros(len(band), dtype=np.uint64)
    for column in band.T:
        folded = (folded ^ column) * np.uint64(0x100000001B3)
        folded ^= folded >> np.uint64(29)
    return folded


def _salts() -> Hashes:
    return np.random.default_rng(SEED).integers(0, 2**32, size=BANDS * ROWS, dtype=np.uint32)
