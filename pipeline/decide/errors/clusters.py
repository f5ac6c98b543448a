"""Texts that belong together, by Ward's method on their reduced vectors; any number in bounded memory, the same on every look.

Ward 1963, "Hierarchical grouping to optimize an objective function", as scipy.cluster.hierarchy has it.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.decide.errors.vectors import content_words, vectors

MOST_COMPARED = 800
"""Texts that are compared with each other; the others join the nearest cluster. 800 are a matrix of 5 MB."""
MOST_CLUSTERS = 8
SMALLEST = 4
"""Fewer texts than this are one cluster."""
NAMED = 3
DIMENSIONS, TINY, DIGITS = 24, 1e-9, 6
TELLING = 0.2
"""How much more often a word stands in a cluster's texts than elsewhere to name it."""


def cluster(texts: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Places in `texts`, each in one cluster: the largest cluster first, in each the most typical text first."""
    if not texts:
        return ()
    rows = vectors(texts)
    labels = _labels(rows, _wanted(len(texts)))
    found = [_typical_first(rows, np.flatnonzero(labels == label)) for label in sorted(set(labels.tolist()))]
    return tuple(sorted(found, key=lambda places: (-len(places), places)))


def typical_first(texts: Sequence[str]) -> tuple[int, ...]:
    """All places in `texts`, the one nearest to the middle first."""
    return _typical_first(vectors(texts), np.arange(len(texts))) if texts else ()


def terms(texts: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Up to three words that many of `texts` say and few of `others`."""
    inside, outside = (Counter(w for text in group for w in set(content_words(text))) for group in (texts, others))

    def telling(word: str) -> float:
        return inside[word] / len(texts) - outside[word] / max(len(others), 1)

    usual = [w for w, count in inside.items() if 2 * count >= len(texts) and not w.isdigit() and telling(w) > TELLING]
    return tuple(sorted(usual, key=lambda word: (-telling(word), word))[:NAMED])


def _wanted(size: int) -> int:
    """A rule of thumb (Mardia, Kent & Bibby 1979, p. 365: the root of half the size), as many as a person reads."""
    return 1 if size < SMALLEST else min(MOST_CLUSTERS, max(1, round((size / 2) ** 0.5)))


def _labels(rows: sparse.csr_matrix, wanted: int) -> NDArray[np.intp]:
    """A cluster's number for each row: those compared by linkage, the others by the nearest of the clusters' middles."""
    size = rows.shape[0]
    if wanted == 1:
        return np.ones(size, dtype=np.intp)
    from scipy.cluster.hierarchy import fcluster, linkage

    compared = np.unique(np.linspace(0, size - 1, min(size, MOST_COMPARED)).astype(int))
    points = _reduced(rows, compared)
    own = fcluster(linkage(points[compared], "ward"), wanted, criterion="maxclust")
    middles = np.stack([points[compared[own == label]].mean(axis=0) for label in sorted(set(own.tolist()))])
    squares = (middles**2).sum(axis=1) - 2 * points @ middles.T
    labels: NDArray[np.intp] = squares.argmin(axis=1) + 1
    labels[compared] = own
    return labels


def _reduced(rows: sparse.csr_matrix, compared: NDArray[np.intp]) -> NDArray[np.float64]:
    """All rows in the few directions in which those compared differ most, each of unit length.

    Latent semantic analysis (Deerwester et al. 1990, "Indexing by Latent Semantic Analysis"), from eigenvectors of the products.
    """
    from scipy.linalg import eigh

    some = rows[compared]
    last = len(compared) - 1
    values, directions = eigh((some @ some.T).toarray(), subset_by_index=[max(0, last - DIMENSIONS + 1), last])
    kept = values > TINY
    basis = some.T @ (directions[:, kept] / np.sqrt(values[kept]))
    points = np.asarray(rows @ basis)
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    found: NDArray[np.float64] = np.round(points / np.maximum(lengths, TINY), DIGITS)
    return found


def _typical_first(rows: sparse.csr_matrix, places: NDArray[np.intp]) -> tuple[int, ...]:
    inside = rows[places]
    likeness = np.round(np.asarray(inside @ np.asarray(inside.mean(axis=0)).ravel()), 9)
    return tuple(int(places[at]) for at in np.lexsort((places, -likeness)))
