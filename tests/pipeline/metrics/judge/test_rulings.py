"""The cache of rulings in memory and in a file that survives a kill."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.metrics.judge.rulings import FileRulings, MemoryRulings, Ruling

ONE = Ruling(judge="scripted:j", text='{"reason":"naïve \\u2028 {x}"}', input_tokens=5, output_tokens=2)
OTHER = Ruling(judge="scripted:j", text="[]")


async def test_the_first_ruling_of_a_key_stands() -> None:
    cache = MemoryRulings()
    await cache.put("k", ONE)
    await cache.put("k", OTHER)
    assert (await cache.get("k"), await cache.get("other"), len(cache)) == (ONE, None, 1)


async def test_a_file_keeps_rulings_from_process_to_process(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "rulings.jsonl"
    with FileRulings(path) as cache:
        assert await cache.get("k") is None
        await cache.put("k", ONE)
        await cache.put("k", OTHER)
        await cache.put("l", OTHER)
        assert len(path.read_text().splitlines()) == 2, "handed over at once, not at the end"
    with FileRulings(path) as again:
        assert (await again.get("k"), await again.get("l"), len(again)) == (ONE, OTHER, 2)


async def test_a_line_torn_by_a_crash_is_cut_off_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "rulings.jsonl"
    with FileRulings(path) as cache:
        await cache.put("k", ONE)
        await cache.put("l", OTHER)
    path.write_bytes(path.read_bytes()[:-9])
    with FileRulings(path) as again:
        assert (await again.get("k"), await again.get("l")) == (ONE, None)
        await again.put("l", OTHER)
    with FileRulings(path) as third:
        assert await third.get("l") == OTHER


def test_another_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "rulings.jsonl"
    path.write_text('{"run": 1}\n')
    with pytest.raises(InputError, match=r"Line 1 of .* is no ruling"):
        FileRulings(path)
