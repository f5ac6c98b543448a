"""Embedders: the hashing one by what it promises, those of Bedrock on the wire."""

import json
import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.metrics.judge.embedders import HashingEmbedder, caveat, cosine, open_embedder
from pipeline.metrics.judge.port import JudgeError, Tab
from pipeline.metrics.judge.rulings import MemoryRulings
from tests.pipeline.models.ask import settings as model_settings
from tests.pipeline.models.peer import Peer, Said, bedrock, error

TITAN, COHERE = "amazon.titan-embed-text-v2:0", "cohere.embed-multilingual-v3"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


async def likeness(one: str, other: str) -> float:
    return cosine(*await HashingEmbedder(512).embed((one, other), Tab()))


async def test_hashing_finds_alike_what_is_spelled_alike_and_says_that_it_knows_no_meaning() -> None:
    same = await likeness("Sales rose by 8 percent.", "Sales  rose by 8 PERCENT.")
    near = await likeness("Sales rose by 8 percent.", "Sales fell by 8 percent.")
    far = await likeness("Sales rose by 8 percent.", "Your card was blocked yesterday")
    assert same == pytest.approx(1.0)
    assert same > near > 0.5
    assert far < 0.2
    assert caveat("hashing:512") == "hashing:512 compares spelling, not meaning"
    assert caveat(f"bedrock:{TITAN}") is None


async def test_hashing_gives_the_same_in_every_process() -> None:
    (vector,) = await HashingEmbedder(16).embed(("Zürich 東京",), Tab())
    smallest = min(abs(value) for value in vector if value)
    assert [round(value / smallest) for value in vector] == [-1, 0, 1, 0, -1, 0, -1, 0, 0, 1, 0, 0, 1, -1, -1, 1]


@given(text=st.text(max_size=40))
@settings(max_examples=50, deadline=None)
async def test_every_text_has_a_vector_of_length_one(text: str) -> None:
    (vector,) = await HashingEmbedder(32).embed((text,), Tab())
    assert len(vector) == 32
    assert math.isclose(math.hypot(*vector), 1.0)


@pytest.mark.parametrize("ref", ["hashing:7", "hashing:many", "openai:", "bedrock:", "hashing", "bedrock:anthropic.claude-x"])
def test_an_unknown_embedder_is_refused_with_the_way_out(ref: str) -> None:
    with pytest.raises(InputError, match="hashing:512"):
        open_embedder(ref, MemoryRulings())


def reply(body: object, **headers: str) -> Said:
    return Said(headers=headers, parts=[json.dumps(body).encode()])


async def embedded(model: str, *said: Said, texts: Sequence[str] = ("eins",)) -> tuple[tuple[tuple[float, ...], ...], Tab, Peer]:
    async with bedrock({model: said}) as peer:
        embedder = open_embedder(
            f"bedrock:{model}", MemoryRulings(), model_settings(endpoint_url=peer.url, timeout_s=5.0, attempts=3)
        )
        tab = Tab()
        try:
            return await embedder.embed(texts, tab), tab, peer
        finally:
            await embedder.close()


async def test_titan_is_asked_and_read_as_it_speaks() -> None:
    said = reply({"embedding": [3.0, 4.0], "inputTextTokenCount": 7, "embeddingsByType": {"float": [3.0, 4.0]}})
    vectors, tab, peer = await embedded(TITAN, said, texts=("eins", "zwei", "eins"))
    assert vectors[0] == pytest.approx((0.6, 0.8))
    assert (tab.calls, tab.input_tokens, tab.output_tokens) == (2, 14, 0), "the text that came twice is paid for once"
    assert peer.asked[0] == (TITAN, "invoke", {"inputText": "eins", "normalize": True})


async def test_titan_v1_takes_the_text_alone() -> None:
    _, _, peer = await embedded("amazon.titan-embed-text-v1", reply({"embedding": [1.0], "inputTextTokenCount": 1}))
    assert peer.asked[0][2] == {"inputText": "eins"}


@pytest.mark.parametrize("given", [{"float": [[0.0, 2.0]]}, [[0.0, 2.0]]])
async def test_cohere_is_asked_and_read_as_it_speaks(given: object) -> None:
    said = reply({"embeddings": given, "id": "x", "texts": ["eins"]}, **{"x-amzn-bedrock-input-token-count": "4"})
    vectors, tab, peer = await embedded(COHERE, said)
    assert vectors == ((0.0, 1.0),)
    assert (tab.calls, tab.input_tokens) == (1, 4)
    assert peer.asked[0][2] == {"texts": ["eins"], "input_type": "clustering", "truncate": "END", "embedding_types": ["float"]}


async def test_throttles_are_tried_again_and_failures_have_their_kind() -> None:
    throttled = error(429, "ThrottlingException", "Too many requests")
    good = reply({"embedding": [1.0], "inputTextTokenCount": 1})
    vectors, _, peer = await embedded(TITAN, throttled, throttled, good)
    assert (vectors, peer.calls(TITAN)) == (((1.0,),), 3)
    for said, kind in (
        (throttled, "throttled"),
        (error(403, "AccessDeniedException", "User is not authorized"), "access"),
        (error(400, "ValidationException", "Input is too long: maximum context length is 8192"), "context_overflow"),
        (reply({"message": "?"}), "bad_json"),
        (reply({"embedding": [0.0, 0.0]}), "bad_json"),
        (Said(parts=[b"<html>"]), "failed"),
    ):
        with pytest.raises(JudgeError) as caught:
            await embedded(TITAN, said)
        assert caught.value.kind == kind
