"""Opening models by reference; scripted and recorded ones; waiting between attempts; threads."""

import asyncio
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.models import ScriptedModel, notice, open_model
from pipeline.models.failures import failure
from pipeline.models.retry import with_retries
from pipeline.models.threads import Threads
from pipeline.records import Output, RecordedOutput, Sample, Tool, Usage
from tests.pipeline.models.ask import Sleeps, request, settings


@pytest.mark.parametrize("ref", ["", "gpt-4o", "nowhere:gpt-4o", "bedrock:", "local: "])
def test_a_reference_that_names_nothing_is_told_what_exists(ref: str) -> None:
    with pytest.raises(InputError, match=r"local:gemma3-270m.*bedrock:<model id"):
        open_model(ref)


async def test_a_recorded_model_gives_back_what_was_recorded() -> None:
    recorded = RecordedOutput(text="Yes.", latency_s=0.8, usage=Usage(input_tokens=9, output_tokens=2))
    samples = (Sample(id="s1", variables={}, recorded=recorded), Sample(id="s2", variables={}))
    model = open_model("recorded:gpt-4o", samples=iter(samples))
    output, missing = await model.answer(request()), await model.answer(request(sample_id="s2"))
    assert (model.ref, output.text, output.latency_s, output.usage) == ("recorded:gpt-4o", "Yes.", 0.8, recorded.usage)
    assert missing.failure == failure("not_recorded")
    await model.close()


async def test_a_script_answers_by_sample_and_logs_every_call(tmp_path: Path) -> None:
    log, path = tmp_path / "calls", tmp_path / "script.json"
    path.write_text(
        json.dumps({"answers": {"s1": "one"}, "default": "other", "latency_s": 0.5, "concurrency": 3, "log": str(log)})
    )
    sleeps = Sleeps()
    model = open_model(f"scripted:{path}", settings=settings(sleep=sleeps))
    texts = [(await model.answer(request(sample_id=sample_id))).text for sample_id in ("s1", "s2", "s1")]
    assert (texts, model.concurrency, sleeps.asked) == (["one", "other", "one"], 3, [0.5] * 3)
    assert log.read_text().split() == ["s1", "s2", "s1"]


@pytest.mark.parametrize("text", ["[]", "{", '{"answer": {}}', '{"answers": []}'])
def test_a_script_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "script.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"script\.json"):
        open_model(f"scripted:{path}")


async def test_a_script_answers_by_what_is_asked_where_no_sample_is_named(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"answers": {"s1": "one"}, "matches": [["card.*stolen", "block it"], ["card", "wait"]]}))
    model = open_model(f"scripted:{path}", settings=settings())
    asked = ("s1", "a card"), ("s2", "my card\nwas stolen"), ("s3", "my card"), ("s4", "hello")
    said = [await model.answer(request(text, sample_id=name)) for name, text in asked]
    assert [output.text for output in said] == ["one", "block it", "wait", None]
    path.write_text('{"matches": [["(", "x"]]}')
    with pytest.raises(InputError, match="regular expression"):
        open_model(f"scripted:{path}", settings=settings())


async def test_a_local_model_calls_no_tools_and_says_so_before_it_loads() -> None:
    asked = replace(request(), tool=Tool(name="answer", schema="{}"))
    output = await open_model("local:gemma3-270m", settings=settings()).answer(asked)
    assert output.failure is not None
    assert output.failure.kind == "validation"


async def test_a_scripted_function_may_fail() -> None:
    said = Output(sample_id="s1", text=None, failure=failure("throttled"))
    model = ScriptedModel(lambda asked: said if asked.sample_id == "s1" else asked.turns[0].text.upper())
    assert await model.answer(request()) is said
    assert (await model.answer(request("abc", sample_id="s2"))).text == "ABC"
    assert (await ScriptedModel({}).answer(request())).failure == failure("not_recorded")


def test_only_the_bundled_model_carries_a_licence_notice() -> None:
    assert "Gemma Terms of Use" in (notice("local:gemma3-270m") or "")
    assert notice("bedrock:anthropic.claude-v2") is None


async def test_waits_grow_to_the_limit_and_are_scaled_by_chance() -> None:
    sleeps, chances, calls = Sleeps(), iter([0.5, 1.0, 0.25, 1.0]), []

    async def throttled() -> Output:
        calls.append(1)
        return Output(sample_id="s1", text=None, failure=failure("throttled"))

    chosen = settings(sleep=sleeps, jitter=lambda: next(chances), attempts=5, backoff_s=2.0, backoff_limit_s=7.0)
    output = await with_retries(throttled, chosen)
    assert (sleeps.asked, len(calls), output.attempts) == ([1.0, 4.0, 1.75, 7.0], 5, 5)


async def test_a_thread_nobody_waits_for_keeps_its_place_until_it_ends() -> None:
    threads: Threads[str] = Threads(1)
    free, seen = threading.Event(), []

    def stubborn(stop: threading.Event) -> str:
        free.wait(5)
        seen.append(stop.is_set())
        return "late"

    call = asyncio.create_task(threads.run(stubborn))
    await asyncio.sleep(0.05)
    call.cancel()
    following = asyncio.create_task(threads.run(lambda _stop: "next"))
    await asyncio.sleep(0.05)
    assert not following.done()
    free.set()
    assert await following == "next"
    await threads.idle()
    assert (call.cancelled(), seen) == (True, [True])
