"""The model that comes with Ferry, really run: about ten seconds, all in one worker."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import perf_counter

import pytest

from pipeline.errors import InputError, PermanentError
from pipeline.models import open_model
from pipeline.models.providers import llama, weights
from pipeline.records import Model
from tests.pipeline.models.ask import request, settings

pytestmark = pytest.mark.xdist_group("local model")
REF = "local:gemma3-270m"
SHOTS = "Capital of Italy: Rome\nCapital of Spain: Madrid\nCapital of France:"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("models")
    yield folder
    for file in folder.iterdir():
        file.unlink()


@pytest.fixture(scope="module")
def loaded(cache: Path) -> Iterator[None]:
    """Keeps the server on loan, so that it is loaded once for all tests here."""
    server = llama.lend(weights.bundled_file(cache), context=4096, threads=None)
    yield
    llama.take_back(server)
    assert llama._servers == {}
    assert not server.folder.exists()


@pytest.fixture
async def model(cache: Path, loaded: None) -> AsyncIterator[Model]:
    opened = open_model(REF, settings=settings(cache=cache))
    yield opened
    await opened.close()


async def test_a_few_shots_are_continued_streamed_and_counted(model: Model) -> None:
    outputs = [await model.answer(request(SHOTS, max_tokens=8, stop=("\n",))) for _ in range(2)]
    assert [o.text for o in outputs] == ["Paris", "Paris"]
    first = outputs[0]
    assert first.usage is not None
    assert first.ttft_s is not None
    assert first.latency_s is not None
    assert (first.stop_reason, first.usage.output_tokens > 0, 0 < first.ttft_s <= first.latency_s) == ("end_turn", True, True)
    assert first.usage == outputs[1].usage


async def test_the_longest_answer_and_a_schema_hold(model: Model) -> None:
    cut = await model.answer(request("1, 2, 3,", max_tokens=4))
    assert (cut.stop_reason, cut.usage and cut.usage.output_tokens) == ("max_tokens", 4)
    shaped = await model.answer(request("Once upon a time", max_tokens=20, json_schema='{"enum":["card_arrival","lost_card"]}'))
    assert shaped.text in {'"card_arrival"', '"lost_card"'}


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"text": "word " * 6000}, "context_overflow"),
        ({"json_schema": '{"type":"nonsense"}'}, "validation"),
        ({"json_schema": "{"}, "validation"),
    ],
)
async def test_what_cannot_be_answered_says_why(model: Model, parameters: dict[str, str], kind: str) -> None:
    output = await model.answer(request(**parameters))
    assert output.text is None
    assert output.failure is not None
    assert output.failure.kind == kind


async def test_a_cancelled_call_leaves_the_model_free(model: Model) -> None:
    call = asyncio.create_task(model.answer(request("Tell a story.", max_tokens=3000)))
    await asyncio.sleep(0.5)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    started = perf_counter()
    output = await model.answer(request(SHOTS, max_tokens=2, stop=("\n",)))
    assert perf_counter() - started < 30
    assert output.text == "Paris"


async def test_an_answer_that_takes_too_long_is_a_timeout(cache: Path, loaded: None) -> None:
    model = open_model(REF, settings=settings(cache=cache, timeout_s=0.3))
    started = perf_counter()
    output = await model.answer(request("Tell a story.", max_tokens=3000))
    assert output.failure is not None
    assert output.failure.kind == "timeout"
    assert perf_counter() - started < 30
    await model.close()


async def test_a_chat_goes_through_a_template_where_it_is_wanted(cache: Path, loaded: None) -> None:
    tokens = {}
    for chat in (False, True):
        model = open_model(REF, settings=settings(cache=cache, chat=chat))
        output = await model.answer(request("Hello", system="Be kind.", max_tokens=1))
        assert output.usage is not None
        tokens[chat] = output.usage.input_tokens
        await model.close()
    assert tokens[True] > tokens[False] + 5


def test_the_file_is_checked_and_mended(cache: Path, loaded: None) -> None:
    path = weights.bundled_file(cache)
    assert not llama.has_chat_template(path)
    whole = weights.file_hash(path)
    broken = cache / "other" / path.name
    broken.parent.mkdir()
    broken.write_bytes(b"GGUF, but not all of it")
    assert weights.file_hash(weights.bundled_file(broken.parent)) == whole
    assert [p.name for p in broken.parent.iterdir()] == [path.name]
    broken.unlink()
    broken.parent.rmdir()


async def test_a_file_that_is_no_model_is_refused_before_or_at_the_first_call(tmp_path: Path) -> None:
    text, hollow = tmp_path / "a.gguf", tmp_path / "b.gguf"
    text.write_text("hello")
    hollow.write_bytes(b"GGUF" + b"\0" * 100 + b"tokenizer.chat_template")
    for name in (text, tmp_path / "missing.gguf", "gemma4"):
        with pytest.raises(InputError, match="local:gemma3-270m"):
            open_model(f"local:{name}")
    assert llama.has_chat_template(hollow)
    model = open_model(f"local:{hollow}")
    output = await model.answer(request())
    assert output.failure is not None
    assert output.failure.kind == "unknown_model"
    await model.close()


def test_a_folder_that_takes_no_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PermanentError, match="cannot be written"):
        weights.bundled_file(tmp_path / "file" / "models")
