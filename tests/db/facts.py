"""Records the tests of the store begin with."""

from dataclasses import replace
from typing import Any

from db import Store
from db.records import Migration, NewMigration, Question, QuestionKind, Run, RunStatus
from pipeline.records import Dataset, Output, PromptVersion, RunKey, Sample, Score, Split, UseCase
from tests.stores import START

PROMPT = PromptVersion(user="Classify: {question}", system="You are terse.")
NEW = NewMigration(
    origin="view:1", team="T1", channel="C1", name="Support tickets", use_case=UseCase.CLASSIFICATION, source="recorded:today",
    targets=("local:a", "local:b"), requester="U1", owner="U2", smes=("U3", "U4"), prompt=PROMPT,
)  # fmt: skip


async def opened(store: Store, **changes: Any) -> Migration:
    """An open migration."""
    return await store.migrations.open(replace(NEW, **changes))


async def at_prompts(store: Store) -> Migration:
    """A migration whose prompts of round 1 people are asked about."""
    migration = await opened(store)
    asked = Question(migration_id=migration.id, key="prompts:1", kind=QuestionKind.PROMPTS, subject="1", asked_at=START)
    await store.questions.ask(asked)
    return migration


def dataset(size: int = 4) -> Dataset:
    """Samples s0, s1, ... with even ones in dev."""
    samples = tuple(Sample(id=f"s{n}", variables={"question": f"How {n}?"}, reference=f"So {n}.") for n in range(size))
    return Dataset(samples=samples, splits={s.id: Split.DEV if n % 2 == 0 else Split.TEST for n, s in enumerate(samples)})


async def frozen(store: Store, migration: Migration, size: int = 4) -> str:
    """The id of a dataset version of the migration."""
    upload = f"upload:{migration.id}:{size}"
    await store.datasets.add_upload(upload, migration.id, "tickets.csv", "files/1", "U1")
    return (await store.datasets.freeze(upload, dataset(size))).id


async def queued(
    store: Store, migration: Migration, *, run_id: str = "r1", size: int = 4, stage: str = "baseline", model: str = "a"
) -> Run:
    """A queued run over the dev split of a dataset of `size`."""
    key = RunKey(model=model, prompt_hash=PROMPT.hash, split=Split.DEV)
    run = Run(
        id=run_id, migration_id=migration.id, dataset_id=await frozen(store, migration, size), stage=stage, key=key, label=model,
        status=RunStatus.QUEUED, total=size // 2,
    )  # fmt: skip
    return await store.runs.add(run)


def output(sample_id: str, text: str | None = "yes", **more: Any) -> Output:
    return Output(sample_id=sample_id, text=text, **more)


def score(sample_id: str, value: float | None = 1.0, metric: str = "exact_match", **more: Any) -> Score:
    return Score(sample_id=sample_id, metric=metric, value=value, **more)
