"""One nursery for each test process, and a story told once its processes are ready."""

from collections.abc import Iterator

import pytest

from tests.journey.nursery import Nursery

pytest.register_assert_rewrite("tests.journey.checks")


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()
