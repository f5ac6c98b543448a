"""What turns texts into vectors: a hash of their spelling, or an embedding model on Bedrock or of OpenAI and its like.

`hashing:<dimensions>` needs no network and always gives the same, but knows spelling only: texts that mean the same in other
words are far apart. Scores made with it say so.
"""

import base64
import math
import struct
import unicodedata
from collections.abc import Callable, Sequence
from typing import Protocol
from zlib import crc32

from pipeline.errors import InputError
from pipeline.hashing import content_hash
from pipeline.metrics.judge.flight import SingleFlight
from pipeline.metrics.judge.port import Embedder, JudgeError, Tab
from pipeline.metrics.judge.reading import kind_of_failure
from pipeline.metrics.judge.rulings import Ruling, RulingCache
from pipeline.models.providers.bedrock_embed import BedrockEmbedding, Embedded
from pipeline.models.providers.openai_embed import OpenAIEmbedding
from pipeline.models.settings import DEFAULTS, ModelSettings

Vector = tuple[float, ...]
HASHING = "hashing"
FACTS, LIKENESS = 0.75, 0.25  # the weights Ragas gives them in answer correctness
SPELLING_ONLY = "compares spelling, not meaning"
GRAMS = (3, 4, 5)
FEWEST, MOST = 16, 65536


class ClosingEmbedder(Embedder, Protocol):
    """An embedder that holds something open."""

    async def close(self) -> None: ...


def open_embedder(
    ref: str,
    cache: RulingCache,
    settings: ModelSettings = DEFAULTS,
    paid: Callable[["EmbeddingModel"], "EmbeddingModel"] = lambda model: model,
) -> ClosingEmbedder:
    """The embedder `ref` names; a model is asked as `paid` leaves it. Raises InputError for one that does not exist."""
    provider, _, name = ref.partition(":")
    if provider == HASHING and name.isdigit() and FEWEST <= int(name) <= MOST:
        return HashingEmbedder(int(name))
    if provider == "bedrock" and name:
        return CachedEmbedder(paid(BedrockEmbedding(name, settings)), cache)
    if provider == "openai" and name:
        return CachedEmbedder(paid(OpenAIEmbedding(name, settings)), cache)
    raise InputError(
        f'"{ref}" names no embedder. Write hashing:512 ({SPELLING_ONLY}; {FEWEST} to {MOST} dimensions), '
        "bedrock:amazon.titan-embed-text-v2:0 or openai:text-embedding-3-small."
    )


def caveat(ref: str) -> str | None:
    """What must be said beside a similarity from the embedder `ref`, or None."""
    return f"{ref} {SPELLING_ONLY}" if ref.startswith(f"{HASHING}:") else None


def correctness_weights(ref: str) -> tuple[float, float]:
    """How much facts and likeness count in answer correctness: as in Ragas, but facts alone where likeness is one of spelling.

    Else an answer with every fact right, in other words than the reference's, would lose more than a usual margin allows.
    """
    return (1.0, 0.0) if caveat(ref) else (FACTS, LIKENESS)


def cosine(one: Vector, other: Vector) -> float:
    """The cosine of two vectors of length 1, in [-1, 1]."""
    return max(-1.0, min(1.0, math.fsum(a * b for a, b in zip(one, other, strict=True))))


class HashingEmbedder:
    """Character n-grams of each word, hashed with a sign into `dimensions` places (Weinberger et al., arXiv 0902.2206)."""

    def __init__(self, dimensions: int) -> None:
        self.ref, self._dimensions = f"{HASHING}:{dimensions}", dimensions

    async def embed(self, texts: Sequence[str], tab: Tab) -> tuple[Vector, ...]:
        return tuple(self._vector(text) for text in texts)

    async def close(self) -> None:
        """Nothing is held open."""

    def _vector(self, text: str) -> Vector:
        places = [0.0] * self._dimensions
        for word in unicodedata.normalize("NFKC", text).casefold().split() or [""]:
            marked = f" {word} "
            for size in GRAMS:
                for at in range(max(1, len(marked) - size + 1)):
                    hashed = crc32(marked[at : at + size].encode(errors="surrogatepass"))
                    places[(hashed >> 1) % self._dimensions] += 1.0 if hashed & 1 else -1.0
        return _unit(places) or (1.0, *[0.0] * (self._dimensions - 1))


class EmbeddingModel(Protocol):
    """A model that gives one text its vector."""

    @property
    def ref(self) -> str: ...

    async def embed(self, text: str) -> Embedded: ...

    async def close(self) -> None: ...


class CachedEmbedder:
    """An embedding model whose vectors are paid for once."""

    def __init__(self, model: EmbeddingModel, cache: RulingCache) -> None:
        self.ref = model.ref
        self._model, self._cache = model, cache
        self._flights: SingleFlight[Ruling] = SingleFlight()

    async def embed(self, texts: Sequence[str], tab: Tab) -> tuple[Vector, ...]:
        return tuple([await self._one(text, tab) for text in texts])

    async def close(self) -> None:
        await self._model.close()

    async def _one(self, text: str, tab: Tab) -> Vector:
        key = content_hash(["embedding", self.ref, text])
        ruling = await self._flights.run(key, lambda: self._ruling(key, text, tab), tab.off_the_clock)
        packed = base64.b64decode(ruling.text)
        return struct.unpack(f"<{len(packed) // 4}f", packed)

    async def _ruling(self, key: str, text: str, tab: Tab) -> Ruling:
        found = await self._cache.get(key)
        if found is not None:
            return found
        given = await self._model.embed(text)
        usage, problem = given.output.usage, given.output.failure
        tokens = usage.input_tokens if usage else 0
        tab.input_tokens += tokens
        tab.calls += usage is not None
        if problem is not None:
            raise JudgeError(kind_of_failure(problem), problem.message)
        vector = _unit(given.vector) if given.vector else None
        if vector is None:
            raise JudgeError("bad_json", "the embedding model gave no vector")
        ruling = Ruling(judge=self.ref, text=_packed(vector), input_tokens=tokens)
        await self._cache.put(key, ruling)
        return ruling


def _unit(values: Sequence[float]) -> Vector | None:
    """`values` at length 1; None for what has no direction."""
    length = math.sqrt(math.fsum(value * value for value in values))
    return tuple(value / length for value in values) if length > 0 and math.isfinite(length) else None


def _packed(vector: Vector) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
