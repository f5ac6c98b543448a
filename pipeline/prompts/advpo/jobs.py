"""The jobs of Advanced Prompt Optimization: created once however often they are asked for, looked at, stopped, results fetched.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateAdvancedPromptOptimizationJob.html, read 2026-11. A job works
with the rights of whoever creates it: there is no role to name.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from pipeline.aws.faults import WaysOut, told
from pipeline.aws.jobs import Standing, State, ended_badly
from pipeline.aws.s3 import Bucket, Files
from pipeline.errors import PermanentError
from pipeline.models.providers.bedrock import make_client
from pipeline.models.settings import ModelSettings
from pipeline.prompts.advpo.asked import NAME, Asked

TIMEOUT_S = 60.0
STATES = {
    "Completed": State.DONE,
    "PartiallyCompleted": State.DONE,  # what it has is fetched; a model it gave up on says so in the results
    "Failed": State.FAILED,
    "Stopped": State.FAILED,
    "Expired": State.FAILED,  # not among the statuses of this API; other jobs of the service end so
    "Deleting": State.FAILED,
}
REGIONS = frozenset(
    {
        "us-east-1", "us-east-2", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2", "eu-central-1",
        "eu-central-2", "ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2",
    }
)  # fmt: skip
"""https://docs.aws.amazon.com/bedrock/latest/userguide/advanced-prompt-optimization-quotas.html, read 2026-11. A list ages: it
explains a refusal and makes none."""
ACTIONS = "bedrock:CreateAdvancedPromptOptimizationJob, Get-, List- and StopAdvancedPromptOptimizationJob"


class Advpo:
    """The service, with its files at one place. Every method raises a FerryError, TemporaryError where waiting may help."""

    def __init__(self, bucket: Bucket, settings: ModelSettings) -> None:
        self.bucket, self._settings = bucket, replace(settings, timeout_s=min(settings.timeout_s, TIMEOUT_S))
        self._files = Files(self._settings)

    async def submit(self, asked: Asked) -> str:
        """The ARN of the job for exactly this, created unless it is there."""
        return await asyncio.to_thread(self._submit, asked)

    async def find(self, asked: Asked) -> str | None:
        """The ARN of the job for exactly this, when somebody has asked for it."""
        return await asyncio.to_thread(self._find, asked)

    async def running(self, asked: Collection[Asked]) -> str | None:
        """The ARN of the newest of these that the service is at and that nobody stops."""
        return await asyncio.to_thread(self._running, {each.name for each in asked}) if asked else None

    async def look(self, arn: str) -> Standing:
        return await asyncio.to_thread(self._look, arn)

    async def fetch(self, standing: Standing) -> tuple[str, ...]:
        """The lines of a job's results. Raises PermanentError when it is done and wrote none."""
        return await asyncio.to_thread(self._fetch, standing)

    async def stop(self, arn: str) -> None:
        """A job that has ended already stays as it is."""
        await asyncio.to_thread(self._stop, arn)

    def _submit(self, asked: Asked) -> str:
        """Looked for first: a request token may be forgotten after a while, and a second job would cost as much as the first."""
        ways = self._ways(asked.model)
        if (found := self._find(asked)) is not None:
            return found
        with told("store the samples in the bucket", ways):
            self._files.put(self.bucket, asked.body, *_input(asked))
        with told("start the optimisation", ways):
            try:
                return str(self._bedrock.create_advanced_prompt_optimization_job(**self._request(asked))["jobArn"])
            except self._bedrock.exceptions.ConflictException:
                found = self._named(asked.name)
                if found is None:
                    raise
                return found

    def _find(self, asked: Asked) -> str | None:
        with told("look for the optimisation", self._ways(asked.model)):
            return self._named(asked.name)

    def _running(self, names: Collection[str]) -> str | None:
        with told("look for the optimisation", self._ways()):
            under_way = (job for job in self._listed() if job["jobStatus"] not in {*STATES, "Stopping"})
            return next((str(job["jobArn"]) for job in under_way if job["jobName"] in names), None)

    def _named(self, name: str) -> str | None:
        """The ARN of the newest job of this name."""
        return next((str(job["jobArn"]) for job in self._listed() if job["jobName"] == name), None)

    def _listed(self) -> Iterator[Mapping[str, Any]]:
        """Every job, the newest first; the list takes no name to look for."""
        listed = self._bedrock.get_paginator("list_advanced_prompt_optimization_jobs")
        pages = listed.paginate(sortBy="CreationTime", sortOrder="Descending")
        return (job for page in pages for job in page.get("jobSummaries", ()))

    def _request(self, asked: Asked) -> dict[str, Any]:
        return {
            "jobName": asked.name,
            "clientToken": asked.name,
            "inputConfig": {"s3Uri": self.bucket.uri(*_input(asked))},
            "outputConfig": {"s3Uri": f"{self.bucket.uri('advpo', 'results', asked.name)}/"},
            "modelConfigurations": [asked.configuration],
        }

    def _look(self, arn: str) -> Standing:
        with told("look at the optimisation", self._ways()):
            job = self._bedrock.get_advanced_prompt_optimization_job(jobIdentifier=arn)
        state = STATES.get(job["jobStatus"], State.UNDER_WAY)
        said = (job["failureMessage"],) if job.get("failureMessage") else ()
        return Standing(
            name=job["jobName"],
            state=state,
            results=job["outputConfig"]["s3Uri"],
            problem=ended_badly(job["jobStatus"], said) if state is State.FAILED else None,
        )

    def _fetch(self, standing: Standing) -> tuple[str, ...]:
        with told("fetch the results from the bucket", self._ways()):
            written = tuple(self._files.lines(standing.results, ".jsonl"))
        if not any(line.strip() for line in written):
            raise PermanentError(
                f"The optimisation is done, but there are no results under {standing.results}. Somebody or a rule of the bucket "
                "may have removed them: ask anew with a higher --attempt."
            )
        return written

    def _stop(self, arn: str) -> None:
        with told("stop the optimisation", self._ways()):
            try:
                self._bedrock.stop_advanced_prompt_optimization_job(jobIdentifier=arn)
            except self._bedrock.exceptions.ConflictException:
                return

    def _ways(self, model: str = "the model") -> WaysOut:
        return WaysOut(
            quota=f"The account's quota of {NAME} jobs (20 at once) is used up; Ferry tries again. Stop one or ask AWS for more.",
            access=f"Ferry's credentials need {ACTIONS}, bedrock:InvokeModel and InvokeModelWithResponseStream for the target "
            f"and the judge, and s3:PutObject, GetObject and ListBucket on {self.bucket.name}: the job works with their rights.",
            refused=f"Check that {NAME} is offered in this region{self._aside()}, that {model} is a Bedrock model that answers "
            "in text, and that this account may call it; the other candidates need none of this.",
            bucket=f"The bucket {self.bucket.name} is not there, or is in another region: create it, or name another one with "
            "--bucket.",
        )

    def _aside(self) -> str:
        region = self._settings.region
        return f" ({region} was not among those AWS named in November 2026)" if region and region not in REGIONS else ""

    @cached_property
    def _bedrock(self) -> Any:  # noqa: ANN401  boto3 builds its clients at run time
        return make_client("bedrock", self._settings)


def _input(asked: Asked) -> tuple[str, ...]:
    return "advpo", "inputs", f"{asked.name}.jsonl"
