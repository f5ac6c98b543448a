"""`ferry run --batch` on the wire: jobs, calls on demand beside them, and what goes wrong with either."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.files import read_run
from pipeline.dataset import storage
from pipeline.models.batch import records
from pipeline.models.batch.records import CANARY
from pipeline.models.lanes import SAMPLES
from pipeline.records import Dataset, Lane, Sample, Split
from tests.pipeline.aws.wire import Fault
from tests.pipeline.models.batch.peer import PLACE, REF, ROLE, Peer, converse, peer

N, BESIDE = 260, SAMPLES + CANARY
KEYS = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}


def written(place: Path, count: int = N) -> None:
    samples = tuple(Sample(id=f"s{i:04}", variables={"question": f"number {i}"}) for i in range(count))
    storage.dump(Dataset(samples=samples, splits={s.id: Split.TEST for s in samples}), place / "data.jsonl")
    (place / "prompt.txt").write_text("{question}")


def words(place: Path, service: Peer, *more: str) -> list[str]:
    files = [str(place / "data.jsonl"), "--prompt", str(place / "prompt.txt"), "-o", str(place / "out.jsonl")]
    there = ["--endpoint-url", service.url, "--region", "us-east-1", "--batch-bucket", PLACE, "--batch-role", ROLE]
    return ["run", *files, "--model", REF, *there, "--batch", "--batch-every", "0.05", *more]


async def ferry(place: Path, service: Peer, *more: str) -> tuple[int, str]:
    result = await asyncio.to_thread(CliRunner(env=KEYS).invoke, app, words(place, service, *more))
    return result.exit_code, result.stderr


def check(place: Path, service: Peer, *, count: int = N) -> None:
    """Every sample has its own answer, once; nothing is both in a job and on demand, but what a job left."""
    run = read_run(place / "out.jsonl")
    assert {o.sample_id: o.text for o in run.outputs} == {f"s{i:04}": f"answer to number {i}" for i in range(count)}
    assert max(Counter(service.on_demand).values()) == 1
    lines = [json.loads(line) for line in (place / "out.jsonl").read_text().splitlines()][1:]
    assert len(lines) == count


async def test_the_bulk_goes_by_batch_and_the_first_samples_are_timed(tmp_path: Path) -> None:
    written(tmp_path)
    async with peer() as service:
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service)
        assert len(service.on_demand) == BESIDE
        assert len(service.streamed) == SAMPLES
        (job,) = service.jobs
        assert len(service.records(job)) == N - BESIDE
    outputs = read_run(tmp_path / "out.jsonl").outputs
    by_batch = [o for o in outputs if o.tier == "batch"]
    assert len(by_batch) == N - BESIDE
    assert {(o.lane, o.latency_s, o.ttft_s) for o in by_batch} == {(Lane.BULK, None, None)}
    assert all(o.usd for o in outputs)
    assert by_batch[0].usd == pytest.approx(next(o.usd or 0.0 for o in outputs if o.tier != "batch") / 2, rel=0.01)
    assert "220 of 260 samples go by 1 batch job(s)" in told
    assert "no promise of when it is done" in told
    assert "260 samples answered" in told


async def test_a_second_time_nothing_is_asked(tmp_path: Path) -> None:
    written(tmp_path)
    async with peer() as service:
        await ferry(tmp_path, service)
        before = len(service.on_demand), len(service.jobs), service.asked["Get"]
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        assert before == (len(service.on_demand), len(service.jobs), service.asked["Get"])


async def test_records_that_failed_are_asked_on_demand(tmp_path: Path) -> None:
    written(tmp_path)
    async with peer() as service:
        service.rewrite = lambda _number, lines: [_failed(line) if '"number 1' in line else line for line in lines]
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service)
        assert len(service.jobs) == 1
        assert "100 records failed (100 with 400); these samples are asked on demand" in told


def _failed(line: str) -> str:
    found = json.loads(line)
    return json.dumps({"recordId": found["recordId"], "modelInput": {}, "error": {"errorCode": 400, "errorMessage": "no"}})


@pytest.mark.parametrize("ending", ["Expired", "PartiallyCompleted"])
async def test_a_job_that_ran_out_of_time_is_followed_by_a_second_and_no_third(ending: str, tmp_path: Path) -> None:
    written(tmp_path, 400)
    async with peer(lives=[["Submitted", ending], [ending], ["Completed"]]) as service:
        service.rewrite = lambda number, lines: lines[: [150, 40][number]]
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service, count=400)
        assert [len(service.records(job)) for job in service.jobs] == [400 - BESIDE, 400 - BESIDE - 150]
        assert len(service.on_demand) == 400 - 150 - 40


async def test_results_that_are_spoilt_cost_nothing_but_calls(tmp_path: Path) -> None:
    """Doubled, foreign and torn lines, and lines that are not there."""
    written(tmp_path)
    async with peer() as service:
        foreign = json.dumps({"recordId": "f" * 32, "modelInput": {}, "modelOutput": converse("stranger")})
        service.rewrite = lambda _number, lines: [foreign, *lines[5:], *lines[5:50], "{torn"]
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service)
        assert len(service.on_demand) == BESIDE + 5


async def test_a_parameter_that_the_model_refuses_is_in_no_record(tmp_path: Path) -> None:
    written(tmp_path)
    async with peer(refuses="temperature") as service:
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service)
        assert all("temperature" not in each["modelInput"]["inferenceConfig"] for each in service.records(service.jobs[0]))


async def test_a_refused_canary_makes_no_job(tmp_path: Path) -> None:
    written(tmp_path)
    async with peer(faults={"Converse": [Fault("AccessDeniedException", 403, "no")] * 9}) as service:
        code, told = await ferry(tmp_path, service, "--lane", "0")
        assert code == 1
        assert "Stopped, because every further call would fail as well" in told
        assert service.jobs == []
        assert not any(key.startswith("x/") for key in service.objects)


@pytest.mark.parametrize(
    ("operation", "fault", "said"),
    [
        ("Create", Fault("AccessDeniedException", 403, "no"), "bedrock:CreateModelInvocationJob"),
        ("Create", Fault("ValidationException", 400, "this model takes no batch"), "or ask on demand"),
        ("PutObject", Fault("AccessDenied", 403, "no"), "s3:PutObject"),
    ],
)
async def test_what_cannot_be_made_says_why_and_keeps_what_was_answered(
    operation: str, fault: Fault, said: str, tmp_path: Path
) -> None:
    written(tmp_path)
    async with peer(faults={operation: [fault]}) as service:
        code, told = await ferry(tmp_path, service)
        assert code == 2
        assert said in told
        assert len(read_run(tmp_path / "out.jsonl").outputs) == BESIDE
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service)


async def test_throttles_are_waited_for_and_a_lost_answer_makes_no_second_job(tmp_path: Path) -> None:
    written(tmp_path)
    busy, lost = Fault("ThrottlingException", 429, "slow down"), Fault("InternalServerException", 500, "oops", lost=True)
    async with peer(faults={"Create": [busy, lost], "Get": [busy], "GetObject": [busy], "List": [busy]}) as service:
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service)
        assert len(service.jobs) == 1


async def test_waiting_for_the_quota_asks_nobody_again_and_in_a_new_process_one(tmp_path: Path) -> None:
    """A new process does not know what the model refuses."""
    written(tmp_path)
    full = Fault("ServiceQuotaExceededException", 400, "too many jobs")
    denied = Fault("AccessDeniedException", 403, "no")
    async with peer(faults={"Create": [full, full, denied]}) as service:
        assert (await ferry(tmp_path, service))[0] == 2
        assert service.asked["Create"] == 3
        assert len(service.on_demand) == BESIDE
        service.faults["Create"] = [full, full]
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service)
        assert len(service.on_demand) == BESIDE + 1
        assert "Ferry tries again as jobs end" in told


async def test_without_one_answer_before_it_no_job_is_made(tmp_path: Path) -> None:
    written(tmp_path)
    async with peer(answer=lambda _body: converse("", "guardrail_intervened")) as service:
        code, told = await ferry(tmp_path, service, "--lane", "0")
        assert code == 2
        assert "None of the samples asked on demand before the batch job was answered" in told
        assert "without --batch it asks all the others on demand" in told
        assert (len(service.on_demand), service.jobs) == (CANARY, [])


async def test_a_planned_job_of_which_too_little_is_left_is_given_up(tmp_path: Path) -> None:
    written(tmp_path, SAMPLES + records.NEEDED)
    async with peer(faults={"Create": [Fault("AccessDeniedException", 403, "no")]}) as service:
        assert (await ferry(tmp_path, service))[0] == 2
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service, count=SAMPLES + records.NEEDED)
        assert service.jobs == []


@pytest.mark.parametrize("life", [["Failed"], ["Submitted", "Stopped"]])
async def test_a_job_that_ended_badly_stops_the_command_and_the_next_makes_another(life: list[str], tmp_path: Path) -> None:
    written(tmp_path)
    async with peer(lives=[life], message="the role cannot read") as service:
        service.rewrite = lambda number, lines: lines if number else lines[:20]
        code, told = await ferry(tmp_path, service)
        assert code == 2
        assert f"the job ended as {life[-1]}: the role cannot read" in told
        assert "The same command makes another one" in told
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service)
        assert len(service.jobs) == 2


async def test_a_job_that_could_pass_the_budget_is_not_made(tmp_path: Path) -> None:
    written(tmp_path)
    async with peer() as service:
        code, told = await ferry(tmp_path, service, "--budget", "0.005", "--max-tokens", "200")
        assert code == 1
        assert "does not allow another call" in told
        assert service.jobs == []
        assert len(read_run(tmp_path / "out.jsonl").outputs) == BESIDE
        code, told = await ferry(tmp_path, service, "--budget", "1", "--max-tokens", "200")
        assert code == 0, told
        check(tmp_path, service)


async def test_more_samples_than_a_job_takes_are_several_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.models.batch.records.MOST", records.NEEDED)
    written(tmp_path, SAMPLES + 3 * records.NEEDED)
    async with peer() as service:
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service, count=SAMPLES + 3 * records.NEEDED)
        assert [len(service.records(job)) for job in service.jobs] == [records.FEWEST] * 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--batch-bucket", ""], "FERRY_BATCH_BUCKET"),
        (["--batch-role", "me"], "not the ARN of a role"),
        (["--batch-bucket", "bucket"], "not a place in S3"),
        (["--model", "openai:gpt-4o"], "not on Bedrock"),
        (["--model", "bedrock:nobody.knows"], "The price of bedrock:nobody.knows is unknown"),
        (["--lane", "200"], "at least 100 records after 5 calls on demand, and 60 samples are left"),
    ],
)
async def test_where_batch_is_not_possible_the_command_says_why(more: list[str], said: str, tmp_path: Path) -> None:
    written(tmp_path)
    async with peer() as service:
        code, told = await ferry(tmp_path, service, *more)
        assert (code, service.on_demand, service.jobs) == (2, [], [])
        assert said in told
    assert not (tmp_path / "out.jsonl").exists()


ANOTHERS = '{"run": {"model": "a", "prompt_hash": "b", "split": "dev"}, "job": {"low": 0, "high": 9}}\n'


@pytest.mark.parametrize("spoilt", ["{}\n", ANOTHERS])
async def test_a_list_of_jobs_that_is_not_its_own_is_refused(spoilt: str, tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "out.jsonl.jobs").write_text(spoilt)
    async with peer() as service:
        code, told = await ferry(tmp_path, service)
        assert (code, service.jobs) == (2, [])
        assert "out.jsonl.jobs" in told


async def test_a_command_killed_between_making_a_job_and_noting_it_makes_no_second(tmp_path: Path) -> None:
    written(tmp_path)
    async with peer(made=asyncio.Event()) as service:
        assert service.made is not None
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pipeline", *words(tmp_path, service), env={**os.environ, **KEYS},
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await asyncio.wait_for(service.made.wait(), 60)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        service.gone.set()
        planned = json.loads((tmp_path / "out.jsonl.jobs").read_text().splitlines()[-1])["job"]
        assert planned.get("arn") is None
        assert planned["usd"] > 0, "the budget of the next command counts it while it runs"
        code, told = await ferry(tmp_path, service)
        assert code == 0, told
        check(tmp_path, service)
        assert len(service.jobs) == 1
        assert len(service.on_demand) == BESIDE
