"""Advanced Prompt Optimization as a method that waits: on request alone, since a job takes minutes to hours and costs calls.

It is not in METHODS for that reason. Who cannot wait uses `pipeline.prompts.advpo` step by step.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from pipeline.aws.jobs import Standing, State
from pipeline.errors import PermanentError, TemporaryError
from pipeline.prompts.advpo.asked import NAME, asked
from pipeline.prompts.advpo.jobs import Advpo
from pipeline.prompts.advpo.results import prompt_of
from pipeline.prompts.port import Ask
from pipeline.records import PromptVersion

T = TypeVar("T")


def quiet(_said: str) -> None:
    """For who wants to hear nothing while a job is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancedOptimization:
    """Asks `service`, looks every `every_s` seconds and tells `said` meanwhile. Asked again, it goes on with the same job."""

    service: Advpo
    every_s: float = 60.0
    attempt: int = 1
    said: Callable[[str], None] = quiet
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    name: str = NAME

    def applies(self, ask: Ask) -> bool:
        return ask.target.startswith("bedrock:") and bool(ask.dev)

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        """Raises InputError for what the service does not take, PermanentError when the job gave no prompt."""
        wanted = asked(ask, self.attempt)
        arn = await self._patiently(lambda: self.service.submit(wanted))
        self.said(f"{NAME} works on it as {arn}.")
        standing = await self._ended(arn)
        if standing.state is State.FAILED:
            raise PermanentError(f"{NAME} gave no prompt: {standing.problem}. To try again, ask with a higher --attempt.")
        written = await self._patiently(lambda: self.service.fetch(standing))
        return (prompt_of(written, wanted),)

    async def _ended(self, arn: str) -> Standing:
        while (standing := await self._patiently(lambda: self.service.look(arn))).state is State.UNDER_WAY:
            self.said(f"Under way. Next look in {self.every_s:g} s.")
            await self.sleep(self.every_s)
        return standing

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await call()
            except TemporaryError as error:
                self.said(error.message)
            await self.sleep(self.every_s)
