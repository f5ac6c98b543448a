"""A migration for these tests: a real store, real checkpoints, a scripted target and an engine that works on request."""

import csv
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.conversation import Conversation, open_conversation
from agent.engine import WorkKind
from agent.worker.shelf import Shelf, opener
from agent.worker.tools import Tools
from agent.worker.work import perform
from db import Store, open_store
from db.places import Places
from db.records import Choice, Decision, Migration, NewMigration, PlanChange, Preference, QuestionKind
from pipeline.models.settings import ModelSettings
from pipeline.prompts.template import parse_prompt
from pipeline.records import UseCase
from tests.stores import sqlite_store

DEMO = Path(__file__).parents[2] / "pipeline" / "data" / "demo" / "banking_intents.csv"
PROMPT = "Message: {question}\nIntent:"
REQUESTER, SME, OWNER = "U0REQUESTER", "U0SME1", "U0OWNER"


class PatientEngine:
    """Keeps what is submitted until `Story.work` does it; the same key waits once."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[WorkKind, str, tuple[str, ...]]] = deque()
        self.submitted: list[tuple[WorkKind, str]] = []

    async def submit(self, kind: WorkKind, key: str, *args: str) -> None:
        self.submitted.append((kind, key))
        if (kind, key, args) not in self.waiting:
            self.waiting.append((kind, key, args))


@dataclass(kw_only=True)
class Story:
    places: Places
    store: Store
    engine: PatientEngine
    conversation: Conversation
    tools: Tools
    migration: Migration
    script: Path
    uploads: int = field(default=0)
    accepts: bool = True
    """Whether the requester uses the prompts Ferry chose, as soon as they are asked."""

    @property
    def id(self) -> str:
        return self.migration.id

    async def work(self, *kinds: WorkKind) -> None:
        """Do what is waiting, of these kinds or of all, and what follows from it."""
        aside: deque[tuple[WorkKind, str, tuple[str, ...]]] = deque()
        while self.engine.waiting or await self._accepts():
            if not self.engine.waiting:
                continue
            kind, key, args = self.engine.waiting.popleft()
            if kinds and kind not in kinds:
                aside.append((kind, key, args))
            else:
                await perform(self.tools, kind, args)
        self.engine.waiting.extend(aside)

    async def _accepts(self) -> bool:
        """Use the prompts, where that is asked and nothing else is waiting."""
        question = await self.store.questions.pending(self.id) if self.accepts else None
        if question is None or question.kind is not QuestionKind.PROMPTS:
            return False
        if not await self.decide(question.key, "use"):
            return False
        await self.conversation.advance(self.id)
        return True

    async def upload(self, samples: int = 24, *, text: str | None = None) -> str:
        """Drop a file into the thread: the first samples of the demo's dataset, or `text`."""
        self.uploads += 1
        upload_id = f"{self.id}-F{self.uploads}"
        path = self.places.files / "uploads" / upload_id
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if text is not None else dataset_csv(samples), encoding="utf-8")
        await self.store.datasets.add_upload(upload_id, self.id, "intents.csv", f"uploads/{upload_id}", REQUESTER)
        await self.engine.submit(WorkKind.INGEST, upload_id, upload_id)
        return upload_id

    async def decide(
        self, question: str, answer: str, *, by: str = REQUESTER, note: str = "", change: PlanChange | None = None
    ) -> bool:
        """Write a decision as a click does, without moving anything; True when it is the one that stands."""
        decision = Decision(
            migration_id=self.id, question=question, answer=answer, by=by, at=datetime.now(UTC), note=note, change=change
        )
        return (await self.store.questions.decide(decision))[1]

    async def answer(self, question: str, answer: str, *, by: str = REQUESTER, change: PlanChange | None = None) -> None:
        """A click, and everything that follows from it without people."""
        await self.decide(question, answer, by=by, change=change)
        await self.conversation.advance(self.id)
        await self.work()

    async def judge(self, number: int, sme: str = SME, *, leave: int = 0) -> int:
        """Prefer the first answer of every pair this SME has, but for the last `leave`; how many were judged."""
        judged, (done, total) = 0, (await self.store.reviews.progress(self.id, number))[sme]
        while judged < total - done - leave:
            assignment = await self.store.reviews.next_for(self.id, number, sme)
            assert assignment
            said = Preference(assignment_id=assignment.id, choice=Choice.A, by=sme, at=datetime.now(UTC))
            await self.store.reviews.prefer(said)
            judged += 1
        return judged

    async def waits_for(self) -> str | None:
        question = await self.store.questions.pending(self.id)
        return question.key if question else None

    async def to_prompts(self) -> None:
        """From the start to the question whether the prompts are used, which nobody answers by themselves."""
        self.accepts = False
        await self.conversation.advance(self.id)
        await self.upload()
        await self.work()
        await self.answer("plan:1", "approve")

    async def to_review(self) -> None:
        """From the start to the question whose answer the SMEs give."""
        await self.conversation.advance(self.id)
        await self.upload()
        await self.work()
        await self.answer("plan:1", "approve")

    async def to_sign_off(self) -> None:
        await self.to_review()
        await self.answer("review:1", "close")

    async def refs(self) -> Mapping[str, int]:
        """Outputs stored by run label and stage."""
        return {f"{run.stage} {run.key.model} {run.label}": run.stored for run in await self.store.runs.listed(self.id)}


def demo_lines(samples: int) -> list[dict[str, str]]:
    with DEMO.open(encoding="utf-8", newline="") as file:
        return [line for line, _ in zip(csv.DictReader(file), range(samples), strict=False)]


def dataset_csv(samples: int) -> str:
    columns = ["sample_id", "question", "answer_ground_truth", "answer_source_llm", "latency_source_llm"]
    lines = [[line[column] for column in columns] for line in demo_lines(samples)]
    return "\n".join(",".join(f'"{cell.replace(chr(34), "")}"' for cell in line) for line in [columns, *lines]) + "\n"


def write_script(home: Path, name: str = "target", **more: object) -> Path:
    """A target that is right about every sample but each fifth."""
    answers = {
        line["sample_id"]: line["answer_ground_truth"] if number % 5 else "something_else"
        for number, line in enumerate(demo_lines(200))
    }
    path = home / f"{name}.json"
    path.write_text(json.dumps({"answers": answers, "log": str(home / f"{name}.log"), **more}), encoding="utf-8")
    return path


def new_migration(targets: object, **more: object) -> NewMigration:
    given: dict[str, object] = {
        "origin": "delivery-1",
        "team": "T1",
        "channel": "C1",
        "name": "Banking intents",
        "use_case": UseCase.CLASSIFICATION,
        "source": "recorded:gpt-4o",
        "targets": targets,
        "requester": REQUESTER,
        "owner": OWNER,
        "smes": (SME,),
        "prompt": parse_prompt(PROMPT),
    }
    return NewMigration(**{**given, **more})  # type: ignore[arg-type]


@asynccontextmanager
async def open_story(
    home: Path, *, script: dict[str, Any] | None = None, database_url: str | None = None, **more: object
) -> AsyncIterator[Story]:
    """A migration nobody has moved yet, in `home` or with its facts in `database_url`; `more` are fields of NewMigration."""
    async with _store(home, database_url) as store:
        path = write_script(home, **(script or {}))
        migration = await store.migrations.open(new_migration(**{"targets": (f"scripted:{path}",), **more}))
        async with reopen_story(home, store, migration, path, database_url=database_url) as story:
            yield story


@asynccontextmanager
async def _store(home: Path, database_url: str | None) -> AsyncIterator[Store]:
    if database_url is None:
        async with sqlite_store(home / "data") as store:
            yield store
        return
    (home / "data").mkdir()
    store = await open_store(Places(home=home / "data", database_url=database_url))
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def reopen_story(
    home: Path, store: Store, migration: Migration, script: Path, *, database_url: str | None = None
) -> AsyncIterator[Story]:
    """The same migration in what would be another process: a new graph on the same checkpoints, a new engine."""
    places, engine = Places(home=home / "data", database_url=database_url), PatientEngine()
    async with open_conversation(places, store, engine) as conversation:
        tools = Tools(
            store=store,
            engine=engine,
            conversation=conversation,
            shelf=Shelf(store=store, open_ref=opener(ModelSettings())),
            places=places,
            clock=lambda: datetime.now(UTC),
        )
        yield Story(
            places=places,
            store=store,
            engine=engine,
            conversation=conversation,
            tools=tools,
            migration=migration,
            script=script,
        )
