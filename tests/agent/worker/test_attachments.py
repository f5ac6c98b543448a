"""A ZIP archive in a thread, to answers about its images; and what is refused before a call, with the sentence people read."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.engine import WorkKind
from agent.worker.shelf import ATTACHMENTS, Shelf, opener
from db.records import MessageKind, MigrationStatus, RunStatus
from pipeline.attachments.store import Kept
from pipeline.models.catalog import Catalog
from pipeline.models.prices.overrides import GivenFacts
from pipeline.prompts.template import parse_prompt, render
from pipeline.records import Attachment, Sample
from tests.agent.story import Story, open_story
from tests.pipeline.attachments.made import archive, image
from tests.pipeline.models.ask import settings
from tests.pipeline.models.peer import Peer, answered, bedrock
from tests.stores import postgres_store

MODEL = "eu.amazon.nova-lite-v1:0"
REF = f"bedrock:{MODEL}"
COLORS = ("red", "green", "blue", "black", "white", "gray", "yellow", "orange")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@asynccontextmanager
async def photos(tmp_path: Path, *, ref: str = REF, **more: object) -> AsyncIterator[tuple[Story, Peer]]:
    """A migration to a model on Bedrock, whose dataset is a ZIP archive of photos that waits to be read."""
    given: dict[str, Any] = {"targets": (ref,), "prompt": parse_prompt("{photo}\n{question}"), **more}
    async with bedrock({MODEL: [answered("red")]}) as peer, open_story(tmp_path, **given) as story:
        kept = story.store.files.root / ATTACHMENTS
        story.tools.shelf.open_ref = opener(settings(endpoint_url=peer.url, stream=False, files=kept))
        await story.conversation.advance(story.id)
        upload = await story.upload(text="")
        lines = [f"s{at},Colour?,{color}.png,{color},{color}" for at, color in enumerate(COLORS)]
        table = "\n".join(["sample_id,question,photo,answer_ground_truth,answer_source_llm", *lines])
        files = {f"{color}.png": image(color) for color in COLORS}
        archive(story.places.files / "uploads" / upload, {"data.csv": table, **files})
        yield story, peer


async def told(story: Story) -> list[str]:
    return [m.body for m in await story.store.messages.of(story.id) if m.kind is MessageKind.PROBLEM]


async def test_an_archive_of_images_is_answered_by_a_model_that_takes_them(tmp_path: Path) -> None:
    async with photos(tmp_path) as (story, peer):
        await story.work()
        dataset = await story.store.datasets.latest(story.id)
        assert dataset is not None
        samples = await story.store.datasets.samples(dataset.id)
        assert {each.attachments[0].name for each in samples} == {f"{color}.png" for color in COLORS}
        assert len(list((story.store.files.root / ATTACHMENTS).iterdir())) == len(COLORS)
        plan = await story.store.plans.latest(story.id)
        assert plan is not None
        assert not [note for note in plan.notes if "falls out" in note]
        story.accepts = False
        await story.answer("plan:1", "approve")
        assert await story.waits_for() == "prompts:1"
        runs = [run for run in await story.store.runs.listed(story.id) if run.key.model == REF]
        assert runs
        assert all(run.status is RunStatus.DONE for run in runs)
        sent = [block for _, _, body in peer.asked for turn in body["messages"] for block in turn["content"]]
        assert {next(iter(block)) for block in sent} == {"image", "text"}
        assert not any(f"{color}.png" in json.dumps(sent) for color in COLORS)


async def test_a_target_of_text_falls_out_in_the_plan_and_is_never_called(tmp_path: Path) -> None:
    async with photos(tmp_path, ref="bedrock:amazon.nova-micro-v1:0") as (story, peer):
        await story.work()
        plan = await story.store.plans.latest(story.id)
        assert plan is not None
        assert any(note.startswith("bedrock:amazon.nova-micro-v1:0 falls out of the shortlist") for note in plan.notes)
        assert any(note.startswith("The cheapest models on Bedrock that take images") for note in plan.notes)
        await story.answer("plan:1", "approve")
        migration = await story.store.migrations.get(story.id)
        assert migration.status is MigrationStatus.STUCK
        assert "No call was made. The samples hold images" in (migration.problem or "")
        assert peer.asked == []


async def test_samples_that_cannot_fit_fail_without_a_call_and_the_others_are_asked(tmp_path: Path) -> None:
    async with photos(tmp_path, prompt=parse_prompt("{question}")) as (story, peer):
        facts = GivenFacts(context=100, takes=("image",), source="a test", date="2026-11-01")
        catalog = Catalog(facts={REF: facts})
        story.tools = replace(story.tools, catalog=catalog, shelf=replace(story.tools.shelf, catalog=catalog))
        path = story.places.files / "uploads" / f"{story.id}-F1"
        lines = [f'{at},"{f"{color} " * (400 if at % 2 else 3)}",{color},{color}' for at, color in enumerate(COLORS)]
        path.write_text("\n".join(["sample_id,question,answer_ground_truth,answer_source_llm", *lines]))
        await story.work()
        story.accepts = False
        await story.decide("plan:1", "approve")
        await story.conversation.advance(story.id)
        await story.work()
        runs = [run for run in await story.store.runs.listed(story.id) if run.key.model == REF]
        outputs = [output for run in runs for output in await story.store.runs.outputs(run.id)]
        failed = {output.sample_id for output in outputs if output.failure and output.failure.kind == "context_overflow"}
        assert failed
        assert failed <= {"1", "3", "5", "7"}
        assert " ".join(["green"] * 9) not in json.dumps([body for _, _, body in peer.asked])
        assert len(peer.asked) == sum(output.failure is None for output in outputs) > 0
        assert any(
            "surely too long for" in each and "window is 100 tokens (a test, 2026-11-01)" in each for each in await told(story)
        )


async def test_a_parameter_that_would_be_refused_stops_the_run_before_it_is_paid(tmp_path: Path) -> None:
    prompt = parse_prompt("{photo} {question}")
    hot = replace(prompt, parameters=replace(prompt.parameters, temperature=1.7))
    async with photos(tmp_path, source=REF, prompt=hot) as (story, peer):
        await story.work()
        await story.answer("plan:1", "approve")
        migration = await story.store.migrations.get(story.id)
        assert "The temperature 1.7 is outside 0 to 1" in (migration.problem or "")
        assert peer.asked == []


async def test_a_frozen_file_without_its_images_is_refused(tmp_path: Path) -> None:
    from pipeline.dataset import storage
    from pipeline.dataset.freeze import freeze

    async with photos(tmp_path) as (story, _):
        path = story.places.files / "uploads" / f"{story.id}-F1"
        storage.dump(freeze(path, name="data.zip"), path)
        await story.work(WorkKind.INGEST)
        assert any("8 of its images and PDFs are not here" in each for each in await told(story))


async def test_a_host_that_did_not_take_the_dataset_in_fetches_an_image_before_its_call(tmp_path: Path) -> None:
    content = image("red")
    async with postgres_store(tmp_path / "here") as store:
        name = Kept(store.files.root / ATTACHMENTS).keep(content)
        await store.files.share(f"{ATTACHMENTS}/{name}")
        store.files = replace(store.files, root=tmp_path / "there")
        photo = Attachment(variable="photo", format="png", name="red.png", sha256=name, size=len(content))
        sample = Sample(id="s1", variables={"photo": photo.placeholder}, attachments=(photo,))
        async with bedrock({MODEL: [answered("red")]}) as peer:
            given = settings(endpoint_url=peer.url, stream=False, files=tmp_path / "there" / ATTACHMENTS)
            shelf = Shelf(store=store, open_ref=opener(given))
            output = await (await shelf.model(REF, "d1")).answer(render(parse_prompt("{photo}"), sample))
            await shelf.close()
    assert output.text == "red"
