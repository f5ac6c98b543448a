"""What methods are asked, put together from the facts: the same for conversions, searches, turns and edits by hand."""

from collections.abc import Awaitable, Callable
from functools import partial

from agent.estimates import writer_ref as named_writer
from agent.worker.journal import StoredJournal
from agent.worker.purse import RestingError
from agent.worker.shelf import Bounded
from agent.worker.tools import Tools
from db.records import DatasetVersion, Plan
from pipeline.errors import InputError
from pipeline.hashing import content_hash
from pipeline.models.prices import Price
from pipeline.prompts.port import Ask
from pipeline.prompts.search.meter import Call
from pipeline.records import Model, Output, Request, Split

WRITER = "FERRY_WRITER, or a judge in the plan"


class Writer:
    """A writer that keeps a place of its model around each call, as everybody else does.

    What it wrote is kept, so that work that was cut short does not pay for it again. Raises RestingError where the budget ends,
    and before a call once the migration rests: the sweep has the work done again when it goes on.
    """

    def __init__(self, model: Bounded, journal: StoredJournal, wanted: Callable[[], Awaitable[bool]]) -> None:
        self.ref, self.concurrency, self._model, self._journal = model.ref, model.concurrency, model, journal
        self._wanted = wanted

    async def answer(self, request: Request) -> Output:
        call = Call(model=self.ref, asked=content_hash(request), sample_id=request.sample_id)
        written = await self._journal.get(call)
        if written is not None:
            return written
        async with self._model.place():
            if not await self._wanted():
                raise RestingError
            written = await self._model.answer(request)
        if written.failure is None:
            await self._journal.keep(call, written)
        elif written.failure.kind == "budget":
            raise RestingError
        return written

    async def close(self) -> None:
        """The model belongs to the shelf."""


async def ask_for(tools: Tools, plan: Plan, dataset: DatasetVersion, target: str) -> Ask:
    """The source's prompt for one target, with dev to learn from; test and the price are for the guards alone."""
    migration = await tools.store.migrations.get(plan.migration_id)
    return Ask(
        prompt=await tools.store.prompts.original(plan.migration_id),
        target=target,
        use_case=migration.use_case,
        dev=await tools.shelf.samples(dataset.id, Split.DEV),
        held_out=await tools.shelf.samples(dataset.id, Split.TEST),
        constraints=plan.criteria.own_texts,
        most_usd=plan.criteria.most_usd,
        price=price_of(tools, target),
        source=plan.source,
        writer=await writer(tools, plan, dataset),
    )


async def writer(tools: Tools, plan: Plan, dataset: DatasetVersion) -> Model | None:
    """The model that may be asked to write prompts: the operator's, else the plan's judge; None where there is neither."""
    ref = writer_ref(tools, plan)
    journal = StoredJournal(store=tools.store, migration_id=plan.migration_id)
    if not ref:
        return None
    return Writer(await tools.shelf.model(ref, dataset.id), journal, partial(tools.may_spend_on, plan.migration_id))


def writer_ref(tools: Tools, plan: Plan) -> str:
    return named_writer(tools.writer, plan.criteria)


def price_of(tools: Tools, ref: str) -> Price | None:
    """None where it is unknown, and then nothing is said about money."""
    try:
        return tools.catalog.prices.of(ref)
    except InputError:
        return None


def in_slack(sentence: str) -> str:
    """A sentence of a method, with the way out there is here."""
    return sentence.replace("no model was named that writes prompts", f"no model was named that writes prompts ({WRITER})")
