"""What the commands read and write: datasets, prompts, and JSON Lines of outputs and of scores.

A line of outputs says all about itself: {"run": run key, "input_hash": hash of the sample's variables, "output": output}.
A line of scores is {"run": run key, "score": score}. Where a sample has several outputs the last line counts.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.lines import cut_unfinished
from pipeline.records import (
    Dataset,
    Failure,
    Output,
    Parameters,
    PromptVersion,
    RunKey,
    RunResult,
    Sample,
    Score,
    Spent,
    Split,
    Usage,
)


def read_dataset(path: Path) -> Dataset:
    """The dataset in `path`, a frozen one or a file to freeze. Raises InputError."""
    from pipeline.dataset.freeze import freeze

    _must_exist(path, "dataset")
    return freeze(path, name=path.name)


def read_prompt(
    path: Path | None, dataset: Path, *, system: Path | None = None, parameters: Parameters, needed: bool = True
) -> PromptVersion:
    """The prompt in `path`, or the one prompt `dataset` records for its source.

    Raises InputError when there is neither; with `needed` False the prompt is empty then.
    """
    from pipeline.prompts.template import parse_prompt

    text = read_text(path, "prompt") if path else _recorded_prompt(dataset)
    if text is None and needed:
        raise InputError(f"{dataset.name} records no prompt that all its samples share. Give one as a file with --prompt FILE.")
    if text is None:
        return PromptVersion(user="", parameters=parameters)
    prompt = parse_prompt(text, system=read_text(system, "system prompt") if system else "")
    return replace(prompt, parameters=parameters)


def read_run(path: Path, scores: Iterable[Score] = ()) -> RunResult:
    """A finished run from a file of outputs. Raises InputError for a file that is none, or that mixes two runs."""
    _must_exist(path, "file of outputs")
    outputs: dict[str, Output] = {}
    hashes: dict[str, str] = {}
    keys: set[RunKey] = set()
    for value in _lines(path, "outputs"):
        keys.add(_key(value["run"]))
        outputs[value["output"]["sample_id"]] = _output(value["output"])
        hashes[value["output"]["sample_id"]] = value["input_hash"]
    if len(keys) != 1:
        what = "holds outputs of several runs" if keys else "holds no outputs"
        raise InputError(f"{path} {what}. Give each run its own file with `ferry run ... -o FILE`.")
    key = keys.pop()
    return RunResult(key=key, label=key.model, outputs=tuple(outputs.values()), scores=tuple(scores), input_hashes=hashes)


def write_scores(path: Path, key: RunKey, scores: Iterable[Score]) -> None:
    """Writes `scores` of the run `key`, replacing what is there."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(canonical_json({"run": key, "score": score}) + "\n" for score in scores)


def read_scores(path: Path) -> tuple[RunKey | None, tuple[Score, ...]]:
    """The scores in `path` and the run they are of (None in an empty file). Raises InputError."""
    _must_exist(path, "file of scores")
    found = [(_key(value["run"]), _score(value["score"])) for value in _lines(path, "scores")]
    if len({key for key, _ in found}) > 1:
        raise InputError(f"{path} holds scores of several runs. Score each run into its own file.")
    return (found[0][0] if found else None), tuple(score for _, score in found)


class OutputFile:
    """Appends the outputs of one run to a file; opening it cuts off a line a crash left unfinished.

    `done` are the ids that need no call any more. Raises InputError when the file belongs to another run or other inputs.
    """

    def __init__(self, path: Path, key: RunKey, samples: Iterable[Sample], *, retry_failed: bool = False) -> None:
        self._key, self._hashes = key, {sample.id: sample.input_hash for sample in samples}
        path.parent.mkdir(parents=True, exist_ok=True)
        cut_unfinished(path)
        self.done = self._done(path, retry_failed=retry_failed) if path.exists() and path.stat().st_size else frozenset[str]()
        self._file = path.open("a", encoding="utf-8", newline="\n")

    def __enter__(self) -> "OutputFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def append(self, output: Output) -> None:
        """One line, handed to the operating system at once."""
        line = {"run": self._key, "input_hash": self._hashes[output.sample_id], "output": output}
        self._file.write(canonical_json(line) + "\n")
        self._file.flush()

    def _done(self, path: Path, *, retry_failed: bool) -> frozenset[str]:
        there = read_run(path)
        if there.key != self._key:
            raise InputError(
                f"{path} was begun with another model, prompt or split (it holds {there.key.model} on {there.key.split}). "
                "Choose another file with -o, or delete it to start over."
            )
        if any(self._hashes.get(sample_id) != found for sample_id, found in there.input_hashes.items()):
            raise InputError(
                f"The dataset has changed since {path} was begun. Choose another file with -o, or delete it to start over."
            )
        return frozenset(o.sample_id for o in there.outputs if not (retry_failed and o.failure))


def _recorded_prompt(dataset: Path) -> str | None:
    from pipeline.dataset import storage
    from pipeline.dataset.freeze import source_prompt

    return None if storage.is_frozen(dataset) else source_prompt(dataset)


def read_text(path: Path, what: str) -> str:
    """The text of `path`; `what` names it in the InputError when it is absent or no UTF-8."""
    _must_exist(path, what)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"The {what} {path} is not UTF-8 text. Save it as UTF-8 and run again.") from error


def _must_exist(path: Path, what: str) -> None:
    if not path.is_file():
        raise InputError(f"There is no {what} at {path}. Check the path.")


def _lines(path: Path, what: str) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                value = json.loads(line)
                value["run"], value["output" if what == "outputs" else "score"]["sample_id"]
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(
                    f"Line {number} of {path} is not one of {what} that ferry wrote. Write the file again."
                ) from error
            yield value


def _key(value: Mapping[str, Any]) -> RunKey:
    return RunKey(**{**value, "split": Split(value["split"])})


def _score(value: Mapping[str, Any]) -> Score:
    spent = value.get("spent")
    return Score(**{**value, "spent": Spent(**spent) if spent else None})


def _output(value: Mapping[str, Any]) -> Output:
    usage, failed = value.get("usage"), value.get("failure")
    rebuilt = {"usage": Usage(**usage) if usage else None, "failure": Failure(**failed) if failed else None}
    return Output(**{**value, **rebuilt, "tool_calls": tuple(value.get("tool_calls", ()))})
