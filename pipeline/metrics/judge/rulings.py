"""Rulings that were paid for, kept by key so that no question is paid for twice: in memory, in a file, in a database."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.lines import cut_unfinished


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a judge or an embedder answered, as JSON, and the tokens it took. `judge` is the model's ref."""

    judge: str
    text: str
    input_tokens: int = 0
    output_tokens: int = 0


class RulingCache(Protocol):
    """Rulings by key; a key covers everything that could change the ruling, so the first one stands."""

    async def get(self, key: str) -> Ruling | None: ...

    async def put(self, key: str, ruling: Ruling) -> None: ...


class MemoryRulings:
    """Rulings that live as long as the process."""

    def __init__(self) -> None:
        self._rulings: dict[str, Ruling] = {}

    def __len__(self) -> int:
        return len(self._rulings)

    async def get(self, key: str) -> Ruling | None:
        return self._rulings.get(key)

    async def put(self, key: str, ruling: Ruling) -> None:
        self._rulings.setdefault(key, ruling)


class FileRulings:
    """Rulings in a JSON Lines file: {"key": key, "ruling": ruling}. Each is with the operating system before `put` returns.

    Opening reads the file into memory and cuts off a line that a crash left unfinished. Raises InputError for another file.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        cut_unfinished(path)
        self._rulings = _read(path) if path.exists() else {}
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __enter__(self) -> "FileRulings":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.fsync(self._handle)
        os.close(self._handle)

    def __len__(self) -> int:
        return len(self._rulings)

    async def get(self, key: str) -> Ruling | None:
        return self._rulings.get(key)

    async def put(self, key: str, ruling: Ruling) -> None:
        if key in self._rulings:
            return
        line = memoryview((canonical_json({"key": key, "ruling": ruling}) + "\n").encode())
        while line:
            line = line[os.write(self._handle, line) :]
        self._rulings[key] = ruling


def _read(path: Path) -> dict[str, Ruling]:
    found: dict[str, Ruling] = {}
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                value = json.loads(line)
                found.setdefault(value["key"], Ruling(**value["ruling"]))
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(
                    f"Line {number} of {path} is no ruling that ferry wrote. Move the file away; its questions are asked again."
                ) from error
    return found
