"""Looks at test, kept beside the dataset: each after the first flatters the figures, whichever search it was made by."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from pipeline.errors import InputError, RefusedError
from pipeline.hashing import canonical_json
from pipeline.lines import cut_unfinished
from pipeline.records import PromptVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Test was looked at with `winner` (a prompt's hash). `about` says which samples and target; `reason` why again."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    about: str
    winner: str
    reason: str = ""


_LINE = TypeAdapter(Looked)


class Looks:
    """The looks `about` the test samples of one dataset and a target in a file of lines; `reason` is why there shall be one more.

    Raises InputError for a file of anything else.
    """

    def __init__(self, path: Path, about: str, reason: str = "") -> None:
        self._path, self._about, self._reason = path, about, reason.strip()
        self._made: list[Looked] = []
        if not path.exists():
            return
        cut_unfinished(path)
        try:
            every = [_LINE.validate_json(line) for line in path.read_bytes().splitlines()]
        except ValidationError as error:
            raise InputError(f"{path} is not the list of looks at test that ferry wrote. Move it away, or restore it.") from error
        self._made = [each for each in every if each.about == about]

    def __len__(self) -> int:
        """With how many winners test was looked at."""
        return len(self._made)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was looked at again, in people's words."""
        return tuple(each.reason for each in self._made if each.reason)

    def check_writable(self) -> None:
        """Raises InputError where no look could be noted, so that none may be made."""
        if not os.access(self._path if self._path.exists() else self._path.parent, os.W_OK):
            raise InputError(f"Looks at test are kept in {self._path}, which cannot be written. Make that folder writable.")

    def check(self, winner: PromptVersion) -> None:
        """Raises RefusedError where test was looked at with other winners only, and nobody says why again."""
        if self._made and not self._knows(winner.hash) and not self._reason:
            raise RefusedError(
                f"Test was looked at before with another winner ({len(self)} so far), and each look more flatters the figures: "
                f"nobody looked. On dev the winner is {winner.method}. Give the reason with --look-again, or take fresh test "
                "samples; nothing is paid twice."
            )

    def note(self, winner: PromptVersion) -> None:
        """Before the look is made: whoever stops in the middle has seen what was answered."""
        self._add(winner.hash, self._reason if self._made else "")

    def remember(self, winners: Iterable[str]) -> None:
        """Looks that were noted elsewhere, by the hashes of their winners."""
        for winner in winners:
            self._add(winner, "")

    def _add(self, winner: str, reason: str) -> None:
        if self._knows(winner):
            return
        made = Looked(about=self._about, winner=winner, reason=reason)
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(canonical_json(made) + "\n")
        self._made.append(made)

    def _knows(self, winner: str) -> bool:
        return any(each.winner == winner for each in self._made)
