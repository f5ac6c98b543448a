"""`ferry run --batch`: the bulk of a run by batch jobs. A journal beside the outputs says which were made, over any crash."""

import asyncio
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ConfigDict, TypeAdapter, ValidationError

from pipeline.commands.answering import Answering, Asked, say
from pipeline.errors import InputError, PermanentError, TemporaryError
from pipeline.hashing import canonical_json
from pipeline.lines import cut_unfinished
from pipeline.models import lanes
from pipeline.models.batch.following import Next, following, planned
from pipeline.models.batch.jobs import BatchInference
from pipeline.models.batch.lines import UNANSWERED, batchable, canary, job_name, write
from pipeline.models.batch.place import Place
from pipeline.models.batch.records import CANARY, FEWEST, BatchJob, Ending, Progress, spans
from pipeline.models.batch.results import Tally, answers
from pipeline.models.batch.router import GIVES_UP, Offer, offer
from pipeline.models.catalog import Catalog
from pipeline.models.prices import money
from pipeline.models.prices.tokens import usage_of_a_call
from pipeline.models.sampling import refused_of
from pipeline.prompts.fit import misfits
from pipeline.records import Lane, RunKey, Sample

ByBatch = Annotated[
    bool, typer.Option("--batch", help="Bedrock: the bulk by batch jobs, at half the price, in hours and without latencies.")
]
BatchBucket = Annotated[
    str, typer.Option(envvar="FERRY_BATCH_BUCKET", help="Where jobs read and write: s3://bucket/prefix, in the model's region.")
]
BatchRole = Annotated[
    str, typer.Option(envvar="FERRY_BATCH_ROLE", help="The role that Bedrock works as: it may read and write the bucket.")
]
BatchEvery = Annotated[float, typer.Option(min=0.05, help="Seconds between two looks at batch jobs.")]


def place_of(bucket: str, role: str) -> Place:
    """Raises InputError where something is missing or is no place."""
    if not bucket or not role:
        raise InputError(
            "Batch jobs need a place and a role. Give --batch-bucket s3://bucket/prefix and --batch-role arn:aws:iam::..., or "
            "set FERRY_BATCH_BUCKET and FERRY_BATCH_ROLE."
        )
    return Place(role=role, bucket=bucket)


def by_batch(asked: Asked, catalog: Catalog, service: BatchInference, output: Path, every: float) -> Asked:
    """`asked` with its bulk by batch, having told both ways. Raises InputError where it is not possible."""
    a_call, tools = usage_of_a_call(asked.prompt, asked.samples), asked.prompt.tools is not None
    say(_told(offer(asked.ref, len(asked.samples), a_call, catalog.prices, tools=tools, lane=asked.lane)))
    return replace(asked, batch=Batching(service, Journal(Path(f"{output}.jobs"), asked.key), every))


def _told(both: Offer) -> str:
    """Both ways in a sentence. Raises InputError where batch is not possible."""
    if both.why_not:
        raise InputError(f"This run cannot go by batch: {both.why_not}. Run it without --batch.")
    minutes = both.seconds_on_demand / 60
    return (
        f"{both.batch:,} of {both.batch + both.on_demand:,} samples go by {both.jobs} batch job(s): about "
        f"{money(both.usd_batch)}, on demand about {money(both.usd_on_demand)} and {minutes:,.0f} min if no quota is in the "
        f"way. Batch gives up: {GIVES_UP}."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    __pydantic_config__ = ConfigDict(extra="forbid")
    run: RunKey
    job: BatchJob


LINE = TypeAdapter(_Line)


class Journal:
    """The jobs of a run, a line of JSON each time something is known of one; what was said last counts.

    Raises InputError for a file that is of another run, or none of jobs.
    """

    def __init__(self, path: Path, key: RunKey) -> None:
        self._path, self._key = path, key
        self._jobs: dict[tuple[int, int, int], BatchJob] = {}
        if not path.exists():
            return
        cut_unfinished(path)
        for line in path.read_bytes().splitlines():
            self._jobs |= self._read(line)

    def spans(self, low: int, high: int) -> Sequence[tuple[int, int]]:
        """Those of the jobs there are, else of jobs to come."""
        return sorted({(job.low, job.high) for job in self._jobs.values()}) or list(spans(low, high))

    def of(self, span: tuple[int, int]) -> Sequence[BatchJob]:
        """By attempt."""
        return sorted((job for job in self._jobs.values() if (job.low, job.high) == span), key=lambda job: job.attempt)

    @property
    def open(self) -> Sequence[BatchJob]:
        return [job for job in self._jobs.values() if job.ending is None]

    @property
    def usd(self) -> float:
        """What jobs under way may cost."""
        return sum(job.usd for job in self.open)

    def add(self, job: BatchJob) -> None:
        self._jobs[job.low, job.high, job.attempt] = job
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(canonical_json(_Line(run=self._key, job=job)) + "\n")

    def _read(self, line: bytes) -> dict[tuple[int, int, int], BatchJob]:
        try:
            found = LINE.validate_json(line)
        except ValidationError as error:
            raise InputError(
                f"{self._path} is not the list of batch jobs that ferry wrote. Move it away, or choose another -o."
            ) from error
        if found.run != self._key:
            raise InputError(f"{self._path} lists batch jobs of another run. Choose another file with -o, or delete both.")
        return {(found.job.low, found.job.high, found.job.attempt): found.job}


@dataclass(slots=True)
class Batching:
    """How the bulk goes by batch: the service, the journal, and seconds between two looks."""

    service: BatchInference
    journal: Journal
    every: float
    said: set[str] = field(default_factory=set)

    async def bring(self, work: Answering, first: int) -> None:
        """Until no job is under way or to be made. What is left then is for calls on demand. Raises PermanentError."""
        asked = work.asked
        left_out = misfits(asked.prompt, asked.samples, asked.ref, work.catalog).over
        every_span = self.journal.spans(first, len(asked.samples))
        while not work.ended:
            steps = [await self._step(work, span, batchable(asked.samples[slice(*span)], left_out)) for span in every_span]
            if all(step in {Next.ON_DEMAND, Next.NOTHING} for step in steps):
                return
            if Next.LOOK in steps:
                await asyncio.sleep(self.every)

    async def _step(self, work: Answering, span: tuple[int, int], samples: Sequence[Sample]) -> Next:
        """One step for one span; LOOK means that there is nothing to do but wait."""
        jobs = self.journal.of(span)
        missing = [sample for sample in samples if sample.id not in work.done]
        step = following(len(missing), jobs)
        try:
            if step is Next.MAKE:
                await self._make(work, planned(*span, jobs), samples, missing)
            elif step is Next.LOOK and await self._look(work, jobs[-1], samples):
                return Next.MAKE
        except TemporaryError as error:
            self._once(error.message)
            return Next.LOOK
        return step

    async def _make(self, work: Answering, job: BatchJob, samples: Sequence[Sample], missing: Sequence[Sample]) -> None:
        """Planned in the journal before AWS is asked: a job that was made before a crash is found by its name."""
        name = job_name(work.asked.key, samples, job.attempt)
        if job not in self.journal.open:
            self.journal.add(job)
        arn = await self.service.find(name)
        if arn is not None:
            return await self._note(work, replace(job, arn=arn))
        left = CANARY
        while not work.ended and (asked := canary(samples, missing, refused_of(work.model))[:left]):
            await work.ask(asked, Lane.BULK, lanes.AT_ONCE)
            missing, left = missing[len(asked) :], left - len(asked)
        if work.ended:
            return None
        rest = [sample for sample in missing if sample.id not in work.done]
        if len(rest) < FEWEST:
            return await self._note(work, replace(job, ending=Ending.STOPPED))
        refused = refused_of(work.model)
        if refused is None:
            raise PermanentError(f"{UNANSWERED}. The same command asks again; without --batch it asks all the others on demand.")
        return await self._send(work, job, name, rest, refused)

    async def _send(self, work: Answering, job: BatchJob, name: str, samples: Sequence[Sample], refused: Collection[str]) -> None:
        """Unless the budget does not allow what it costs at most, which is charged and noted before: a kill costs it once."""
        asked, price = work.asked, work.catalog.prices.of(work.asked.ref)
        with tempfile.TemporaryFile() as file:
            count, usd = await asyncio.to_thread(write, file, samples, asked.prompt, asked.key, price, refused)
            file.seek(0)
            more = max(0.0, usd - job.usd)
            if await work.purse.hold(more, asked.ref) is not None:
                return
            await self._note(work, replace(job, usd=usd))
            await work.purse.settle(more, 0.0)
            try:
                arn = await self.service.make(name, asked.ref, file)
            except PermanentError:
                await self._note(work, replace(job, usd=0.0))
                raise
        await self._note(work, replace(job, arn=arn, usd=usd))
        say(f"Batch job {name} of {count:,} records: at most {money(usd)}.")

    async def _look(self, work: Answering, job: BatchJob, samples: Sequence[Sample]) -> bool:
        """Whether the job has ended; what it brought is in the file then."""
        standing = await self.service.look(job.arn or "")
        if standing.ending is None:
            self._once(
                f"{standing.name}: {standing.status}"
                + (f", {standing.done:,} of {standing.records:,}" if standing.records else "")
            )
            return False
        if standing.ending is not Ending.FAILED:
            await self._take(work, job, standing, samples)
        await self._note(work, replace(job, ending=standing.ending))
        if standing.problem is not None:
            raise PermanentError(
                f"Batch job {standing.name}: {standing.problem}. The same command makes another one; without --batch it asks "
                "on demand."
            )
        return True

    async def _take(self, work: Answering, job: BatchJob, standing: Progress, samples: Sequence[Sample]) -> None:
        price, tally = work.catalog.prices.of(work.asked.ref), Tally()
        with tempfile.TemporaryFile() as file:
            await self.service.fetch(standing, file)
            for output in answers(file, samples, work.asked.key, price, tally, work.asked.prompt.finish):
                if output.sample_id not in work.done:
                    work.take(output)
        await work.purse.charge(tally.usd)
        if tally.told():
            self._once(f"{standing.name}: {tally.told()}.")

    async def _note(self, work: Answering, job: BatchJob) -> None:
        """The budget counts what the journal says that jobs under way may cost, here as in the process after a crash."""
        before = self.journal.usd
        self.journal.add(job)
        await work.purse.charge(self.journal.usd - before)

    def _once(self, sentence: str) -> None:
        if sentence not in self.said:
            self.said.add(sentence)
            say(sentence)
