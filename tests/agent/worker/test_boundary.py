"""What is away for a moment is tried again; what a person has to change is not."""

import pytest

from agent.worker.boundary import persist
from pipeline.errors import FerryError, InputError, PermanentError, RefusedError, TemporaryError


async def test_a_database_that_is_away_for_a_moment_is_asked_again() -> None:
    asked: list[str] = []

    async def save() -> str:
        asked.append("save")
        if len(asked) == 1:
            raise TemporaryError("The database is busy. Try again in a moment.")
        return "saved"

    assert await persist(save, tries=2) == "saved"
    assert len(asked) == 2


@pytest.mark.parametrize("error", [InputError("Change the file."), RefusedError("Not yours."), PermanentError("No access.")])
async def test_what_a_person_has_to_change_is_told_at_once(error: FerryError) -> None:
    asked: list[str] = []

    async def save() -> None:
        asked.append("save")
        raise error

    with pytest.raises(type(error)):
        await persist(save, tries=3)
    assert asked == ["save"]
