"""docs/evidence.md names tests: each of them exists."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
PAGE = HERE.parents[1] / "docs" / "evidence.md"
NAMED = sorted(set(re.findall(r"`([\w./]+\.py)::(\w+)`", PAGE.read_text())))
# Rooms of the house that are built beside this page: their files are checked from the day they are here.
BESIDE = frozenset({"metrics/judged/test_deepeval.py", "metrics/judged/test_ragas.py"})


def test_the_page_names_a_test_for_every_fault() -> None:
    _, _, faults = PAGE.read_text().partition("The faults, by number:")
    numbers = [int(n) for n in re.findall(r"^\| (\d+) ", faults, re.MULTILINE)]
    assert numbers == list(range(1, 37))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_named_test_exists(path: str, name: str) -> None:
    found = HERE / path
    if path in BESIDE and not found.exists():
        pytest.skip(f"{path} is not here yet")
    assert re.search(rf"^(?:async )?def {name}\(", found.read_text(), re.MULTILINE), f"{path} has no {name}"
