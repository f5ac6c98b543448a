"""Writes small datasets and finished runs as files, as the commands find them."""

from collections.abc import Callable
from pathlib import Path

from pipeline.commands.files import OutputFile
from pipeline.dataset.storage import dump
from pipeline.records import Dataset, Failure, Output, RunKey, Sample, Split

INTENTS = ("card_lost", "top_up", "exchange_rate")
Answers = Callable[[int, Sample], str | None]


def dataset(folder: Path, *, dev: int = 4, test: int = 120, word: str = "question") -> Path:
    """A frozen dataset of intents; the first `dev` samples are its dev split."""
    samples = tuple(Sample(id=f"s{i:03}", variables={word: f"message {i}"}, reference=INTENTS[i % 3]) for i in range(dev + test))
    splits = {s.id: Split.DEV if i < dev else Split.TEST for i, s in enumerate(samples)}
    path = folder / f"{word}.jsonl"
    dump(Dataset(samples=samples, splits=splits), path)
    return path


def run(frozen: Path, name: str, answers: Answers, *, split: Split = Split.TEST) -> Path:
    """A finished run in a file beside the dataset; an answer of None is a failed call."""
    from pipeline.dataset.storage import load

    samples = load(frozen).in_split(split)
    path = frozen.with_name(f"{name}.jsonl")
    with OutputFile(path, RunKey(model=f"scripted:{name}", prompt_hash="p", split=split), samples) as file:
        for number, sample in enumerate(samples):
            text = answers(number, sample)
            failure = Failure(kind="throttled", message="Try again later.") if text is None else None
            file.append(Output(sample_id=sample.id, text=text, failure=failure))
    return path


def right(_number: int, sample: Sample) -> str:
    return sample.reference or ""
