"""The jobs of batch inference: created once however often they are asked for, looked at, stopped, results fetched.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html and API_GetModelInvocationJob.html, read
2026-11. A job is known by its name, which says what it is about.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, BinaryIO

from pipeline.aws.faults import WaysOut, told
from pipeline.aws.jobs import State, ended_badly
from pipeline.aws.s3 import Bucket, Files
from pipeline.models.batch.place import Place
from pipeline.models.batch.records import Ending, Progress
from pipeline.models.batch.router import LONGEST_H
from pipeline.models.providers.bedrock import make_client
from pipeline.models.settings import ModelSettings

TIMEOUT_S = 60.0
ENDINGS = {
    "Completed": Ending.WHOLE,
    "PartiallyCompleted": Ending.PARTLY,
    "Expired": Ending.PARTLY,
    "Stopped": Ending.STOPPED,
    "Failed": Ending.FAILED,
}
ACTIONS = "bedrock:CreateModelInvocationJob, GetModelInvocationJob, ListModelInvocationJobs and StopModelInvocationJob"


class BatchInference:
    """The service, with its files at one place. Every method raises a FerryError, TemporaryError where waiting may help."""

    def __init__(self, place: Place, settings: ModelSettings) -> None:
        self.place, self._bucket = place, Bucket(place.bucket)
        self._settings = replace(settings, timeout_s=min(settings.timeout_s, TIMEOUT_S))
        self._files = Files(self._settings)

    async def find(self, name: str) -> str | None:
        """The ARN of the job of this name, when it was made before."""
        return await asyncio.to_thread(self._find, name)

    async def make(self, name: str, model: str, records: BinaryIO) -> str:
        """The ARN of a new job over `records`, or of the one that has this name already; `model` is a ref."""
        return await asyncio.to_thread(self._make, name, model, records)

    async def look(self, arn: str) -> Progress:
        return await asyncio.to_thread(self._look, arn)

    async def fetch(self, standing: Progress, file: BinaryIO) -> None:
        """Writes the lines of every result of a job that has ended to `file`, and leaves it at its beginning."""
        await asyncio.to_thread(self._fetch, standing, file)

    async def stop(self, arn: str) -> None:
        """A job that has ended already stays as it is."""
        await asyncio.to_thread(self._stop, arn)

    def _find(self, name: str) -> str | None:
        with told("look for the batch job", self._ways()):
            pages = self._bedrock.get_paginator("list_model_invocation_jobs").paginate(nameContains=name)
            jobs = (job for page in pages for job in page.get("invocationJobSummaries", ()))
            return next((str(job["jobArn"]) for job in jobs if job["jobName"] == name), None)

    def _make(self, name: str, model: str, records: BinaryIO) -> str:
        with told("store the records in the bucket", self._ways(model)):
            self._files.put(self._bucket, records, *_input(name))
        with told("start the batch job", self._ways(model)):
            try:
                return str(self._bedrock.create_model_invocation_job(**self._request(name, model))["jobArn"])
            except self._bedrock.exceptions.ConflictException:
                found = self._find(name)
                if found is None:
                    raise
                return found

    def _request(self, name: str, model: str) -> dict[str, Any]:
        source = {"s3Uri": self._bucket.uri(*_input(name)), "s3InputFormat": "JSONL"}
        return {
            "jobName": name,
            "clientRequestToken": name,
            "roleArn": self.place.role,
            "modelId": model.partition(":")[2],
            "modelInvocationType": "Converse",
            "inputDataConfig": {"s3InputDataConfig": source},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": f"{self._bucket.uri('batch', 'results', name)}/"}},
            "timeoutDurationInHours": LONGEST_H,
        }

    def _look(self, arn: str) -> Progress:
        with told("look at the batch job", self._ways()):
            job = self._bedrock.get_model_invocation_job(jobIdentifier=arn)
        return _progress(job)

    def _fetch(self, standing: Progress, file: BinaryIO) -> None:
        with told("fetch the results from the bucket", self._ways()):
            self._files.save(standing.results.rstrip("/"), ".jsonl.out", file)
        file.seek(0)

    def _stop(self, arn: str) -> None:
        with told("stop the batch job", self._ways()):
            try:
                self._bedrock.stop_model_invocation_job(jobIdentifier=arn)
            except self._bedrock.exceptions.ConflictException:
                return

    def _ways(self, model: str = "the model") -> WaysOut:
        return WaysOut(
            quota="The account's quota of batch jobs for this model is used up; Ferry tries again as jobs end. Ask AWS for more.",
            access=f"Ferry's credentials need {ACTIONS}, iam:PassRole on {self.place.role}, and s3:PutObject, GetObject and "
            f"ListBucket on {self._bucket.name}.",
            refused=f"Check that {model} takes batch jobs in this region, and that the role {self.place.role} exists, trusts "
            f"bedrock.amazonaws.com, and may read and write {self._bucket.name}; or ask on demand.",
            bucket=f"The bucket {self._bucket.name} is not there, or is in another region: create it, or name another one.",
        )

    @cached_property
    def _bedrock(self) -> Any:  # noqa: ANN401  boto3 builds its clients at run time
        return make_client("bedrock", self._settings)


def _progress(job: Mapping[str, Any]) -> Progress:
    """Counts are there once a job runs."""
    status, said = str(job["status"]), (job["message"],) if job.get("message") else ()
    ending = ENDINGS.get(status)
    bad = ending in {Ending.STOPPED, Ending.FAILED}
    return Progress(
        name=str(job.get("jobName", "")),
        state=State.UNDER_WAY if ending is None else State.FAILED if bad else State.DONE,
        results=str(job["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"]),
        problem=ended_badly(status, said) if bad else None,
        status=status,
        ending=ending,
        records=int(job.get("totalRecordCount") or 0),
        done=int(job.get("processedRecordCount") or 0),
    )


def _input(name: str) -> tuple[str, ...]:
    return "batch", "records", f"{name}.jsonl"
