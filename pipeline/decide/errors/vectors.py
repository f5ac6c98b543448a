"""Texts as rows of numbers: TF-IDF over hashed character 3- to 5-grams inside words, without a model and the same everywhere.

Weights: Salton & Buckley 1988 (sublinear term frequency, smoothed inverse document frequency); hashing: Weinberger et al. 2009,
arXiv:0902.2206. The choice against words, stems and a reduced space is measured in docs/evidence-errors.md.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from scipy import sparse

WIDTH = 4096
SHORTEST, LONGEST = 3, 5
MOST_CHARACTERS = 2_000
WORD = re.compile(r"\w+")
_COMMON = (
    "the a an i my is to of and in on it for what how do can me you was why am with have has that this be from at not did does "
    "are there your if when we our or so as by they them will would should could which who whom its"
)
COMMON = frozenset(_COMMON.split())


def vectors(texts: Sequence[str]) -> sparse.csr_matrix:
    """One row of unit length for each text (zeros where nothing is said), `WIDTH` columns."""
    rows, columns, counts = [], [], []
    for row, text in enumerate(texts):
        for column, count in sorted(_features(text).items()):
            rows.append(row)
            columns.append(column)
            counts.append(1 + np.log(count))
    matrix = sparse.csr_matrix((counts, (rows, columns)), shape=(len(texts), WIDTH))
    seen = np.bincount(matrix.indices, minlength=WIDTH)
    weighted = matrix @ sparse.diags(np.log((1 + len(texts)) / (1 + seen)) + 1)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(lengths, 1e-12)) @ weighted)


def content_words(text: str, *, whole: bool = False) -> list[str]:
    """The words that say something, in small letters; names of labels are taken apart. The start of a long text, or all of it."""
    said = WORD.findall((text if whole else text[:MOST_CHARACTERS]).casefold().replace("_", " "))
    return [word for word in said if word not in COMMON]


def _features(text: str) -> Counter[int]:
    return Counter(column for word in content_words(text) for column in _grams(word))


@lru_cache(maxsize=50_000)
def _grams(word: str) -> tuple[int, ...]:
    """Columns of a word's grams; a hash that is the same in every process and on every machine."""
    return tuple(zlib.crc32(gram.encode()) % WIDTH for gram in _cut(f" {word} "))


def _cut(word: str) -> Iterable[str]:
    for size in range(SHORTEST, LONGEST + 1):
        yield from (word[at : at + size] for at in range(max(1, len(word) - size + 1)))
