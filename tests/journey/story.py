"""The personas of a journey, level-triggered: each looks at what they see and does the next sensible thing.

Nobody remembers a plot. A person who is told that the app did not answer (operation_timeout, dispatch_failed) tries again a
little later; what was answered once is not done again. So the same cast plays undisturbed stories and disturbed ones.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.workspace.people import GENERAL, OWNER, REQUESTER, SME_1, SME_2
from bot.workspace.person import Person, WorkspaceError, messages
from bot.workspace.server import Workspace
from bot.workspace.state import sleep_until_changed
from tests.journey.script import PROMPT, Script

Json = dict[str, Any]
NOT_ANSWERED = frozenset({"operation_timeout", "dispatch_failed"})
LATER_S = 0.3
FORM_S = 4.0
NAME = "Support intents"
RUBRIC = "Is the answer polite?"
CHOICES = ("review_a", "review_same", "review_b")


@dataclass(slots=True, kw_only=True)
class Cast:
    """Requester, two SMEs and the owner. `at_sign_off` are the buttons the owner presses, round by round.

    With a `judge_ref` the requester gives the first plan a rubric and the second one this judge, and approves the third.
    """

    workspace: Workspace
    script: Script
    at_sign_off: tuple[str, ...] = ("sign_off_approve",)
    approves_plans: bool = True
    judge_ref: str = ""
    judges: bool = True
    details: Mapping[str, object] = field(default_factory=dict)
    seen: dict[str, Json] = field(default_factory=dict)
    done: set[tuple[str, str, str]] = field(default_factory=set)
    not_before: dict[str, float] = field(default_factory=dict)
    unanswered: int = 0
    filed: bool = False

    def person(self, user: str) -> Person:
        return self.workspace.person(user)

    async def play(self, over: Callable[["Cast"], bool], seconds: float) -> None:
        """Everybody acts until `over`; TimeoutError with the last texts of the thread when it does not come to that."""
        until = time.monotonic() + seconds
        while True:
            revision = self.workspace.state.changes.revision
            for user, act in ACTS.items():
                self.seen[user] = await self.person(user).see()
                if self.not_before.get(user, 0.0) <= time.monotonic():
                    await self._try(user, act(self))
            if over(self):
                return
            if time.monotonic() > until:
                raise TimeoutError(f"after {seconds} s the story stands at:\n{self.told()}")
            await sleep_until_changed(self.workspace.state, revision, LATER_S)

    async def _try(self, user: str, acting: Awaitable[None]) -> None:
        try:
            await acting
        except WorkspaceError as error:
            if error.code not in NOT_ANSWERED:
                raise
            self.unanswered += 1
            self.not_before[user] = time.monotonic() + LATER_S

    async def click(self, user: str, message: Json, action: str, channel: str = GENERAL) -> bool:
        """Press a button once; True when it was pressed now. Only an answered click counts as pressed."""
        button = button_of(message, action)
        key = (user, action, str(button and button["value"]))
        if button is None or key in self.done:
            return False
        with suppress_gone():
            await self.person(user).click(message, action, channel=channel)
        self.done.add(key)
        return True

    async def requester(self) -> None:
        """Starts the migration, then approves each plan and uses the prompts Ferry chose."""
        if not self.filed:
            await self._start()
        if self.approves_plans:
            for card in self.cards("plan_approve"):
                form = next((form for plan, form in self._forms().items() if card["text"].startswith(plan)), None)
                if form is None:
                    await self.click(REQUESTER, card, "plan_approve")
                else:
                    await self._fill(card, *form)
        for card in self.cards("prompts_use"):
            await self.click(REQUESTER, card, "prompts_use")

    def _forms(self) -> Mapping[str, tuple[str, Json]]:
        """What is asked of a plan before it is approved: the button that opens the form, and what is filled in."""
        rubric = {"text": RUBRIC, "kind": "questions", "name": "Tone"}
        return (
            {"Plan 1 ": ("plan_criteria", rubric), "Plan 2 ": ("plan_metrics", {"judge": self.judge_ref})}
            if self.judge_ref
            else {}
        )

    async def _fill(self, card: Json, action: str, filled: Json) -> None:
        """Open the form and send it, once; a form that never came is asked for again."""
        person, seen, key = self.person(REQUESTER), self.seen[REQUESTER], (REQUESTER, action, str(card["ts"]))
        if key in self.done:
            return
        if seen["modal"] is None:
            with suppress_gone():
                await person.click(card, action, channel=GENERAL)
            self.not_before[REQUESTER] = time.monotonic() + LATER_S
            with suppress(TimeoutError):
                seen["modal"] = await person.modal(action, FORM_S)
        if seen["modal"] is not None:
            answer = await person.submit(filled)
            assert not answer.get("errors"), answer
            self.done.add(key)

    async def _start(self) -> None:
        """When the app dies between the command and its form, the form never comes: then the command is given again."""
        if self.seen[REQUESTER]["modal"] is None:
            await self.person(REQUESTER).command("new")
            self.not_before[REQUESTER] = time.monotonic() + FORM_S
            with suppress(TimeoutError):
                self.seen[REQUESTER]["modal"] = await self.person(REQUESTER).modal("new_migration", FORM_S)
            if self.seen[REQUESTER]["modal"] is None:
                return
        answer = await self.person(REQUESTER).submit(await self.form())
        assert not answer.get("errors"), answer
        self.filed = True
        self.not_before.pop(REQUESTER, None)

    async def form(self) -> Json:
        given: Json = {
            "name": NAME,
            "use_case": "classification",
            "source": "recorded:source",
            "targets": self.script.ref,
            "prompt": PROMPT,
            "smes": [SME_1, SME_2],
            "owner": OWNER,
            "dataset": await self.person(REQUESTER).upload(self.script.dataset),
        }
        return {key: value for key, value in {**given, **self.details}.items() if value is not None}

    async def judge(self, user: str) -> None:
        """Judges the pair on the card; the choice is made by the pair, so that asking again gives the same one."""
        for channel, message in direct(self.seen[user]) if self.judges else []:
            button = button_of(message, "review_a")
            if button is not None:
                action = CHOICES[sum(map(ord, str(button["value"]))) % 3]
                await self.click(user, message, action, channel)

    async def sme_1(self) -> None:
        await self.judge(SME_1)

    async def sme_2(self) -> None:
        await self.judge(SME_2)

    async def owner(self) -> None:
        """Presses at each sign-off what the story says; gives a reason in the form that asks for one."""
        view = self.seen[OWNER]["modal"]
        if view is not None and view["callback_id"] == "decision_note":
            await self.person(OWNER).submit({"note": "The margin has to be wider."})
            return
        for card, action in zip(self.says("Sign-off of"), self.at_sign_off, strict=False):
            await self.click(OWNER, card, action)

    def thread(self) -> list[Json]:
        """What everybody sees in the channel, as the requester sees it last."""
        return messages(self.seen[REQUESTER]) if REQUESTER in self.seen else []

    def cards(self, action: str) -> list[Json]:
        return [message for message in self.thread() if button_of(message, action)]

    def says(self, words: str) -> list[Json]:
        """Messages of the app in the channel with these words in their text or blocks."""
        return [m for m in self.thread() if m.get("bot_id") and (words in m["text"] or words in str(m.get("blocks", "")))]

    def told(self) -> str:
        return "\n".join(f"{m['ts']} {m['text'][:200]}" for m in self.thread())


ACTS: Mapping[str, Callable[[Cast], Awaitable[None]]] = {
    REQUESTER: Cast.requester,
    SME_1: Cast.sme_1,
    SME_2: Cast.sme_2,
    OWNER: Cast.owner,
}


class suppress_gone:  # noqa: N801  used like contextlib.suppress
    """A card that changed between the look and the press: the next look shows what there is to do."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> bool:
        return isinstance(error, WorkspaceError) and error.code in {"action_not_found", "message_not_found"}


def signed(cast: Cast) -> bool:
    """The files are there and the first digest is told."""
    files = [message for message in cast.says("Report of") if len(message.get("files", ())) == 3]
    digest = [message for message in cast.says("Digest of") if "are being run" not in str(message.get("blocks"))]
    return bool(files and digest)


def status(cast: Cast, words: str) -> bool:
    """Whether the status card says these words."""
    return any(words in message["text"] for message in roots(cast))


def roots(cast: Cast) -> list[Json]:
    """The status cards, which start the threads."""
    return [message for message in cast.thread() if message["text"].startswith(f"Migration {NAME}: ")]


def button_of(message: Mapping[str, Any], action: str) -> Json | None:
    return next((element for element in buttons(message) if element.get("action_id") == action), None)


def buttons(message: Mapping[str, Any]) -> Iterator[Json]:
    for block in message.get("blocks", ()):
        if block["type"] == "actions":
            yield from block["elements"]


def direct(seen: Mapping[str, Any]) -> list[tuple[str, Json]]:
    """The app's direct messages to a person, with their channel."""
    return [
        (each["id"], message)
        for each in seen["channels"]
        if each["kind"] == "im"
        for message in each["messages"]
        if message.get("bot_id")
    ]
