"""Bedrock Evaluations and S3 on 127.0.0.1: requests are checked against AWS's own service model, jobs live and write results.

Only what Ferry asks of them is there: S3 PUT, GET and LIST by path, and Create-, Get- and ListEvaluationJob(s).
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.pipeline.aws.wire import BUCKET, Created, Fault, Shelf, job_of, json_error, listening, violations

ROLE = "arn:aws:iam::123456789012:role/second-opinion"
Judged = Callable[[dict[str, Any], str], object]


@dataclass(slots=True, kw_only=True)
class Opinion(Created):
    """`failures` are what the service says of one that failed."""

    failures: list[str] = field(default_factory=list)


def half(_record: dict[str, Any], _metric: str) -> object:
    return 0.5


@dataclass(slots=True, kw_only=True)
class Peer(Shelf):
    """`faults` by operation are used up in order; `judge` gives the figures, `rewrite` may spoil the result lines."""

    jobs: dict[str, Opinion] = field(default_factory=dict)
    life: list[str] = field(default_factory=lambda: ["InProgress", "Completed"])
    failures: list[str] = field(default_factory=list)
    judge: Judged = half
    rewrite: Callable[[list[str]], list[str]] = list

    def lines(self, name: str) -> list[dict[str, Any]]:
        """What a job was sent."""
        sent = next(body for key, body in self.objects.items() if key.endswith(f"inputs/{name}.jsonl"))
        return [json.loads(line) for line in sent.decode().splitlines()]

    async def create(self, request: web.Request) -> web.Response:
        fault, body = self.fault("CreateEvaluationJob"), json.loads(await request.read())
        if fault and not fault.lost:
            return json_error(fault)
        wrong = list(violations("CreateEvaluationJobRequest", body))
        if wrong:
            return json_error(Fault("ValidationException", 400, "; ".join(wrong)))
        name = body["jobName"]
        standing = self.jobs.get(name)
        if standing and standing.request != body:
            return json_error(Fault("ConflictException", 400, "the job name is taken"))
        if standing is None:
            arn = f"arn:aws:bedrock:us-east-1:123456789012:evaluation-job/{len(self.jobs):012d}"
            standing = self.jobs[name] = Opinion(arn=arn, request=body, life=list(self.life), failures=self.failures)
        return json_error(fault) if fault else web.json_response({"jobArn": standing.arn}, status=202)

    async def look(self, request: web.Request) -> web.Response:
        if fault := self.fault("GetEvaluationJob"):
            return json_error(fault)
        job = job_of(self.jobs.values(), request)
        if job is None:
            return json_error(Fault("ResourceNotFoundException", 404, "no such job"))
        status = job.looked_at()
        if status == "Completed":
            self._write(job)
        kept = {
            key: job.request[key] for key in ("jobName", "roleArn", "evaluationConfig", "inferenceConfig", "outputDataConfig")
        }
        more = {"status": status, "jobArn": job.arn, "jobType": "Automated", "creationTime": "2026-01-05T09:00:00Z"}
        return web.json_response(kept | more | {"failureMessages": job.failures})

    async def jobs_named(self, request: web.Request) -> web.Response:
        if fault := self.fault("ListEvaluationJobs"):
            return json_error(fault)
        wanted = request.query.get("nameContains", "")
        found = [
            {
                "jobArn": job.arn,
                "jobName": name,
                "status": "InProgress",
                "creationTime": "2026-01-05T09:00:00Z",
                "jobType": "Automated",
            }
            for name, job in self.jobs.items()
            if wanted in name
        ]
        return web.json_response({"jobSummaries": [each | {"evaluationTaskTypes": ["General"]} for each in found]})

    def _write(self, job: Opinion) -> None:
        """Results where the documentation puts them, a file for each metric."""
        name, out = job.request["jobName"], job.request["outputDataConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
        config = job.request["evaluationConfig"]["automated"]["datasetMetricConfigs"][0]
        for number, metric in enumerate(config["metricNames"]):
            written = self.rewrite([result_line(record, metric, self.judge(record, metric)) for record in self.lines(name)])
            folder = f"{out}/{name}/{job.arn[-12:]}/models/model/taskTypes/General/datasets/{name}"
            self.objects[f"{folder}/{number:04d}_output.jsonl"] = "".join(f"{line}\n" for line in written).encode()
        self.objects[f"{out}/{name}/amazon-bedrock-evaluations-permission-check"] = b""


def result_line(record: dict[str, Any], metric: str, result: object) -> str:
    details = [{"modelIdentifier": "amazon.nova-pro-v1:0", "explanation": f"{metric} because"}]
    score = {"metricName": metric, "result": result, "evaluatorDetails": details}
    given = {key: value for key, value in record.items() if key != "modelResponses"}
    answered = [{key: value} for key, value in record["modelResponses"][0].items() if key == "response"]
    return json.dumps({"automatedEvaluationResult": {"scores": [score]}, "inputRecord": given, "modelResponses": answered})


@asynccontextmanager
async def peer(**given: Any) -> AsyncIterator[Peer]:
    """A peer that listens, and is closed with the test."""
    made = Peer(**given)
    jobs = [
        web.post("/evaluation-jobs", made.create),
        web.get("/evaluation-jobs", made.jobs_named),
        web.get("/evaluation-jobs/{arn:.+}", made.look),
    ]
    async with listening([*jobs, *made.shelf_routes]) as made.url:
        yield made
