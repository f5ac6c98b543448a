"""Batch inference, Converse and S3 on 127.0.0.1: requests are checked against AWS's service model, jobs run their records.

Create-, Get-, List- and StopModelInvocationJob; records and results as the user guide has them. (ministack keeps such jobs, but
answers with members that start with a capital, which boto3 does not read, and runs nothing: it is no peer for this.)
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.pipeline.aws.wire import BUCKET, Created, Fault, Shelf, job_of, json_error, listening, stopped, violations
from tests.pipeline.models.frames import event
from tests.pipeline.models.peer import delta, ending

MODEL = "amazon.nova-lite-v1:0"
REF = f"bedrock:{MODEL}"
ROLE = "arn:aws:iam::123456789012:role/batch"
PLACE = f"s3://{BUCKET}/x"
PATH = "/model-invocation-job"
WHEN = "2026-01-05T09:00:00Z"
USAGE = {"inputTokens": 10, "outputTokens": 3, "totalTokens": 13}
Answer = Callable[[dict[str, Any]], dict[str, Any]]


def converse(text: str = "yes", stop: str = "end_turn") -> dict[str, Any]:
    """A body that Converse answers with."""
    message = {"role": "assistant", "content": [{"text": text}]}
    return {"output": {"message": message}, "stopReason": stop, "usage": USAGE, "metrics": {"latencyMs": 5}}


def asked(body: dict[str, Any]) -> str:
    """The text of the last turn."""
    return str(body["messages"][-1]["content"][0]["text"])


def echo(body: dict[str, Any]) -> dict[str, Any]:
    """Answers with the question, so that an answer that got to another sample shows."""
    return converse(f"answer to {asked(body)}")


@dataclass(slots=True, kw_only=True)
class Peer(Shelf):
    """`answer` gives a reply for a body, `rewrite` may spoil the result lines of the n-th job, `lives` are of jobs in order.

    `on_demand` counts calls by question. `made` is set when a job was made (or its records were, where `stalls` says PutObject);
    whoever made it waits for its answer until `gone`.
    `refuses` is a sampling parameter that on-demand calls are refused with a 400.
    """

    jobs: list[Created] = field(default_factory=list)
    lives: list[list[str]] = field(default_factory=list)
    life: list[str] = field(default_factory=lambda: ["Submitted", "InProgress", "Completed"])
    message: str = ""
    answer: Answer = echo
    rewrite: Callable[[int, list[str]], list[str]] = lambda _number, lines: lines
    on_demand: list[str] = field(default_factory=list)
    streamed: list[str] = field(default_factory=list)
    made: asyncio.Event | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    stalls: str = "Create"
    refuses: str = "nothing"

    def records(self, job: Created) -> list[dict[str, Any]]:
        """What a job was sent."""
        key = job.request["inputDataConfig"]["s3InputDataConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
        return [json.loads(line) for line in self.objects[key].decode("ascii").splitlines()]

    async def put(self, request: web.Request) -> web.Response:
        told = await Shelf.put(self, request)
        await self._stall("PutObject")
        return told

    async def _stall(self, operation: str) -> None:
        if operation == self.stalls and self.made is not None and not self.made.is_set():
            self.made.set()
            await self.gone.wait()

    async def create(self, request: web.Request) -> web.Response:
        fault, body = self.fault("Create"), json.loads(await request.read())
        if fault and not fault.lost:
            return json_error(fault)
        wrong = list(violations("CreateModelInvocationJobRequest", body))
        if wrong:
            return json_error(Fault("ValidationException", 400, "; ".join(wrong)))
        job = next((job for job in self.jobs if job.request["clientRequestToken"] == body["clientRequestToken"]), None)
        if job is None:
            life = self.lives.pop(0) if self.lives else self.life
            arn = f"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/{len(self.jobs):012d}"
            job = Created(arn=arn, request=body, life=list(life))
            if wrong := list(malformed(self.records(job))):
                return json_error(Fault("ValidationException", 400, wrong[0]))
            self.jobs.append(job)
        await self._stall("Create")
        return json_error(fault) if fault else web.json_response({"jobArn": job.arn})

    async def look(self, request: web.Request) -> web.Response:
        if fault := self.fault("Get"):
            return json_error(fault)
        job = job_of(self.jobs, request)
        if job is None:
            return json_error(Fault("ResourceNotFoundException", 404, "no such job"))
        status = job.looked_at()
        if status in {"Completed", "PartiallyCompleted", "Expired", "Stopped"}:
            self._run(job)
        kept = {key: job.request[key] for key in ("jobName", "modelId", "roleArn", "inputDataConfig", "outputDataConfig")}
        told = {"jobArn": job.arn, "status": status, "submitTime": WHEN, "message": self.message}
        counts = {"totalRecordCount": len(self.records(job)), "processedRecordCount": 1} if status != "Submitted" else {}
        return web.json_response(kept | told | counts)

    async def listed_jobs(self, request: web.Request) -> web.Response:
        if fault := self.fault("List"):
            return json_error(fault)
        named = [job for job in self.jobs if request.query.get("nameContains", "") in job.name]
        found = [
            {"jobArn": j.arn, "jobName": j.name, "modelId": MODEL, "roleArn": ROLE, "submitTime": WHEN}
            | {"inputDataConfig": j.request["inputDataConfig"], "outputDataConfig": j.request["outputDataConfig"]}
            for j in named
        ]
        return web.json_response({"invocationJobSummaries": found})

    async def stop(self, request: web.Request) -> web.Response:
        return stopped(self, self.jobs, request)

    async def whole(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if self.refuses in body["inferenceConfig"]:
            return json_error(Fault("ValidationException", 400, f"`{self.refuses}` is deprecated for this model."))
        if fault := self.fault("Converse"):
            return json_error(fault)
        self.on_demand.append(asked(body))
        return web.json_response(self.answer(body))

    async def stream(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if self.refuses in body["inferenceConfig"]:
            return json_error(Fault("ValidationException", 400, f"`{self.refuses}` is deprecated for this model."))
        self.on_demand.append(asked(body))
        self.streamed.append(asked(body))
        text = self.answer(body)["output"]["message"]["content"][0]["text"]
        frames = [event("messageStart", {"role": "assistant"}), delta(text), *ending("end_turn")]
        return web.Response(body=b"".join(frames), content_type="application/vnd.amazon.eventstream")

    def _run(self, job: Created) -> None:
        """Results in another order than the records, with a manifest beside them."""
        lines = []
        for record in self.records(job):
            reply = self.answer(record["modelInput"])
            said = {"error": reply["error"]} if "error" in reply else {"modelOutput": reply}
            lines.append(json.dumps({**record, **said}))
        random.Random(7).shuffle(lines)
        lines = self.rewrite(self.jobs.index(job), lines)
        out = job.request["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
        self.objects[f"{out}{job.arn[-12:]}/{job.name}.jsonl.out"] = "".join(f"{line}\n" for line in lines).encode()
        self.objects[f"{out}{job.arn[-12:]}/manifest.json.out"] = b'{"totalRecordCount": 1}'


def malformed(records: list[dict[str, Any]]) -> Iterator[str]:
    """What the user guide says a job must not be sent."""
    if len(records) < 100:
        yield f"The job has {len(records)} records, fewer than the least number"
    if any(set(record) != {"recordId", "modelInput"} or not record["recordId"].isalnum() for record in records):
        yield "a record is not as it should be"
    if len({record["recordId"] for record in records}) < len(records):
        yield "a record id comes twice"
    if any("modelId" in record["modelInput"] or "toolConfig" in record["modelInput"] for record in records):
        yield "a body has what it must not have"


@asynccontextmanager
async def peer(**given: Any) -> AsyncIterator[Peer]:
    """A peer that listens, and is closed with the test."""
    made = Peer(**given)
    routes = [
        web.post(PATH, made.create),
        web.get("/model-invocation-jobs", made.listed_jobs),
        web.post(f"{PATH}/{{arn:.+}}/stop", made.stop),
        web.get(f"{PATH}/{{arn:.+}}", made.look),
        web.post("/model/{model}/converse", made.whole),
        web.post("/model/{model}/converse-stream", made.stream),
    ]
    async with listening([*routes, *made.shelf_routes]) as made.url:
        yield made
