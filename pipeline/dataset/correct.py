"""A dataset with references that people corrected: the same samples in the same split, and a finding that says so."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from pipeline.errors import InputError
from pipeline.records import Dataset, Finding

CODE = "references_corrected"


def corrected(dataset: Dataset, references: Mapping[str, str], by: Collection[str]) -> Dataset:
    """`dataset` with new `references` by sample id, `by` these people. Raises InputError for a sample it does not hold."""
    unknown = sorted(set(references) - {sample.id for sample in dataset.samples})
    if unknown:
        raise InputError(f"Sample {unknown[0]} is not in this dataset, so its reference cannot be corrected there.")
    samples = tuple(replace(s, reference=references[s.id]) if s.id in references else s for s in dataset.samples)
    ids = tuple(sorted(references))
    what = "1 reference was" if len(ids) == 1 else f"{len(ids):,} references were"
    told = Finding(level="info", code=CODE, message=f"{what} corrected by {', '.join(sorted(by))}.", sample_ids=ids)
    return replace(dataset, samples=samples, findings=(*dataset.findings, told))
