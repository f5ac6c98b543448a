"""`ferry run` with a budget, and what it says of calls that were made again."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.files import read_run
from pipeline.models.lanes import AT_ONCE
from pipeline.records import Lane
from tests.pipeline.commands.test_run_openai import N, written
from tests.pipeline.models.openai_peer import KEY, Body, Peer, answered, error, openai_peer, streamed
from tests.pipeline.models.peer import Said

USD = (10 - 4) * 1e-3 + 4 * 0.5e-3 + 3 * 1e-2
"""Of one answer: 10 tokens in, 4 of them from the cache, and 3 out."""


def prices(place: Path, url: str) -> str:
    price = {"input": 1000, "output": 10000, "cache_read": 500}
    (place / "prices.json").write_text(json.dumps({f"openai:m@{url}": price}))
    return str(place / "prices.json")


async def ferry(place: Path, peer: Peer, *more: str) -> tuple[int, str]:
    files = [
        str(place / "data.jsonl"),
        "--prompt",
        str(place / "prompt.txt"),
        "-o",
        str(place / "out.jsonl"),
        "--max-tokens",
        "5",
    ]
    args = ["run", *files, "--model", f"openai:m@{peer.url}", "--prices", prices(place, peer.url), *more]
    env = {"FERRY_OPENAI_SERVERS": json.dumps({peer.url: KEY})}
    result = await asyncio.to_thread(CliRunner(env=env).invoke, app, args)
    return result.exit_code, result.stderr


def said(body: Body) -> Said:
    return streamed("yes") if body.get("stream") else answered("yes")


async def test_a_budget_ends_a_run_and_more_of_it_asks_only_what_is_left(tmp_path: Path) -> None:
    written(tmp_path)
    async with openai_peer(said) as peer:
        code, told = await ferry(tmp_path, peer, "--budget", "0.4")
        assert code == 1
        assert "The budget of 0.40 USD does not allow another call" in told
        assert "higher --budget continues" in told
        first = read_run(tmp_path / "out.jsonl").outputs
        assert sum(o.usd or 0 for o in first) <= 0.4
        assert [o.usd for o in first] == [pytest.approx(USD)] * len(first)
        assert 0 < len(first) == len(peer.asked) < N
        code, told = await ferry(tmp_path, peer, "--budget", "10")
        assert code == 0, told
        assert len(read_run(tmp_path / "out.jsonl").outputs) == len(peer.asked) == N


async def test_the_lane_is_streamed_and_the_bulk_is_not(tmp_path: Path) -> None:
    written(tmp_path)
    async with openai_peer(said) as peer:
        code, told = await ferry(tmp_path, peer, "--lane", "4")
        assert code == 0, told
        outputs = {o.sample_id: o for o in read_run(tmp_path / "out.jsonl").outputs}
        assert [bool(body.get("stream")) for body in peer.bodies] == [True] * 4 + [False] * (N - 4)
        assert [outputs[f"s{i:02}"].lane for i in range(N)] == [Lane.LATENCY] * 4 + [Lane.BULK] * (N - 4)
        assert outputs["s00"].ttft_s is not None
        assert outputs["s05"].ttft_s is None
        assert AT_ONCE == 2


async def test_what_was_made_again_is_counted_and_what_stops_all_stops_at_once(tmp_path: Path) -> None:
    written(tmp_path)
    seen: list[Body] = []

    def once_throttled(body: Body) -> Said:
        seen.append(body)
        return error(429, "slow down", code="rate_limit_exceeded") if len(seen) == 1 else said(body)

    async with openai_peer(once_throttled) as peer:
        code, told = await ferry(tmp_path, peer)
        assert code == 0, told
        assert "Made again: 1 throttled." in told
    (tmp_path / "out.jsonl").unlink()
    async with openai_peer(lambda _: error(401, "bad key")) as peer:
        code, told = await ferry(tmp_path, peer)
        assert code == 1
        assert "every further call would fail as well" in told
        assert len(peer.asked) < N
