"""Rulings in the database: the cache of the pipeline's judges."""

from db import Store
from pipeline.metrics.judge.rulings import Ruling, RulingCache

ONE = Ruling(judge="bedrock:j", text='{"reason":"größer als {x}"}', input_tokens=50, output_tokens=2)


async def test_a_ruling_is_kept_by_its_key_and_the_first_one_stands(store: Store) -> None:
    cache: RulingCache = store.rulings
    assert await cache.get("k") is None
    await cache.put("k", ONE)
    await cache.put("k", Ruling(judge="other", text="{}"))
    await cache.put("l", Ruling(judge="other", text="{}"))
    assert await cache.get("k") == ONE
    assert await cache.get("l") == Ruling(judge="other", text="{}")
