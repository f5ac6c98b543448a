"""The whole story of a migration, walked by the personas of the local workspace over Slack's wire; every wait is bounded."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.workspace.people import OWNER, SME_1, SME_2
from bot.workspace.person import Person, WorkspaceError, messages

Seen = Mapping[str, Any]
DATA = Path(__file__).parent.parent / "pipeline" / "data" / "demo"
DETAILS = {
    "name": "Banking intents",
    "use_case": "classification",
    "source": "recorded:gemma3-270m with one message per intent",
    "targets": "local:gemma3-270m",
    "tokens": "12",
    "stop": "\\n",
    "smes": [SME_1, SME_2],
    "owner": OWNER,
}
"""What the demo's requester fills in; the settings are those of the recorded source (pipeline/data/demo/README.md)."""


class StepError(Exception):
    """A step of the story that did not come about in time; `step` names it."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step


@dataclass(slots=True, kw_only=True)
class Story:
    """`patience` multiplies every wait; `say` gets each finished step with its seconds."""

    requester: Person
    say: Callable[[str], None]
    details: Mapping[str, Any] = field(default_factory=lambda: dict(DETAILS))
    dataset: Path = DATA / "banking_intents.csv"
    prompt: Path = DATA / "prompt.txt"
    patience: float = 1.0
    judged: int = 0

    async def walk(self) -> None:
        """From `/migrate` to the first digest. Raises StepError naming the step that failed."""
        started = time.perf_counter()
        steps: Mapping[str, Callable[[], Awaitable[object]]] = {
            "see the bot connected": self.connected,
            "start the migration with /migrate": self.start,
            "see the dataset frozen and the plan proposed": self.plan,
            "approve the plan": self.approve,
            "use the prompts Ferry chose": self.prompts,
            "judge the blind pairs as both SMEs": self.review,
            "read the comparison table": self.table,
            "sign off as owner": self.sign_off,
            "download the report files": self.files,
            "read the first digest": self.digest,
        }
        for name, step in steps.items():
            with self._step(name):
                await step()
        self.say(f"done in {time.perf_counter() - started:.1f} s, {self.judged} pairs judged")

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        except (WorkspaceError, TimeoutError) as error:
            raise StepError(name, str(error)) from error
        self.say(f"{time.perf_counter() - began:6.1f} s  {name}")

    async def connected(self) -> None:
        """The bot answers once its processes have started."""
        end = time.monotonic() + self._wait(60)
        while True:
            try:
                await self.requester.command("help")
                return
            except WorkspaceError as error:
                if error.code != "dispatch_failed" or time.monotonic() > end:
                    raise
            await asyncio.sleep(0.2)

    async def start(self) -> None:
        await self.requester.command("new")
        await self.requester.modal("new_migration", self._wait(10))
        uploaded = await self.requester.upload(self.dataset)
        prompt = self.prompt.read_text(encoding="utf-8")
        answer = await self.requester.submit({**self.details, "prompt": prompt, "dataset": uploaded})
        if answer.get("errors"):
            raise WorkspaceError("form_refused", answer)
        await self.requester.message(lambda m: _says(m, "Migration "), seconds=self._wait(20))

    async def plan(self) -> None:
        await self.requester.message(lambda m: _says(m, "Dataset 1"), seconds=self._wait(60))
        await self._button("plan_approve", 60)

    async def approve(self) -> None:
        card = await self._button("plan_approve", 5)
        await self.requester.click(card, "plan_approve")
        await self.requester.message(lambda m: _says(m, "Approved"), seconds=self._wait(20))

    async def prompts(self) -> None:
        card = await self._button("prompts_use", 600)
        await self.requester.click(card, "prompts_use")
        await self.requester.message(lambda m: not _has_button(m, "prompts_use") and _says(m, "Prompts"), seconds=self._wait(20))

    async def review(self) -> None:
        for sme in (SME_1, SME_2):
            await self._judge_all(self.requester.another(sme))

    async def _judge_all(self, sme: Person) -> None:
        """Every pair: the first answer is better, the next pair the same, and so on."""
        choices, before = ("review_a", "review_same", "review_b"), ""
        card = await sme.wait(lambda seen: _in_messages_with_ferry(seen, "review_a", before), self._wait(600))
        while card.get("blocks") and _has_button(card, "review_a"):
            before = _fingerprint(card)
            await sme.click(card, choices[self.judged % 3], channel=card["channel"])
            self.judged += 1
            card = await sme.wait(lambda seen, before=before: _changed(seen, before), self._wait(30))  # type: ignore[misc]

    async def table(self) -> None:
        await self.requester.message(lambda m: _says(m, "Comparison of"), seconds=self._wait(120))

    async def sign_off(self) -> None:
        card = await self._button("sign_off_approve", 60)
        await self.requester.another(OWNER).click(card, "sign_off_approve")
        await self.requester.message(lambda m: _says(m, "Approved") and _says(m, "Sign-off"), seconds=self._wait(20))

    async def files(self) -> None:
        found = await self.requester.message(lambda m: bool(m.get("files")) and _says(m, "Report of"), seconds=self._wait(60))
        for file in found["files"]:
            if not await self.requester.download(file):
                raise WorkspaceError("empty_file", file)

    async def digest(self) -> None:
        await self.requester.message(lambda m: _says(m, "Digest of") and not _says(m, "are being run"), seconds=self._wait(180))

    async def _button(self, action: str, seconds: float) -> dict[str, Any]:
        return await self.requester.message(lambda m: _has_button(m, action), seconds=self._wait(seconds))

    def _wait(self, seconds: float) -> float:
        return seconds * self.patience


def _says(message: Seen, words: str) -> bool:
    return words in str(message.get("text", "")) or words in str(message.get("blocks", ""))


def _has_button(message: Seen, action: str) -> bool:
    elements = (element for block in message.get("blocks", ()) for element in block.get("elements", ()))
    return any(element.get("action_id") == action for element in elements)


def _fingerprint(message: Seen) -> str:
    return str(message.get("blocks"))


def _in_messages_with_ferry(seen: dict[str, Any], action: str, before: str) -> dict[str, Any] | None:
    """The newest direct message that has the button and does not look as before, with its channel."""
    for channel in seen["channels"]:
        for message in reversed(messages(seen, channel["id"]) if channel["kind"] == "im" else []):
            if _has_button(message, action) and _fingerprint(message) != before:
                return {**message, "channel": channel["id"]}
    return None


def _changed(seen: dict[str, Any], before: str) -> dict[str, Any] | None:
    """The review card once it shows the next pair, or the thanks."""
    following = _in_messages_with_ferry(seen, "review_a", before)
    if following:
        return following
    for channel in seen["channels"]:
        for message in messages(seen, channel["id"]) if channel["kind"] == "im" else []:
            if _says(message, ": finished"):
                return {**message, "channel": channel["id"]}
    return None
