"""`ferry run` with a model of an OpenAI-compatible server, in its own process, key and address from the environment."""

import asyncio
import os
import sys
from pathlib import Path

from pipeline.commands.files import read_run
from pipeline.dataset import storage
from pipeline.records import Dataset, Sample, Split
from tests.pipeline.models.openai_peer import KEY, Peer, openai_peer, streamed

N = 12


def written(place: Path) -> None:
    samples = tuple(Sample(id=f"s{i:02}", variables={"question": f"number {i}"}) for i in range(N))
    storage.dump(Dataset(samples=samples, splits={s.id: Split.TEST for s in samples}), place / "data.jsonl")
    (place / "prompt.txt").write_text("Q: {question}\nA:")


async def ferry(place: Path, model: str, **environment: str) -> tuple[int, str]:
    files = [str(place / "data.jsonl"), "--prompt", str(place / "prompt.txt"), "-o", str(place / "out.jsonl")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pipeline", "run", *files, "--model", model,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}, **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def answered(place: Path, peer: Peer, model: str, **environment: str) -> None:
    code, said = await ferry(place, model, **environment)
    assert code == 0, said
    assert f"{N}/{N}" in said
    assert f"{N} samples answered" in said
    assert KEY not in said + (place / "out.jsonl").read_text()
    run = read_run(place / "out.jsonl")
    assert run.key.model == model
    assert [(o.text, o.attempts) for o in run.outputs] == [("yes", 1)] * N
    assert all(o.ttft_s is not None and o.usage is not None for o in run.outputs)
    assert {asked.headers["authorization"] for asked in peer.asked} == {f"Bearer {KEY}"}
    assert len(peer.asked) == N


async def test_a_split_is_answered_with_the_key_and_address_of_the_environment(tmp_path: Path) -> None:
    written(tmp_path)
    async with openai_peer([streamed("yes")]) as peer:
        await answered(tmp_path, peer, "openai:gpt-4o", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=peer.url)


async def test_a_split_is_answered_by_a_server_with_a_key_of_its_own(tmp_path: Path) -> None:
    written(tmp_path)
    async with openai_peer([streamed("yes")]) as peer:
        servers = f'{{"{peer.url}": "{KEY}"}}'
        await answered(tmp_path, peer, f"openai:llama3@{peer.url}", OPENAI_API_KEY="sk-usual", FERRY_OPENAI_SERVERS=servers)


async def test_what_cannot_be_read_is_said_without_the_keys(tmp_path: Path) -> None:
    written(tmp_path)
    code, said = await ferry(tmp_path, "openai:gpt-4o", FERRY_OPENAI_SERVERS=KEY)
    assert code == 2
    assert "FERRY_OPENAI_SERVERS must be a JSON object" in said
    assert KEY not in said
