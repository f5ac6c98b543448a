"""The cap on what a candidate may cost: what the plan says of it, that it is locked, and that it holds."""

from dataclasses import replace
from pathlib import Path

from agent import cap
from db.records import PlanChange
from pipeline.models.catalog import Catalog
from pipeline.models.prices import Entry, Prices
from pipeline.records import Criteria, MetricChoice, PromptVersion, Sample
from tests.agent.story import open_story

CRITERIA = Criteria(metrics=(MetricChoice(metric="exact_match", primary=True),))
PROMPT = PromptVersion(user="x" * 300)
SAMPLES = [Sample(id="s1", variables={"q": "y" * 300}, reference="z" * 27)]


def priced(**per_million: float) -> Prices:
    return Prices(
        overrides={
            f"bedrock:{name}": Entry(model=name, provider="bedrock", input=usd, output=usd) for name, usd in per_million.items()
        }
    )


async def test_a_plan_suggests_what_the_source_takes_and_names_the_targets_a_cap_leaves_without_a_prompt(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        moved = replace(story.migration, source="bedrock:old", targets=("bedrock:dear", "bedrock:cheap", "bedrock:secret"))
        prices = priced(old=5.0, dear=10.0, cheap=1.0)
        (suggested,) = cap.notes(CRITERIA, moved, PROMPT, SAMPLES, prices)
        assert 'write "at most 1.05 USD per 1,000 calls"' in suggested
        dear, secret = cap.notes(replace(CRITERIA, most_usd=1.05), moved, PROMPT, SAMPLES, prices)
        assert dear.startswith(
            "On bedrock:dear today's prompt would take about 2.10 USD for 1,000 calls, above the cap of 1.05 USD"
        )
        assert secret == "The price of bedrock:secret is unknown, so the cost cap does not hold there."
        assert not list(cap.notes(CRITERIA, replace(moved, source="local:old"), PROMPT, SAMPLES, prices))


async def test_a_cap_that_was_asked_for_is_locked_and_refuses_what_costs_more(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        story.accepts = False
        await story.answer("plan:1", "change", change=PlanChange(most_usd=0.1))
        first, second = [await story.store.plans.get(story.id, number) for number in (1, 2)]
        assert (first.criteria.most_usd, second.criteria.most_usd) == (None, 0.1)
        assert first.criteria.hash != second.criteria.hash
        (target,) = second.targets
        prices = Prices(overrides={target: Entry(model="t", provider="bedrock", input=1.0, output=1.0)})
        story.tools = replace(story.tools, catalog=Catalog(prices=prices))
        await story.answer("plan:2", "approve")
        refusals = {each.prompt.method: each.refusal for each in await story.store.prompts.candidates(story.id, 2)}
        assert refusals["as is"] is None
        assert "the cap is 0.10 USD. Shorten the prompt, or raise the cap." in (refusals["few-shot"] or "")
