"""The two ways of a plan's runs on test, batch jobs and calls on demand: what each takes, and which a person chose."""

from bot.cards.ways import WaysFacts
from db.records import Plan
from db.store import Store
from pipeline.models.batch.router import offer
from pipeline.models.prices import Prices
from pipeline.models.prices.tokens import MEASURED, usage_of_a_call


async def read(store: Store, plan: Plan, prices: Prices) -> WaysFacts | None:
    """None where no model of the plan can be asked by batch."""
    dataset = await store.datasets.latest(plan.migration_id)
    if dataset is None:
        return None
    prompt = await store.prompts.original(plan.migration_id)
    a_call = usage_of_a_call(prompt, await store.datasets.first(dataset.id, MEASURED))
    both = (offer(ref, dataset.test, a_call, prices, tools=prompt.tools is not None) for ref in (plan.source, *plan.targets))
    offers = tuple(each for each in both if not each.why_not)
    return WaysFacts(offers=offers, choice=await store.batches.choice(plan.migration_id)) if offers else None
