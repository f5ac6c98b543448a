"""What work shares in a process: each model opened once and never asked more than it takes, and the samples read last."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from agent import arms
from agent.planning import provider
from agent.worker.purse import StoredPurse
from db.records import Run
from db.store import Store
from pipeline.metrics.judge.port import Bench
from pipeline.models.catalog import Catalog
from pipeline.models.charging import Charged
from pipeline.models.sampling import refused_of
from pipeline.models.settings import ModelSettings
from pipeline.prompts.fit import Fitted
from pipeline.prompts.search.order import shuffled
from pipeline.records import Attachment, JudgeChoice, Model, Output, Request, Sample, Split

KEPT = 4
ATTACHMENTS = "attachments"
"""The folder of images and PDFs within the data folder, by the hash of their content."""
Opener = Callable[[str, Iterable[Sample]], Model]


Fetch = Callable[[Attachment], Awaitable[None]]


async def _nothing(_: Attachment) -> None:
    """Everything is there already."""


class Bounded:
    """A model with as many places as it takes calls; callers hold one around `answer`, and waiting for it is not latency.

    For a provider's model that is the most that may ever be open: how many are open now, and how fast they are begun, its limiter
    decides at each attempt.

    A chunk holds a lane while it is answered. A model of one place has one: its cache of the prompt's beginning, worth ten times
    the speed, lasts only while one prompt is asked at a time. Others have two, so that one fills what the end of another leaves.
    """

    def __init__(self, model: Model, fetch: Fetch = _nothing) -> None:
        self._model, self._fetch = model, fetch
        self._places = asyncio.Semaphore(model.concurrency)
        self.lanes = min(2, model.concurrency)
        self._lanes, self._whole = asyncio.Semaphore(self.lanes), asyncio.Lock()
        self.ref, self.concurrency = model.ref, model.concurrency

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Every lane at once: nothing of this model is answered beside it in this worker."""
        async with AsyncExitStack() as held:
            async with self._whole:
                for _ in range(self.lanes):
                    await held.enter_async_context(self._lanes)
            yield

    def place(self) -> asyncio.Semaphore:
        return self._places

    def lane(self) -> asyncio.Semaphore:
        return self._lanes

    async def answer(self, request: Request) -> Output:
        for each in request.attachments:
            await self._fetch(each)
        return await self._model.answer(request)

    def refused(self) -> frozenset[str] | None:
        return refused_of(self._model)

    async def close(self) -> None:
        await self._model.close()


def opener(settings: ModelSettings) -> Opener:
    """Opens what a ref names, with these settings."""

    def open_ref(ref: str, samples: Iterable[Sample]) -> Model:
        from pipeline.models import open_model

        return open_model(ref, samples=samples, settings=settings)

    return open_ref


@dataclass(slots=True, kw_only=True)
class Shelf:
    """Models by ref (recorded ones by dataset too) and samples by dataset and split; the samples least used go first.

    Calls are charged at the prices of `catalog` to the purse of the migration they are made for; `holder` sets aside for them.
    `settings` are how embedding models are reached.
    """

    store: Store
    open_ref: Opener
    catalog: Catalog = field(default_factory=Catalog)
    holder: str = "worker"
    settings: ModelSettings = field(default_factory=ModelSettings)
    purse: StoredPurse = field(init=False)
    models: dict[tuple[str, str], Bounded] = field(default_factory=dict)
    kept: OrderedDict[tuple[str, Split | None], tuple[Sample, ...]] = field(default_factory=OrderedDict)
    benches: dict[JudgeChoice, Bench] = field(default_factory=dict)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.purse = StoredPurse(self.store, self.holder)

    def open(self, ref: str, samples: Iterable[Sample] = ()) -> Model:
        """A model of its own, whose calls are charged. Raises InputError for a ref that names nothing."""
        return Charged(self.open_ref(ref, samples), self.catalog.prices, self.purse)

    async def model(self, ref: str, dataset_id: str) -> Bounded:
        """Raises InputError for a ref that names nothing."""
        recorded = provider(ref) == "recorded"
        key = (ref, dataset_id if recorded else "")
        async with self.opening:
            if key not in self.models:
                samples = await self.store.datasets.samples(dataset_id) if recorded else ()
                opened = Fitted(await asyncio.to_thread(self.open, ref, samples), self.catalog)
                self.models[key] = Bounded(opened, self._fetch)
            return self.models[key]

    async def _fetch(self, attachment: Attachment) -> None:
        """Another host may have taken the dataset in: its files come into this one's folder once."""
        if attachment.sha256:
            await self.store.files.path(f"{ATTACHMENTS}/{attachment.sha256}")

    async def bench(self, choice: JudgeChoice) -> Bench:
        """The judge of a plan, opened once, with every ruling it ever made. Raises InputError for a ref that names nothing."""
        async with self.opening:
            if choice not in self.benches:
                self.benches[choice] = await self.closing.enter_async_context(self.open_bench(choice))
            return self.benches[choice]

    def open_bench(self, choice: JudgeChoice) -> AbstractAsyncContextManager[Bench]:
        """A bench of its own, whose every call is charged, closed at the end."""
        from pipeline.metrics.judge.bench import open_bench
        from pipeline.metrics.judge.charged import ChargedEmbedding

        return open_bench(
            choice,
            self.store.rulings,
            settings=self.settings,
            models=lambda ref, **_settings: self.open(ref),
            paid=lambda model: ChargedEmbedding(model, self.catalog.prices, self.purse),
        )

    async def samples(self, dataset_id: str, split: Split | None = None) -> tuple[Sample, ...]:
        """In the order of the file."""
        key = (dataset_id, split)
        if key not in self.kept:
            self.kept[key] = await self.store.datasets.samples(dataset_id, split)
        self.kept.move_to_end(key)
        while len(self.kept) > KEPT:
            self.kept.popitem(last=False)
        return self.kept[key]

    async def of_run(self, run: Run) -> tuple[Sample, ...]:
        """The samples a run covers, in its order: candidates spend dev shuffled, rung by rung; others go by the file."""
        samples = await self.samples(run.dataset_id, run.key.split)
        return shuffled(samples)[: run.total] if arms.is_candidate(run) else samples

    async def close(self) -> None:
        await self.closing.aclose()
        while self.models:
            await self.models.popitem()[1].close()
