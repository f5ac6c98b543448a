"""Bedrock Evaluations and S3 on 127.0.0.1: requests are checked against AWS's own service model, jobs live and write results.

Only what Ferry asks of them is there: S3 PUT, GET and LIST by path, and Create-, Get- and ListEvaluationJob(s).
"""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

from aiohttp import web

from pipeline.models.settings import ModelSettings

BUCKET = "answers"
ROLE = "arn:aws:iam::123456789012:role/second-opinion"
DOCUMENTED = {"General"}  # a task type that the service's examples use and its model lacks
Judged = Callable[[dict[str, Any], str], object]


@dataclass(frozen=True, slots=True)
class Fault:
    """What an operation answers instead of doing its work; `lost` does the work first, and then answers this."""

    code: str
    status: int = 400
    message: str = "no"
    lost: bool = False


@dataclass(slots=True)
class Created:
    """A job: what was asked for, and the statuses it goes through, one for each look; the last one stays."""

    arn: str
    request: dict[str, Any]
    life: list[str]
    failures: list[str] = field(default_factory=list)


def half(_record: dict[str, Any], _metric: str) -> object:
    return 0.5


@dataclass(slots=True, kw_only=True)
class Peer:
    """`faults` by operation are used up in order; `judge` gives the figures, `rewrite` may spoil the result lines."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, Created] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    life: list[str] = field(default_factory=lambda: ["InProgress", "Completed"])
    failures: list[str] = field(default_factory=list)
    judge: Judged = half
    rewrite: Callable[[list[str]], list[str]] = list
    page: int = 1000

    @property
    def settings(self) -> ModelSettings:
        return ModelSettings(endpoint_url=self.url, region="us-east-1", timeout_s=10.0)

    def lines(self, name: str) -> list[dict[str, Any]]:
        """What a job was sent."""
        sent = next(body for key, body in self.objects.items() if key.endswith(f"inputs/{name}.jsonl"))
        return [json.loads(line) for line in sent.decode().splitlines()]

    # S3, https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html

    async def put(self, request: web.Request) -> web.Response:
        if fault := self._fault("PutObject"):
            return _s3_error(fault)
        self.objects[request.match_info["key"]] = await request.read()
        return web.Response(headers={"ETag": '"1"'})

    async def get(self, request: web.Request) -> web.Response:
        if fault := self._fault("GetObject"):
            return _s3_error(fault)
        body = self.objects.get(request.match_info["key"])
        return _s3_error(Fault("NoSuchKey", 404)) if body is None else web.Response(body=body)

    async def listed(self, request: web.Request) -> web.Response:
        if fault := self._fault("ListObjectsV2"):
            return _s3_error(fault)
        prefix, after = request.query.get("prefix", ""), request.query.get("continuation-token", "")
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        more = len(keys) > self.page
        entries = "".join(f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>" for key in keys[: self.page])
        token = f"<NextContinuationToken>{escape(keys[self.page - 1])}</NextContinuationToken>" if more else ""
        body = f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{entries}</ListBucketResult>"
        return web.Response(text=body, content_type="application/xml")

    # Bedrock

    async def create(self, request: web.Request) -> web.Response:
        fault, body = self._fault("CreateEvaluationJob"), json.loads(await request.read())
        if fault and not fault.lost:
            return _bedrock_error(fault)
        wrong = list(violations("CreateEvaluationJobRequest", body))
        if wrong:
            return _bedrock_error(Fault("ValidationException", 400, "; ".join(wrong)))
        name = body["jobName"]
        standing = self.jobs.get(name)
        if standing and standing.request != body:
            return _bedrock_error(Fault("ConflictException", 400, "the job name is taken"))
        if standing is None:
            arn = f"arn:aws:bedrock:us-east-1:123456789012:evaluation-job/{len(self.jobs):012d}"
            standing = self.jobs[name] = Created(arn, body, list(self.life), self.failures)
        return _bedrock_error(fault) if fault else web.json_response({"jobArn": standing.arn}, status=202)

    async def look(self, request: web.Request) -> web.Response:
        if fault := self._fault("GetEvaluationJob"):
            return _bedrock_error(fault)
        arn = unquote(request.match_info["arn"])
        job = next((job for job in self.jobs.values() if job.arn == arn), None)
        if job is None:
            return _bedrock_error(Fault("ResourceNotFoundException", 404, "no such job"))
        status = job.life.pop(0) if len(job.life) > 1 else job.life[0]
        if status == "Completed":
            self._write(job)
        kept = {
            key: job.request[key] for key in ("jobName", "roleArn", "evaluationConfig", "inferenceConfig", "outputDataConfig")
        }
        more = {"status": status, "jobArn": arn, "jobType": "Automated", "creationTime": "2026-01-05T09:00:00Z"}
        return web.json_response(kept | more | {"failureMessages": job.failures})

    async def jobs_named(self, request: web.Request) -> web.Response:
        if fault := self._fault("ListEvaluationJobs"):
            return _bedrock_error(fault)
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

    def _fault(self, operation: str) -> Fault | None:
        self.asked[operation] += 1
        waiting = self.faults.get(operation, [])
        return waiting.pop(0) if waiting else None

    def _write(self, job: Created) -> None:
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


@cache
def _model() -> Any:
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    return ServiceModel(create_loader().load_service_model("bedrock", "service-2"))


def violations(shape: str, value: object) -> Iterator[str]:
    """What AWS's own description of a request does not allow; boto3 itself checks neither patterns nor enums nor ends."""
    yield from _check(_model().shape_for(shape), value, "")


def _check(shape: Any, value: Any, at: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _members(shape, value, at)
    elif shape.type_name == "list":
        yield from _within(shape, len(value), at)
        for number, item in enumerate(value):
            yield from _check(shape.member, item, f"{at}[{number}]")
    elif shape.type_name == "string":
        yield from _within(shape, len(value), at)
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            yield f"{at} is {value!r}, not {pattern}"
        if shape.enum and value not in {*shape.enum, *DOCUMENTED}:
            yield f"{at} is none of {shape.enum}"


def _members(shape: Any, value: dict[str, Any], at: str) -> Iterator[str]:
    yield from (f"{at}.{name} is missing" for name in shape.required_members if name not in value)
    yield from (f"{at}.{name} is unknown" for name in value if name not in shape.members)
    if shape.is_tagged_union and len(value) != 1:
        yield f"{at} must have one member"
    for name, item in value.items():
        if name in shape.members:
            yield from _check(shape.members[name], item, f"{at}.{name}")


def _within(shape: Any, size: int, at: str) -> Iterator[str]:
    if not shape.metadata.get("min", 0) <= size <= shape.metadata.get("max", size):
        yield f"{at} has size {size}"


def _bedrock_error(fault: Fault) -> web.Response:
    return web.json_response({"message": fault.message}, status=fault.status, headers={"x-amzn-ErrorType": fault.code})


def _s3_error(fault: Fault) -> web.Response:
    body = f"<Error><Code>{fault.code}</Code><Message>{escape(fault.message)}</Message></Error>"
    return web.Response(text=body, status=fault.status, content_type="application/xml")


@asynccontextmanager
async def peer(**given: Any) -> AsyncIterator[Peer]:
    """A peer that listens, and is closed with the test."""
    made = Peer(**given)
    app = web.Application(client_max_size=64 * 1024**2)
    app.add_routes(
        [
            web.post("/evaluation-jobs", made.create),
            web.get("/evaluation-jobs", made.jobs_named),
            web.get("/evaluation-jobs/{arn:.+}", made.look),
            web.put(f"/{BUCKET}/{{key:.+}}", made.put),
            web.get(f"/{BUCKET}/{{key:.+}}", made.get),
            web.get(f"/{BUCKET}", made.listed),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
