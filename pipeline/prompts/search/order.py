"""The order in which dev is spent: fixed, and without any relation to how a file was sorted."""

import hashlib
from collections.abc import Sequence

from pipeline.records import Sample


def shuffled(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The samples by the hash of their id: every rung is a fair draw, and the same one for every candidate and every start."""
    return tuple(sorted(samples, key=lambda s: (hashlib.sha256(s.id.encode()).hexdigest(), s.id)))
