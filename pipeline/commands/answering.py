"""Answers what a file of outputs lacks: the latency lane first, then the bulk, by batch jobs where they are asked for."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.commands.files import OutputFile
from pipeline.models import ModelSettings, lanes, open_model
from pipeline.models.catalog import Catalog
from pipeline.models.charging import Charged, LocalPurse, is_charged
from pipeline.models.failures import KINDS, STOPPERS, Policy, counted
from pipeline.models.prices import money
from pipeline.prompts.fit import Fitted
from pipeline.records import Lane, Model, Output, PromptVersion, RunKey, Sample
from pipeline.run import answer, check

if TYPE_CHECKING:
    from pipeline.commands.batching import Batching

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of whom; `batch` is how the bulk goes by batch jobs, None: on demand."""

    key: RunKey
    prompt: PromptVersion
    samples: Sequence[Sample]
    in_flight: int | None
    lane: int
    batch: "Batching | None" = None

    @property
    def ref(self) -> str:
        return self.key.model


@dataclass(frozen=True, slots=True)
class Money:
    """What may be spent, and where prices come from."""

    budget: float | None
    catalog: Catalog


@dataclass(slots=True)
class Told:
    """What a run has to say at its end: failures by kind, calls made again by kind, what was spent, and why it stopped early."""

    failed: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    usd: float = 0.0
    unpriced: int = 0
    refused: str = ""
    stopped: str = ""

    def count(self, output: Output) -> None:
        self.failed.update([output.failure.kind] if output.failure else [])
        if output.failure and output.failure.kind in STOPPERS:
            self.stopped = output.failure.message
        self.again.update(each.kind for each in output.retried)
        self.usd += output.usd or 0.0
        self.unpriced += output.usd is None

    def spent(self) -> str:
        """Empty where nothing was charged."""
        return f"{money(self.usd)} spent" + (f", {self.unpriced:,} calls of unknown cost" if self.unpriced else "")


@dataclass(slots=True)
class Answering:
    """One command's work on a file: who is asked, who pays, what is done, and the bar that shows it."""

    asked: Asked
    model: Model
    purse: LocalPurse
    catalog: Catalog
    file: OutputFile
    told: Told = field(default_factory=Told)
    done: set[str] = field(default_factory=set)
    advance: Callable[[], None] = field(default=lambda: None)

    def take(self, output: Output) -> None:
        """Into the file, unless it was not asked: the same command asks it with a higher budget."""
        if output.failure and KINDS[output.failure.kind].policy is Policy.REST:
            return
        self.file.append(output)
        self.done.add(output.sample_id)
        self.told.count(output)
        self.advance()

    @property
    def ended(self) -> bool:
        """Whether every further call would fail, or may not be made."""
        return bool(self.told.stopped or self.purse.refused)

    async def ask(self, samples: Iterable[Sample], lane: Lane, in_flight: int | None) -> None:
        """On demand, what is not done."""
        wanted = (sample for sample in samples if not self.told.stopped)
        calls = answer(self.model, self.asked.prompt, wanted, skip=self.done, in_flight=in_flight, lane=lane)
        async with aclosing(calls) as outputs:
            async for output in outputs:
                self.take(output)


def into_file(asked: Asked, settings: ModelSettings, file: OutputFile, paid: Money) -> Told:
    """Answers what the file lacks; an interruption keeps what is there."""
    purse = LocalPurse(paid.budget, spent=file.usd + (asked.batch.journal.usd if asked.batch else 0.0))
    charged = Charged(open_model(asked.ref, samples=asked.samples, settings=settings), paid.catalog.prices, purse)
    work = Answering(asked, Fitted(charged, paid.catalog), purse, paid.catalog, file, done=set(file.done))
    try:
        asyncio.run(_answer_all(work))
    except KeyboardInterrupt:
        say("Interrupted. The file of outputs holds what was answered so far; the same command continues.")
        if asked.batch and any(job.arn for job in asked.batch.journal.open):
            say("Batch jobs go on at AWS meanwhile; the same command takes what they bring.")
        raise typer.Exit(INTERRUPTED) from None
    told = work.told
    told.refused = purse.refused
    say(f"Made again: {counted(told.again)}." if told.again else "")
    say(f"{told.spent()} by this command." if is_charged(asked.ref, paid.catalog.prices) else "")
    return told


async def _answer_all(work: Answering) -> None:
    """An output for each sample: first those of the latency lane, then the others at once, or by batch and what it leaves."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    asked = work.asked
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    first, rest = lanes.lanes(asked.ref, asked.samples, asked.lane)
    check(asked.prompt, asked.samples)  # all of them before the first call, not lane by lane
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            bar = progress.add_task(asked.ref, total=len(asked.samples), completed=len(work.done))
            work.advance = lambda: progress.advance(bar)
            if not first and asked.batch is None:
                return await work.ask(asked.samples, Lane.NONE, asked.in_flight)
            await work.ask(first, Lane.LATENCY, lanes.AT_ONCE)
            if asked.batch is not None and not work.ended:
                await asked.batch.bring(work, len(first))
            await work.ask(rest or asked.samples, Lane.BULK, asked.in_flight)
    finally:
        await work.model.close()


def finish(output: Path, samples: int, told: Told) -> None:
    """What the command says at its end; raises typer.Exit where something is left."""
    if told.refused:
        say(f"{told.refused}. {output} holds what was answered; the same command with a higher --budget continues.")
        raise typer.Exit(1)
    if told.stopped:
        say(f"Stopped, because every further call would fail as well. {told.stopped}")
        say(f"{output} holds what was answered; with --retry-failed the same command continues.")
        raise typer.Exit(1)
    if not told.failed:
        say(f"{samples} samples answered: {output}")
        return
    failed = told.failed.total()
    say(f"{failed} of {samples} samples failed ({counted(told.failed)}); {output} says why.")
    say("With --retry-failed they are asked again.")
    raise typer.Exit(1)


def say(text: str | None) -> None:
    if text:
        typer.echo(text, err=True)
