"""The jobs of Bedrock Evaluations: created once however often they are asked for, looked at, and their results fetched from S3.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateEvaluationJob.html and API_GetEvaluationJob.html. A job's name
and its request token are made from what it is about, and names are unique in an account and region: asking again finds it.
"""

import asyncio
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pipeline.aws.jobs import Standing, State, ended_badly
from pipeline.aws.s3 import Bucket, Files
from pipeline.hashing import content_hash
from pipeline.metrics.evaluations import lines as files
from pipeline.metrics.evaluations.faults import told
from pipeline.metrics.evaluations.lines import Line
from pipeline.metrics.evaluations.metric import EvaluatedMetric
from pipeline.metrics.evaluations.place import Place
from pipeline.models.providers.bedrock import make_client
from pipeline.models.settings import ModelSettings

TIMEOUT_S = 60.0
TASK = "General"
"""What the service's own examples of judge jobs say; the list of task types in the API's reference lacks it.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-built-in-metrics.html
"""


STATES = {"Completed": State.DONE, "Failed": State.FAILED, "Stopped": State.FAILED, "Deleting": State.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One job: what is sent, what is measured, and whose answers they are (a model's ref)."""

    name: str
    lines: tuple[Line, ...]
    metrics: tuple[EvaluatedMetric, ...]
    model: str


def job_name(of: object, part: int) -> str:
    """The name of one part of a second opinion, the same for the same `of` (anything that is JSON, or a frozen record)."""
    return f"ferry-{content_hash(of)[:32]}-{part}"


class Bedrock:
    """The service at one place. Every method raises a FerryError, TemporaryError where waiting may help."""

    def __init__(self, place: Place, settings: ModelSettings) -> None:
        self.place, self._settings = place, replace(settings, timeout_s=min(settings.timeout_s, TIMEOUT_S))
        self._files = Files(self._settings)

    async def create(self, asked: Asked) -> str:
        """The ARN of the job of this name, created unless it is there."""
        return await asyncio.to_thread(self._create, asked)

    async def look(self, arn: str) -> Standing:
        return await asyncio.to_thread(self._look, arn)

    async def fetch(self, standing: Standing) -> tuple[str, ...]:
        """The lines of every result file of a job that is done."""
        return await asyncio.to_thread(self._fetch, standing)

    def _create(self, asked: Asked) -> str:
        with told("store the answers in the bucket", self.place):
            body = files.dumps(asked.lines, files.identifier(asked.model))
            self._files.put(Bucket(self.place.bucket), body, *_input(asked))
        with told("start the second opinion", self.place):
            try:
                return str(self._bedrock.create_evaluation_job(**self._request(asked))["jobArn"])
            except self._bedrock.exceptions.ConflictException:
                found = self._named(asked.name)
                if found is None:
                    raise
                return found

    def _named(self, name: str) -> str | None:
        """The ARN of the job of exactly this name: it was created before, by a request nobody remembers."""
        pages = self._bedrock.get_paginator("list_evaluation_jobs").paginate(nameContains=name)
        jobs = (job for page in pages for job in page["jobSummaries"])
        return next((str(job["jobArn"]) for job in jobs if job["jobName"] == name), None)

    def _request(self, asked: Asked) -> dict[str, Any]:
        dataset = {"name": asked.name, "datasetLocation": {"s3Uri": self.place.uri(*_input(asked))}}
        measured = {"taskType": TASK, "dataset": dataset, "metricNames": [metric.builtin for metric in asked.metrics]}
        judge = {"bedrockEvaluatorModels": [{"modelIdentifier": self.place.judge}]}
        source = {"precomputedInferenceSource": {"inferenceSourceIdentifier": files.identifier(asked.model)}}
        return {
            "jobName": asked.name,
            "clientRequestToken": asked.name,
            "roleArn": self.place.role,
            "applicationType": "ModelEvaluation",
            "evaluationConfig": {"automated": {"datasetMetricConfigs": [measured], "evaluatorModelConfig": judge}},
            "inferenceConfig": {"models": [source]},
            "outputDataConfig": {"s3Uri": self.place.uri("results")},
        }

    def _look(self, arn: str) -> Standing:
        with told("look at the second opinion", self.place):
            job = self._bedrock.get_evaluation_job(jobIdentifier=arn)
        state = STATES.get(job["status"], State.UNDER_WAY)
        return Standing(
            name=job["jobName"],
            state=state,
            results=job["outputDataConfig"]["s3Uri"],
            problem=ended_badly(job["status"], job.get("failureMessages", ())) if state is State.FAILED else None,
        )

    def _fetch(self, standing: Standing) -> tuple[str, ...]:
        with told("fetch the results from the bucket", self.place):
            return tuple(self._files.lines(f"{standing.results.rstrip('/')}/{standing.name}", "_output.jsonl"))

    @cached_property
    def _bedrock(self) -> Any:  # noqa: ANN401  boto3 builds its clients at run time
        return make_client("bedrock", self._settings)


def _input(asked: Asked) -> tuple[str, str]:
    return "inputs", f"{asked.name}.jsonl"
