"""The embedder of OpenAI on the wire."""

import json

import pytest

from pipeline.metrics.judge.embedders import open_embedder
from pipeline.metrics.judge.port import JudgeError, Tab
from pipeline.metrics.judge.rulings import MemoryRulings
from tests.pipeline.models.ask import settings
from tests.pipeline.models.openai_peer import Peer, error, openai_peer, plain
from tests.pipeline.models.peer import Said

MODEL = "text-embedding-3-small"
VECTOR = plain(200, {"data": [{"index": 0, "embedding": [3.0, 4.0]}], "usage": {"prompt_tokens": 7, "total_tokens": 7}})


async def embedded(*said: Said, texts: tuple[str, ...] = ("eins",)) -> tuple[tuple[tuple[float, ...], ...], Tab, Peer]:
    async with openai_peer(said) as peer:
        given = settings(openai=peer.access(), timeout_s=5.0, attempts=3)
        embedder, tab = open_embedder(f"openai:{MODEL}", MemoryRulings(), given), Tab()
        try:
            return await embedder.embed(texts, tab), tab, peer
        finally:
            await embedder.close()


async def test_a_text_has_its_vector_at_length_one_and_is_paid_for_once() -> None:
    vectors, tab, peer = await embedded(VECTOR, texts=("eins", "zwei", "eins"))
    assert vectors[0] == pytest.approx((0.6, 0.8))
    assert (tab.calls, tab.input_tokens) == (2, 14)
    assert [asked.path for asked in peer.asked] == ["/v1/embeddings"] * 2
    assert peer.bodies[0] == {"model": MODEL, "input": "eins", "encoding_format": "float"}


async def test_what_passes_is_tried_again_and_what_is_no_vector_is_said() -> None:
    vectors, _, peer = await embedded(error(503, "busy"), VECTOR)
    assert (len(vectors), len(peer.asked)) == (1, 2)
    for said in (plain(200, {"data": []}), plain(200, {"object": "list"}), plain(200, "<html>", "text/html")):
        with pytest.raises(JudgeError):
            await embedded(said)
    with pytest.raises(JudgeError, match="Ask the operator to renew"):
        await embedded(error(401, "no", code="invalid_api_key"))
    assert json.dumps(peer.bodies)
