"""A frozen dataset as JSON Lines: one sample a line with its split, then the findings. Written whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.dataset import text
from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.records import Attachment, Dataset, Finding, PriorScores, RecordedOutput, Sample, Split, Usage

MARK = b'{"sample":{'


def dump(dataset: Dataset, path: Path) -> None:
    """Writes `dataset` to `path`, replacing what is there."""
    beside = path.with_name(f".{path.name}.part")
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        for sample in dataset.samples:
            file.write(canonical_json({"sample": sample, "split": dataset.splits[sample.id]}) + "\n")
        for finding in dataset.findings:
            file.write(canonical_json({"finding": finding}) + "\n")
    os.replace(beside, path)


def load(path: Path) -> Dataset:
    """The dataset in `path`. Raises InputError with the line where it is not one that `dump` wrote."""
    samples: list[Sample] = []
    splits: dict[str, Split] = {}
    found: list[Finding] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                value = json.loads(line)
                if "finding" in value:
                    found.append(_finding(value["finding"]))
                    continue
                samples.append(sample(value["sample"]))
                splits[samples[-1].id] = Split(value["split"])
            except (ValueError, KeyError, TypeError, AttributeError):
                raise InputError(
                    f"Line {number} of {path.name} is not of a frozen dataset. Freeze the original file again."
                ) from None
    if len(splits) < len(samples):
        raise InputError(f"{path.name} holds two samples with the same id. Freeze the original file again.")
    return Dataset(samples=tuple(samples), splits=splits, findings=tuple(found))


def is_frozen(path: Path) -> bool:
    """Whether `path` looks like what `dump` wrote."""
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def sample(value: Mapping[str, Any]) -> Sample:
    """A sample from its JSON object. Raises ValueError, KeyError or TypeError where the object is none."""
    recorded, prior = value.get("recorded"), value.get("prior")
    texts = [value["id"], *value["variables"].keys(), *value["variables"].values()]
    optional = [value.get("reference"), value.get("cluster"), (recorded or {}).get("text"), (prior or {}).get("human_reason")]
    for each in [*texts, *(one for one in optional if one is not None)]:
        if not isinstance(each, str) or text.unfit(each):
            raise TypeError("ids, variables and answers are texts that a database can hold")
    return Sample(
        id=value["id"],
        variables=dict(value["variables"]),
        reference=value.get("reference"),
        recorded=_recorded(recorded) if recorded else None,
        prior=PriorScores(**prior) if prior else None,
        cluster=value.get("cluster"),
        attachments=tuple(Attachment(**each) for each in value.get("attachments", ())),
    )


def _recorded(value: Mapping[str, Any]) -> RecordedOutput:
    usage = value.get("usage")
    return RecordedOutput(text=value["text"], latency_s=value.get("latency_s"), usage=Usage(**usage) if usage else None)


def _finding(value: Mapping[str, Any]) -> Finding:
    return Finding(**{**value, "sample_ids": tuple(value["sample_ids"])})
