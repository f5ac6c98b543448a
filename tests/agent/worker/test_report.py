"""What the worker puts into a report from the facts: prices, dev scores, groups of errors, and an earlier look at test."""

from dataclasses import replace
from pathlib import Path

from bot import facts
from db.records import Message, MessageKind, PlanChange
from pipeline.models.catalog import Catalog
from pipeline.models.prices import Entry, Prices
from pipeline.report.recompute import recompute
from pipeline.report.records import Report
from pipeline.report.storage import loads, read
from tests.agent.story import OWNER, Story, open_story


async def latest(story: Story) -> Report:
    stored = await story.store.reports.latest(story.id)
    assert stored
    assert recompute(read(stored.json), signed_hash=stored.hash).agrees
    return loads(stored.json)


async def test_a_report_has_prices_dev_scores_and_groups_of_errors_and_agrees_with_its_cells(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        report = await latest(story)
    assert report.prices["recorded:gpt-4o"].output == 10.0
    assert not report.arms[0].cost.charged
    assert report.source.cost.note == "token counts unknown"
    chosen = [choice for choice in report.dev if choice.chosen]
    assert chosen
    assert all(choice.scores and choice.config for choice in chosen)
    winner = next(arm for arm in report.arms if "winner" in arm.bar)
    assert {group.arm for group in report.error_groups} == {winner.label}
    assert report.second_look == ""


async def test_the_operators_prices_are_used(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        own = Entry(model="mine", provider="recorded", input=1.0, output=7.0)
        story.tools = replace(story.tools, catalog=Catalog(prices=Prices(overrides={"recorded:gpt-4o": own})))
        await story.to_sign_off()
        assert (await latest(story)).prices["recorded:gpt-4o"].output == 7.0


async def test_a_second_look_at_test_is_printed_with_who_asked_for_it(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        first = await latest(story)
        await story.decide("sign_off:1", "request_changes", by=OWNER, note="Please widen\nthe margin.")
        await story.conversation.advance(story.id)
        await story.work()
        await story.answer("plan:2", "approve")
        await story.answer("review:2", "close")
        second = await latest(story)
    assert second.second_look.startswith(f"report 1 ({first.hash[:16]}) was made from it. Changes were asked for by {OWNER}")
    assert "“Please widen the margin.”" in second.second_look
    assert "looked at before" in second.caveats[0]


async def test_the_thread_gets_the_comparison_the_costs_and_the_charts(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.to_sign_off()
        stored = await story.store.reports.latest(story.id)
        assert stored
        told = {m.key.partition(":")[0]: m for m in await story.store.messages.of(story.id) if m.subject.startswith(stored.hash)}
        kinds = {name: message.kind for name, message in told.items()}
        assert kinds == {"table": MessageKind.TABLE, "costs": MessageKind.TABLE, "charts": MessageKind.FILES}
        assert (await facts.table(story.store, told["table"])).part == ""
        assert (await facts.table(story.store, told["costs"])).part == "costs"
        charts = await facts.files(story.store, told["charts"])
        rest = await facts.files(story.store, _without_part(told["charts"]))
    assert [name.rpartition("/")[2] for name in charts.files] == ["report.png", "tradeoff.png"]
    assert [name.rpartition("/")[2] for name in rest.files] == ["report.html", "report.xlsx", "report.json"]


def _without_part(message: Message) -> Message:
    return replace(message, subject=message.subject.partition("#")[0])


async def test_calls_a_month_that_a_person_told_make_the_projection(tmp_path: Path) -> None:
    async with open_story(tmp_path) as story:
        await story.conversation.advance(story.id)
        await story.upload()
        await story.work()
        await story.answer("plan:1", "change", change=PlanChange(monthly_calls=120_000))
        await story.answer("plan:2", "change", change=PlanChange(review_pairs=0))
        await story.answer("plan:3", "approve")
        assert (await latest(story)).monthly_calls == 120_000
        assert await story.waits_for() == "sign_off:3"
