"""Advanced Prompt Optimization and S3 on 127.0.0.1: requests and input files are checked, jobs live and write results.

Create-, Get-, List- and StopAdvancedPromptOptimizationJob in the shapes of AWS's service model; the lines of input and results
in those of the user guide and of the published sample runs.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.pipeline.aws.wire import BUCKET, Created, Fault, Shelf, job_of, json_error, listening, stopped, violations

WHEN = "2026-01-05T09:00:00Z"
PATH = "/advanced-prompt-optimization-jobs"


@dataclass(slots=True, kw_only=True)
class Optimisation(Created):
    """`failure` is what the service says of one that failed."""

    failure: str | None


def better(line: dict[str, Any]) -> str:
    """What the service would write: fences gone, a few words more."""
    return "Work with care.\n" + re.sub(r"</?advpo:exclude>", "", str(line["promptTemplate"]))


@dataclass(slots=True, kw_only=True)
class Peer(Shelf):
    """`optimise` gives the template, `rewrite` may spoil the result lines, `supported` are the models it knows (None: all).

    `hidden` lists show nothing yet; without `tokens` a request that comes twice is a second one. `made` is set when a job was
    made, and whoever made it waits for its answer until `gone`.
    """

    jobs: dict[str, Optimisation] = field(default_factory=dict)
    life: list[str] = field(default_factory=lambda: ["InProgress", "Completed"])
    failure: str | None = None
    optimise: Callable[[dict[str, Any]], object] = better
    result: dict[str, Any] = field(default_factory=lambda: {"status": "SUCCESS"})
    rewrite: Callable[[list[str]], list[str]] = list
    supported: set[str] | None = None
    tokens: bool = True
    hidden: int = 0
    made: asyncio.Event | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def line(self, name: str) -> dict[str, Any]:
        """What a job was sent."""
        found: dict[str, Any] = json.loads(self.objects[f"x/advpo/inputs/{name}.jsonl"])
        return found

    async def create(self, request: web.Request) -> web.Response:
        fault, body = self.fault("Create"), json.loads(await request.read())
        if fault and not fault.lost:
            return json_error(fault)
        wrong = [*violations("CreateAdvancedPromptOptimizationJobRequest", body), *self._unreadable(body)]
        if wrong:
            return json_error(Fault("ValidationException", 400, "; ".join(wrong)))
        made = next(
            (job for job in self.jobs.values() if self.tokens and job.request["clientToken"] == body["clientToken"]), None
        )
        if made is None:
            if body["jobName"] in self.jobs:
                return json_error(Fault("ConflictException", 400, "the job name is taken"))
            arn = f"arn:aws:bedrock:us-east-1:123456789012:advanced-prompt-optimization-job/{len(self.jobs):012d}"
            made = self.jobs[body["jobName"]] = Optimisation(arn=arn, request=body, life=list(self.life), failure=self.failure)
        if self.made is not None and not self.made.is_set():
            self.made.set()
            await self.gone.wait()
        return json_error(fault) if fault else web.json_response({"jobArn": made.arn})

    def _unreadable(self, body: dict[str, Any]) -> Iterator[str]:
        key = body["inputConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
        if key not in self.objects:
            yield f"no input at {key}"
            return
        for line in self.objects[key].decode("ascii").splitlines():
            yield from malformed(json.loads(line))
        model = body["modelConfigurations"][0]["modelId"]
        if self.supported is not None and model not in self.supported:
            yield f"The model {model} is not supported for this operation"

    async def look(self, request: web.Request) -> web.Response:
        if fault := self.fault("Get"):
            return json_error(fault)
        job = job_of(self.jobs.values(), request)
        if job is None:
            return json_error(Fault("ResourceNotFoundException", 404, "no such job"))
        status = job.looked_at()
        if status in {"Completed", "PartiallyCompleted"}:
            self._write(job)
        kept = {key: job.request[key] for key in ("jobName", "inputConfig", "outputConfig", "modelConfigurations")}
        said = {"failureMessage": job.failure} if job.failure else {}
        return web.json_response(kept | said | {"jobArn": job.arn, "jobStatus": status, "creationTime": WHEN})

    async def listed_jobs(self, request: web.Request) -> web.Response:
        if fault := self.fault("List"):
            return json_error(fault)
        if self.hidden:
            self.hidden -= 1
            return web.json_response({"jobSummaries": []})
        at = int(request.query.get("nextToken", "0"))
        named = list(self.jobs.items())[::-1][at : at + self.page]
        found = [{"jobArn": j.arn, "jobName": name, "jobStatus": j.life[0], "creationTime": WHEN} for name, j in named]
        more = {"nextToken": str(at + self.page)} if at + self.page < len(self.jobs) else {}
        return web.json_response({"jobSummaries": found, **more})

    async def stop(self, request: web.Request) -> web.Response:
        return stopped(self, self.jobs.values(), request)

    def _write(self, job: Optimisation) -> None:
        name, out = job.request["jobName"], job.request["outputConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
        line, model = self.line(name), job.request["modelConfigurations"][0]["modelId"]
        result = {"modelId": model, "optimizedPromptTemplate": self.optimise(line), **self.result}
        told = {"promptTemplateId": line["templateId"], "promptTemplate": line["promptTemplate"]}
        written = self.rewrite([json.dumps({**told, "promptOptimizationResults": [result]})])
        key = f"{out}{job.arn[-12:]}/advanced_prompt_optimization_results.jsonl"
        self.objects[key] = "".join(f"{each}\n" for each in written).encode()


def malformed(line: dict[str, Any]) -> Iterator[str]:
    """What the user guide says an input line must not be."""
    if line.get("version") != "bedrock-2026-05-14":
        yield "version"
    if set(line) - {"version", "templateId", "promptTemplate", "steeringCriteria", "evaluationSamples"}:
        yield "unknown fields"
    if not 1 <= len(line["evaluationSamples"]) <= 100 or len(line.get("steeringCriteria", "x")) > 5:
        yield "too many"
    marked = set(re.findall(r"\{\{(\w+)\}\}", line["promptTemplate"]))
    for sample in line["evaluationSamples"]:
        given = sample["inputVariables"]
        if any(len(one) != 1 for one in given) or {name for one in given for name in one} != marked:
            yield "each variable is an object of its own, and all are there"


@asynccontextmanager
async def peer(**given: Any) -> AsyncIterator[Peer]:
    """A peer that listens, and is closed with the test."""
    made = Peer(**given)
    jobs = [
        web.post(PATH, made.create),
        web.get(PATH, made.listed_jobs),
        web.post(f"{PATH}/{{arn:.+}}/stop", made.stop),
        web.get(f"{PATH}/{{arn:.+}}", made.look),
    ]
    async with listening([*jobs, *made.shelf_routes]) as made.url:
        yield made
