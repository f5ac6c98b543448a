"""What is said about money: sums where prices are known, the other models by name, and never a made-up figure."""

from dataclasses import replace
from pathlib import Path

from bot.spending import NOTHING, Bill, sentence, spent
from pipeline.models.prices import Entry, Prices
from pipeline.models.providers.scripted import ScriptedModel
from tests.agent.story import open_story
from tests.agent.worker.test_scoring import JUDGE, judge_with, polite, to_a_plan_with_a_judge

PRICES = Prices(overrides={"bedrock:a": Entry(model="a", provider="bedrock", input=2.0, output=10.0)})


def said(*bills: Bill) -> str:
    """Without the invisible joiners that keep a ref from becoming a link."""
    return sentence(bills, PRICES).replace("\u2060", "")


def bill(ref: str, **more: int) -> Bill:
    return Bill(ref=ref, calls=10, input_tokens=1_000_000, output_tokens=100_000, **more)


def test_what_is_known_is_added_up_and_what_is_not_is_named() -> None:
    assert said() == NOTHING
    assert said(bill("bedrock:a")) == "about 3.00 USD for 10 calls"
    assert said(bill("bedrock:a"), bill("bedrock:zz")) == (
        "about 3.00 USD for 10 calls; 10 calls of bedrock:zz (price not known)"
    )
    assert said(bill("bedrock:a", unmetered=4)) == ("about 3.00 USD for 6 calls; 4 calls of bedrock:a (without token counts)")


def test_what_was_charged_counts_before_list_prices() -> None:
    assert said(replace(bill("bedrock:a"), usd=1.5)) == "about 1.50 USD for 10 calls"


def test_many_unknown_models_are_counted() -> None:
    assert said(*(bill(f"bedrock:m{n}") for n in range(5))).endswith("and 2 more")


async def test_the_judge_is_paid_for_where_it_is_charged_and_scripts_are_not(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        judge_with(story, ScriptedModel(polite, ref=JUDGE))
        await to_a_plan_with_a_judge(story)
        await story.answer("plan:2", "approve")
        runs = await story.store.runs.listed(story.id)
        assert await spent(story.store, runs, Prices()) == NOTHING
        used = await story.store.runs.used([run.id for run in runs])
        assert sum(use.answered.calls for use in used) == sum(run.stored for run in runs if run.stage != "baseline") + sum(
            use.unmetered for use in used
        )
        assert sum(use.judged.calls for use in used) > 0
        assert [use.run_id for use in used] == [run.id for run in runs]
