"""What a search has paid for, kept so that nothing is paid for twice: the answers, by who was asked what.

A search is not stored anywhere else. It is deterministic, so it resumes by walking its own way again over the kept answers:
nothing of a library's own state has to be trusted, and what is counted is counted again. Rulings of judges have their own cache.
"""

import fcntl
import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.lines import cut_unfinished
from pipeline.prompts.search.meter import Call
from pipeline.records import Candidate, Output

_CALL, _OUTPUT, _CANDIDATES = TypeAdapter(Call), TypeAdapter(Output), TypeAdapter(tuple[Candidate, ...])


class Journal(Protocol):
    """Answers by call. `keep` returns when the answer would survive the end of the process."""

    async def get(self, call: Call) -> Output | None: ...

    async def keep(self, call: Call, output: Output) -> None: ...


class MemoryJournal:
    """A journal that lives as long as the process."""

    def __init__(self) -> None:
        self._kept: dict[Call, Output] = {}

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, call: Call) -> Output | None:
        return self._kept.get(call)

    async def keep(self, call: Call, output: Output) -> None:
        self._kept.setdefault(call, output)


class FileJournal(MemoryJournal):
    """A journal in JSON Lines that is only ever appended to. Each answer is with the operating system before `keep` returns.

    The first line says of what search it is (`key`). `sync` hands all to the disk. Beside the answers it keeps what methods
    proposed; `looked` are the winners test was looked at with, in journals older than the list of looks. Opening cuts off a line
    that a kill left torn. Raises InputError for another search's file.
    """

    def __init__(self, path: Path, key: str) -> None:
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._proposed: dict[str, tuple[Candidate, ...]] = {}
        self.looked: tuple[str, ...] = ()
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with ExitStack() as unless_it_is_ours:
            unless_it_is_ours.callback(os.close, self._handle)
            _lock(self._handle, path)
            cut_unfinished(path)
            if path.stat().st_size > 0:
                self._read(path, key)
            else:
                self._write({"search": key})
            unless_it_is_ours.pop_all()

    def __enter__(self) -> "FileJournal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.sync()
        os.close(self._handle)

    async def keep(self, call: Call, output: Output) -> None:
        if await self.get(call) is None:
            self._write({"call": call, "output": output})
            await super().keep(call, output)

    def proposed(self, key: str) -> tuple[Candidate, ...] | None:
        """What was proposed under `key`, or None: services that write prompts do not write the same one twice."""
        return self._proposed.get(key)

    def keep_proposed(self, key: str, candidates: Sequence[Candidate]) -> None:
        self._write({"proposed": key, "candidates": candidates})
        self._proposed[key] = tuple(candidates)

    def sync(self) -> None:
        """Everything kept is on the disk when this returns."""
        os.fsync(self._handle)

    def _write(self, line: object) -> None:
        left = memoryview((canonical_json(line) + "\n").encode())
        while left:
            left = left[os.write(self._handle, left) :]

    def _read(self, path: Path, key: str) -> None:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    self._take(json.loads(line))
                except (ValueError, KeyError, TypeError, ValidationError) as error:
                    raise InputError(
                        f"Line {number} of {path} is none of a search's journal. Move the file away, or name another --journal."
                    ) from error
                if number == 1 and json.loads(line).get("search") != key:
                    raise InputError(
                        f"{path} is the journal of another search: dataset, criteria, target, prompt or seed differ. "
                        "Name another --journal, or move the file away to start over."
                    )

    def _take(self, line: dict[str, object]) -> None:
        match line:
            case {"call": call, "output": output}:
                self._kept[_CALL.validate_python(call)] = _OUTPUT.validate_python(output)
            case {"proposed": str(key), "candidates": candidates}:
                self._proposed[key] = _CANDIDATES.validate_python(candidates)
            case {"look": str(winner)}:  # looks at test were kept here once
                self.looked += (winner,)
            case {"search": str()}:
                pass
            case _:
                raise ValueError("no line of a journal")


def _lock(handle: int, path: Path) -> None:
    """Held until the file is closed: two searches on one journal would pay for the same answers. Raises InputError."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise InputError(
            f"Another search is using {path}. Wait until it has ended, or name another one with --journal."
        ) from error
