"""What the commands read and write: datasets, prompts, and JSON Lines of outputs and of scores.

A line of outputs says all about itself: {"run": run key, "input_hash": hash of the sample's variables, "output": output}; the
first one holds what was asked: {"run": run key, "prompt": prompt version}.
A line of scores is {"run": run key, "score": score}; the first one says of which answers and with which judge they were made:
{"run": run key, "made": {"answers": hash, "criteria": criteria}}. Where a sample has several outputs the last line counts.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.hashing import canonical_json, content_hash
from pipeline.lines import cut_unfinished
from pipeline.models.settings import DEFAULTS
from pipeline.records import Criteria, Dataset, Output, Parameters, PromptVersion, RunKey, RunResult, Sample, Score

if TYPE_CHECKING:
    from pipeline.prompts.importers import Imported

STRANGERS = ConfigDict(extra="forbid")  # a line of another file is none of this one


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What scores were made of and with: the hash of the answers, and criteria that hold the judge and the rubrics."""

    answers: str
    criteria: Criteria


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoresFile:
    """Scores of one run (no `key` in an empty file); no `made` where another program wrote them."""

    key: RunKey | None
    scores: tuple[Score, ...]
    made: Made | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputLine:
    __pydantic_config__ = STRANGERS
    run: RunKey
    input_hash: str = ""
    output: Output | None = None
    prompt: PromptVersion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    __pydantic_config__ = STRANGERS
    run: RunKey
    score: Score | None = None
    made: Made | None = None


L = TypeVar("L")
OUTPUT_LINE, SCORE_LINE = TypeAdapter(OutputLine), TypeAdapter(ScoreLine)


def read_dataset(path: Path, files: Path = DEFAULTS.files) -> Dataset:
    """The dataset in `path`, a frozen one or a file to freeze; images and PDFs go to the folder `files`. Raises InputError."""
    from pipeline.attachments.store import Kept
    from pipeline.dataset.freeze import freeze

    _must_exist(path, "dataset")
    return freeze(path, name=path.name, kept=Kept(files))


def read_prompt(
    path: Path | None,
    dataset: Path,
    *,
    system: Path | None = None,
    turns: Path | None = None,
    parameters: Parameters,
    needed: bool = True,
) -> PromptVersion:
    """The prompt in `path`, or the one prompt `dataset` records for its source; `turns` are earlier messages.

    A file of a known format (OpenAI chat JSON, Bedrock Prompt, a whole prompt version, ...) brings its own turns, tools and,
    where it names any, parameters. Raises InputError when there is no prompt; with `needed` False it is empty then.
    """
    from pipeline.prompts.template import parse_prompt

    text = read_text(path, "prompt") if path else _recorded_prompt(dataset)
    if path is not None and text is not None:
        found = _of_a_format(text, path, system, turns)
        if found is not None:
            return found.prompt if found.settings else replace(found.prompt, parameters=parameters)
    if text is None and needed:
        raise InputError(f"{dataset.name} records no prompt that all its samples share. Give one as a file with --prompt FILE.")
    if text is None:
        return PromptVersion(user="", parameters=parameters)
    prompt = parse_prompt(text, system=read_text(system, "system prompt") if system else "")
    return replace(prompt, parameters=parameters)


def _of_a_format(text: str, path: Path, system: Path | None, turns: Path | None) -> "Imported | None":
    """The first prompt of a file that is more than plain text, or that has turns beside it."""
    from pipeline.prompts.importers import IMPORTERS, Source, imported
    from pipeline.prompts.importers.openai_chat import turns as turns_in
    from pipeline.prompts.importers.plain import NAME

    kind = next(importer.name for importer in IMPORTERS if importer.recognises(text))
    if turns is None and (kind == NAME or not text.strip()):
        return None
    source = Source(
        text=text,
        name=path.name,
        system=read_text(system, "system prompt") if system else "",
        turns=turns_in(read_text(turns, "file of turns"), turns.name) if turns else (),
    )
    return imported(source)[0]


def prompt_of_run(path: Path) -> PromptVersion | None:
    """The prompt the outputs in `path` were made with, as the file's first line says; None where it does not."""
    first = next(_lines(path, "outputs", OUTPUT_LINE), None)
    if first is None or first.prompt is None:
        return None
    if first.prompt.hash != first.run.prompt_hash:
        raise InputError(f"{path} holds another prompt than its outputs were made with: the file was changed. Run it again.")
    return first.prompt


def read_run(path: Path, scores: Iterable[Score] = (), *, empty: bool = False) -> RunResult:
    """A finished run from a file of outputs; with `empty` one that was only begun.

    Raises InputError for a file that is none, or that mixes two runs.
    """
    _must_exist(path, "file of outputs")
    outputs: dict[str, Output] = {}
    hashes: dict[str, str] = {}
    keys: set[RunKey] = set()
    for line in _lines(path, "outputs", OUTPUT_LINE):
        keys.add(line.run)
        if line.output is not None:
            outputs[line.output.sample_id] = line.output
            hashes[line.output.sample_id] = line.input_hash
    if len(keys) != 1 or not (outputs or empty):
        what = "holds outputs of several runs" if len(keys) > 1 else "holds no outputs"
        raise InputError(f"{path} {what}. Give each run its own file with `ferry run ... -o FILE`.")
    key = keys.pop()
    return RunResult(key=key, label=key.model, outputs=tuple(outputs.values()), scores=tuple(scores), input_hashes=hashes)


def read_outputs(path: Path, of: Collection[str]) -> dict[str, Output]:
    """What the run in `path` answered to these samples. Raises InputError for a file that is none of outputs."""
    lines = (line.output for line in _lines(path, "outputs", OUTPUT_LINE))
    return {output.sample_id: output for output in lines if output is not None and output.sample_id in of}


def answers_hash(outputs: Iterable[Output]) -> str:
    """What answers were scored: a rerun of the same run has another hash as soon as one answer differs."""
    return content_hash({o.sample_id: [o.text, *o.tool_calls] if o.tool_calls else o.text for o in outputs})


def write_scores(path: Path, key: RunKey, scores: Iterable[Score], made: Made | None = None) -> None:
    """Writes `scores` of the run `key`, replacing what is there; `made` says of which answers and with which judge."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines([canonical_json({"run": key, "made": made}) + "\n"] if made else [])
        file.writelines(canonical_json({"run": key, "score": score}) + "\n" for score in scores)


def read_scores(path: Path) -> ScoresFile:
    """The scores in `path`. Raises InputError."""
    _must_exist(path, "file of scores")
    found = list(_lines(path, "scores", SCORE_LINE))
    if len({line.run for line in found}) > 1:
        raise InputError(f"{path} holds scores of several runs. Score each run into its own file.")
    return ScoresFile(
        key=found[0].run if found else None,
        scores=tuple(line.score for line in found if line.score is not None),
        made=next((line.made for line in found if line.made is not None), None),
    )


class OutputFile:
    """Appends the outputs of one run to a file; opening it cuts off a line a crash left unfinished.

    `done` are the ids that need no call any more. Raises InputError when the file belongs to another run or other inputs,
    with `way_out` at its end.
    """

    def __init__(
        self,
        path: Path,
        key: RunKey,
        samples: Iterable[Sample],
        *,
        retry_failed: bool = False,
        prompt: PromptVersion | None = None,
        way_out: str = "Choose another file with -o, or delete it to start over.",
    ) -> None:
        self._key, self._hashes = key, {sample.id: sample.input_hash for sample in samples}
        self._way_out = way_out
        path.parent.mkdir(parents=True, exist_ok=True)
        cut_unfinished(path)
        self.usd = 0.0
        self.done = self._done(path, retry_failed=retry_failed) if path.exists() and path.stat().st_size else frozenset[str]()
        self._file = path.open("a", encoding="utf-8", newline="\n")
        if prompt is not None and path.stat().st_size == 0:
            self._write({"run": key, "prompt": prompt})

    def __enter__(self) -> "OutputFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def append(self, output: Output) -> None:
        """One line, handed to the operating system at once."""
        self._write({"run": self._key, "input_hash": self._hashes[output.sample_id], "output": output})

    def _write(self, line: Mapping[str, object]) -> None:
        self._file.write(canonical_json(line) + "\n")
        self._file.flush()

    def _done(self, path: Path, *, retry_failed: bool) -> frozenset[str]:
        there = read_run(path, empty=True)
        if there.key != self._key:
            raise InputError(
                f"{path} was begun with another model, prompt or split (it holds {there.key.model} on {there.key.split}). "
                f"{self._way_out}"
            )
        if any(self._hashes.get(sample_id) != found for sample_id, found in there.input_hashes.items()):
            raise InputError(f"The dataset has changed since {path} was begun. {self._way_out}")
        paid = (line.output.usd for line in _lines(path, "outputs", OUTPUT_LINE) if line.output is not None)
        self.usd = sum(usd for usd in paid if usd is not None)
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


def _lines(path: Path, what: str, form: TypeAdapter[L]) -> Iterator[L]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield form.validate_json(line)
            except ValidationError as error:
                raise InputError(
                    f"Line {number} of {path} is not one of {what} that ferry wrote. Write the file again."
                ) from error
