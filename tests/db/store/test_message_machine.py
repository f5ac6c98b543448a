"""Any order of showing, sending, failing and deleting: a message is behind when it has something to send, and never stuck."""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from db import Store
from db.records import Message, MessageKind
from tests.stores import START, sqlite_store

T = TypeVar("T")


class MessageMachine(RuleBasedStateMachine):
    """One message, one sender. `slack` is what Slack shows: the revision last sent, or None."""

    def __init__(self) -> None:
        super().__init__()
        self.runner, self.stack, self.folder = asyncio.Runner(), AsyncExitStack(), tempfile.TemporaryDirectory()
        self.store: Store = self.run(self.stack.enter_async_context(sqlite_store(Path(self.folder.name))))
        self.now, self.shown = START, 0
        self.in_flight: int | None = None
        self.slack: int | None = None
        self.show()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        self.deliver()
        self.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    @property
    def message(self) -> Message:
        found = self.run(self.store.messages.get("m"))
        assert found is not None
        return found

    @rule()
    def show(self) -> None:
        self.run(self.store.messages.show("m", migration_id=None, channel="C1", place="root", kind=MessageKind.REPLY))
        self.shown += 1

    @rule()
    def touch(self) -> None:
        self.run(self.store.messages.touch("m"))
        self.shown += 1

    @rule(seconds=st.integers(1, 50))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def take(self) -> None:
        for message in self.run(self.store.messages.due(self.now)):
            assert self.in_flight is None
            assert self.run(self.store.messages.begin("m", message.revision, self.now))
            self.in_flight = message.revision

    @precondition(lambda self: self.in_flight is not None)
    @rule()
    def succeed(self) -> None:
        assert self.in_flight is not None
        self.run(self.store.messages.sent("m", self.in_flight, "171.1", self.now))
        self.slack, self.in_flight = self.in_flight, None

    @precondition(lambda self: self.in_flight is not None)
    @rule(seconds=st.none() | st.integers(0, 30))
    def fail(self, seconds: int | None) -> None:
        try_at = None if seconds is None else self.now + timedelta(seconds=seconds)
        assert self.run(self.store.messages.hold("m", "something failed", try_at))
        self.in_flight = None

    @precondition(lambda self: self.in_flight is not None)
    @rule()
    def give_back(self) -> None:
        assert self.run(self.store.messages.release("m"))
        self.in_flight = None

    @precondition(lambda self: self.slack is not None and self.in_flight is None)
    @rule()
    def delete_in_slack(self) -> None:
        self.run(self.store.messages.forget_ts("m"))
        self.slack = None

    @invariant()
    def it_knows_what_slack_shows(self) -> None:
        message = self.message
        assert (message.revision, message.sent, message.ts is not None) == (self.shown, self.slack or 0, self.slack is not None)
        assert (message.state == "sent") == (self.slack == self.shown)
        assert (message.state == "sending") == (self.in_flight is not None)

    def deliver(self) -> None:
        """Whatever happened, a sender that goes on brings Slack up to date; a message held for a person needs a touch."""
        if self.in_flight is not None:
            self.give_back()
        if (message := self.message).state == "held" and message.try_at is None:
            self.touch()
        self.wait(60)
        self.take()
        if self.in_flight is not None:
            self.succeed()
        assert self.slack == self.shown


MessageMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=20)
TestMessageMachine = MessageMachine.TestCase
