"""`ferry models` on the command line: a list that fits, why the others do not, and AWS on the wire."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from tests.pipeline.models.catalog.aws import HAIKU, LISTED, said, summary
from tests.pipeline.models.peer import bedrock

CLI = CliRunner(env={"COLUMNS": "300", "FERRY_PRICES": None})
NOVA = "bedrock:eu.amazon.nova-lite-v1:0"


def ferry(*arguments: object) -> tuple[int, str, str]:
    done = CLI.invoke(app, ["models", *(str(each) for each in arguments)])
    return done.exit_code, " ".join(done.stdout.split()), " ".join(done.stderr.split())


def test_the_list_says_what_fits_and_why_the_rest_does_not() -> None:
    code, out, _ = ferry("image", "context 100k", "eu", "under 1 USD", "not anthropic")
    assert code == 0
    assert f"│ {NOVA} │ 0.1365* │ 0.078 │ 0.312 │ 300k │ 10k │" in out
    assert "fell out, by first reason: " in out
    assert "cheapest first at 3:1" in out
    assert "Source: LiteLLM 1.106.2, 2026-11-25." in out
    assert "claude" not in out


def test_words_need_no_quotes() -> None:
    quoted, bare = ferry("context 100k", "output 8k", "eu"), ferry("context", "100k", "output", "8k", "eu")
    assert quoted == bare
    assert "context of 100,000 tokens, answers of 8,000 tokens, in eu" in bare[1]
    out = ferry("under 1 USD", "output 8k")[1]
    assert "the mix at most 1 USD per million" in out
    assert "answers of 8,000 tokens" in out


def test_why_tells_everything_of_one_model() -> None:
    code, out, _ = ferry("us", "--why", "eu.amazon.nova-lite-v1:0")
    assert code == 0
    assert "context window │ 300,000 │ LiteLLM 1.106.2, 2026-11-25" in out
    assert "audio │ unknown" in out
    assert "falls out: its inference profile answers in eu, wanted is us" in out
    assert "- fits: " in ferry("eu", "--why", NOVA)[1]


def test_json_has_every_reason_of_every_model(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(
        json.dumps([{"model": NOVA, "name": "MMLU", "figure": 80.5, "date": "2026-09-01", "source": "vendor"}])
    )
    (tmp_path / "p.json").write_text(json.dumps({NOVA: {"input": 0.2, "output": 0.312, "source": "contract"}}))
    code, out, _ = ferry("eu", "--json", "--mix", "1:0", "--benchmarks", tmp_path / "b.json", "--prices", tmp_path / "p.json")
    data = json.loads(out)
    assert code == 0
    (nova,) = (each for each in data["ranked"] if each["ref"] == NOVA)
    assert (nova["usd"], nova["price"]["source"], nova["citations"][0]["figure"]) == (0.2, "contract", 80.5)
    assert "contract" in nova["disagreements"][0]
    assert data["fell_out"]["openai:gpt-4o"][0] == "hosted by openai, wanted is bedrock"
    assert sum(data["counts"].values()) == len(data["fell_out"])
    why = json.loads(ferry("eu", "--why", NOVA, "--json")[1])
    assert (why["context"], why["reasons"]) == (300_000, [])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fast"], "Not understood: fast"),
        (["--mix", "none"], "is no mix"),
        (["--today", "soon"], "is no date"),
        (["--why", "nothing"], 'No layer knows "nothing"'),
        (["--rank-by", "Elo"], 'No figure called "Elo"'),
        (["--prices", "absent.json"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments: list[str], words: str) -> None:
    code, _, told = ferry(*arguments)
    assert code == 2
    assert words in told


def test_the_day_decides_who_is_retired() -> None:
    ref = "bedrock:eu.anthropic.claude-opus-4-1-20250805-v1:0"
    assert "- fits" in ferry("--why", ref, "--today", "2027-01-07")[1]
    assert "its end of life was 2027-01-08" in ferry("--why", ref, "--today", "2027-01-08")[1]


async def test_live_asks_aws_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    details = said(modelDetails=summary("meta.llama3-70b-instruct-v1:0", modelLifecycle={"status": "LEGACY", "endOfLifeTime": 0}))
    async with bedrock({**LISTED, "/foundation-models": [details]}) as peer:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK", peer.url)
        code, out, told = await asyncio.to_thread(ferry, "--live", "--region", "eu-west-1")
        assert (code, told) == (0, "")
        assert f"bedrock:global.{HAIKU}" in out
        assert "not offered there" in out
        assert "1 only through an inference profile" in out
        assert "Source: AWS in eu-west-1, 2026-12-01." in out
        peer.asked.clear()
        _, out, _ = await asyncio.to_thread(ferry, "--live", "--region", "eu-west-1", "--why", "meta.llama3-70b-instruct-v1:0")
        assert "AWS does not list it in eu-west-1" in out
        assert "end of life │ 1970-01-01 │ AWS in eu-west-1, 2026-12-01" in out
