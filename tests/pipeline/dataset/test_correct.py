"""Corrected references: another hash, everything else as it was."""

import pytest

from pipeline.dataset.correct import CODE, corrected
from pipeline.errors import InputError
from tests.db.facts import dataset


def test_a_correction_changes_one_reference_and_the_hash() -> None:
    before = dataset(4)
    after = corrected(before, {"s1": "Other."}, ["U4", "U3"])
    assert [s.reference for s in after.samples] == ["So 0.", "Other.", "So 2.", "So 3."]
    assert [s.input_hash for s in after.samples] == [s.input_hash for s in before.samples]
    assert (after.splits, after.hash != before.hash) == (before.splits, True)
    (told,) = after.findings
    assert (told.code, told.message, told.sample_ids) == (CODE, "1 reference was corrected by U3, U4.", ("s1",))


def test_findings_of_before_stay() -> None:
    twice = corrected(corrected(dataset(4), {"s1": "Other."}, ["U3"]), {"s2": "A", "s3": "B"}, ["U4"])
    assert [f.message for f in twice.findings] == ["1 reference was corrected by U3.", "2 references were corrected by U4."]


def test_a_sample_of_another_dataset_is_refused() -> None:
    with pytest.raises(InputError, match="not in this dataset"):
        corrected(dataset(2), {"x": "Other."}, ["U3"])
