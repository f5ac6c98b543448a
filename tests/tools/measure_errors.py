"""Prints how well error analysis finds what was planted, and how clusters of messages agree with their intents.

    python -m tests.tools.measure_errors [path/to/banking77/test.csv]

Without a file it measures on the demo's messages. The figures of docs/evidence-errors.md come from here.
"""

import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from pipeline.decide.errors import group_failures
from pipeline.decide.errors.clusters import cluster
from pipeline.decide.errors.vectors import content_words, vectors
from pipeline.records import Sample
from tests.pipeline.decide.errors import planted
from tests.pipeline.decide.errors.test_clusters import purity

ROUNDS, LABELS = 5, 8


def planted_lines(samples: Sequence[Sample]) -> Iterator[str]:
    """Causes and groups against what was planted; the last line is about 10,000 failures."""
    yield f"{'planted in':<34}{'failures':>9}{'cause':>7}{'purity':>8}{'groups':>8}{'CPU s':>9}{'peak RSS MB':>13}"
    sizes = (("questions over documents", 400), ("questions over documents, large", 20_000))
    yield _line("classification", planted.classification(samples))
    for name, size in sizes:
        yield _line(name, planted.questions(size))


def _line(name: str, chosen: planted.Planted) -> str:
    started = time.process_time()
    groups = group_failures(chosen.samples, chosen.source, chosen.arm, chosen.criteria, others=chosen.others)
    took, found = time.process_time() - started, planted.figures(chosen, groups)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = f"{found.right_cause:>7.3f}{found.purity:>8.3f}{found.groups:>8}{took:>9.2f}{rss:>13.0f}"
    return f"{name:<34}{len(chosen.causes):>9,}{figures}"


def cluster_lines(samples: Sequence[Sample]) -> Iterator[str]:
    """Purity of clusters against intents, the mean over a few draws of eight intents each; the number of clusters is given."""
    draws = list(_draws(samples))
    for name, way in WAYS.items():
        found = [purity(way([s.variables["question"] for s in draw]), [s.reference or "" for s in draw]) for draw in draws]
        yield f"{name:<44}{np.mean(found):>7.2f}   (lowest {min(found):.2f})"


def _draws(samples: Sequence[Sample]) -> Iterator[list[Sample]]:
    labels = sorted({s.reference or "" for s in samples})
    for seed in range(ROUNDS if len(labels) > LABELS else 1):
        kept = set(np.random.default_rng(seed).permutation(labels)[:LABELS].tolist())
        yield [s for s in samples if s.reference in kept]


def _by(rows: NDArray[np.float64], method: str) -> list[list[int]]:
    own = fcluster(linkage(rows, method), LABELS, "maxclust")
    return [np.flatnonzero(own == label).tolist() for label in sorted(set(own.tolist()))]


def _words(texts: Sequence[str]) -> NDArray[np.float64]:
    """TF-IDF over whole words, to be compared with."""
    said = [content_words(text) for text in texts]
    column = {word: n for n, word in enumerate(sorted({word for words in said for word in words}))}
    counts = np.zeros((len(texts), len(column)))
    for row, words in enumerate(said):
        for word in words:
            counts[row, column[word]] += 1
    weighted = counts * (np.log((1 + len(texts)) / (1 + (counts > 0).sum(axis=0))) + 1)
    lengths: NDArray[np.float64] = np.linalg.norm(weighted, axis=1, keepdims=True)
    rows: NDArray[np.float64] = weighted / np.maximum(lengths, 1e-12)
    return rows


def _grams(texts: Sequence[str]) -> NDArray[np.float64]:
    dense: NDArray[np.float64] = vectors(texts).toarray()
    return dense


def _reduced(texts: Sequence[str]) -> NDArray[np.float64]:
    """The grams in 24 dimensions (latent semantic analysis)."""
    left, sizes, _ = np.linalg.svd(_grams(texts), full_matrices=False)
    rows: NDArray[np.float64] = left[:, :24] * sizes[:24]
    lengths: NDArray[np.float64] = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float64] = rows / np.maximum(lengths, 1e-12)
    return unit


WAYS: dict[str, Callable[[Sequence[str]], Sequence[Sequence[int]]]] = {
    "words, average linkage": lambda texts: _by(_words(texts), "average"),
    "words, Ward": lambda texts: _by(_words(texts), "ward"),
    "character grams, average linkage": lambda texts: _by(_grams(texts), "average"),
    "character grams in 24 dimensions, Ward": lambda texts: _by(_reduced(texts), "ward"),
    "character grams, Ward": lambda texts: _by(_grams(texts), "ward"),
    "as Ferry does it (number of clusters its own)": cluster,
}


if __name__ == "__main__":
    given = planted.file_samples(Path(sys.argv[1]), 77) if len(sys.argv) > 1 else planted.demo_samples()
    for line in chain(cluster_lines(given), planted_lines(given)):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
