"""`ferry`: the pipeline's commands on files, and the processes of the Slack app. The composition root."""

import asyncio
import logging
import os
import random
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import structlog
import typer

from bot.settings import Settings, SlackSettings, load
from pipeline.__main__ import app
from pipeline.errors import FerryError

if TYPE_CHECKING:
    from pipeline.metrics.evaluations import Place
    from pipeline.models.batch.place import Place as BatchPlace

T = TypeVar("T", bound=Settings)
FAILED = 2
LINGER_S = 2.0
"""So long a process may take to end after its work; then it is ended."""


@app.command()
def bot() -> None:
    """Connect to Slack: take what people do, say what there is to say. Needs SLACK_BOT_TOKEN and SLACK_APP_TOKEN."""
    _run(SlackSettings, _bot)


@app.command()
def worker() -> None:
    """Do the long work: datasets, runs, reports, digests. Needs no Slack token."""
    _run(Settings, _worker)


@app.command()
def up() -> None:
    """Run the bot and a worker as two processes; one that crashes comes back."""
    _run(SlackSettings, _up)


@app.command()
def workspace(port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes any free one.")] = 0) -> None:
    """Run the local workspace alone: a small Slack on this machine."""
    from bot.workspace.__main__ import run

    _finish(lambda: asyncio.run(run(port)))


@app.command()
def demo(
    headless: Annotated[bool, typer.Option(help="Walk the whole story without a browser.")] = False,
    port: Annotated[int, typer.Option(help="The page's port on 127.0.0.1; 0 takes any free one.")] = 0,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    home: Annotated[Path, typer.Option(help="Where the demo keeps its data; emptied at the start.")] = Path(".ferry/demo"),
) -> None:
    """Try Ferry on this machine: no Slack account, no cloud account, no key."""
    from bot.demo import walk

    _log("warning")
    raise typer.Exit(_finish(lambda: asyncio.run(walk(home, port=port, headless=headless, open_browser=open_browser))))


@app.command()
def export(
    migration: Annotated[
        str | None, typer.Argument(help="The migration's id, or how it begins; without one they are listed.")
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder for outputs.parquet and scores.parquet.")] = Path(),
) -> None:
    """Write every output and score of a migration as Parquet, whatever their number; memory stays small."""
    from bot.export import write

    _log("warning")
    raise typer.Exit(_finish(lambda: asyncio.run(write(load(Settings).places, migration, out))))


@app.command()
def doctor(
    model: Annotated[str | None, typer.Option(help="Ask instead whether this account can call a model; one tiny call.")] = None,
    region: Annotated[str | None, typer.Option(help="The AWS region of the model.")] = None,
) -> None:
    """Say who is at work and what waits, and check the tokens and scopes of the Slack app; or whether a model can be called."""
    from bot.doctor import examine, examine_model, examine_processes

    if model:
        raise typer.Exit(_finish(lambda: asyncio.run(examine_model(model, region, load(Settings).openai))))
    _finish(lambda: asyncio.run(examine_processes(load(Settings).places)))  # hosts that only work have no tokens
    raise typer.Exit(_finish(lambda: asyncio.run(examine(load(SlackSettings)))))


def main() -> None:
    """The console script. Python waits for every thread at the end, and some of libraries never end."""
    code = 1
    try:
        app()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise
    finally:
        lingering = threading.Timer(LINGER_S, _end, (code,))
        lingering.daemon = True
        lingering.start()


def _end(code: int) -> None:
    left = [each.name for each in threading.enumerate() if not each.daemon and each is not threading.main_thread()]
    structlog.get_logger().warning("threads_left", names=left)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(kind: type[T], start: Callable[[T], None]) -> None:
    def begin() -> None:
        settings = load(kind)
        _log(settings.log_level)
        start(settings)

    _finish(begin)


def _finish(work: Callable[[], int | None]) -> int:
    """Run it; an error a person caused is a sentence, not a stack trace."""
    try:
        return work() or 0
    except FerryError as error:
        if error.__cause__ is not None:
            structlog.get_logger().error("ended", exc_info=error)
        print(error.message, file=sys.stderr)
        raise typer.Exit(FAILED) from None


def _bot(settings: SlackSettings) -> None:
    from bot.process import serve

    asyncio.run(_all_of(serve(settings)))


def _worker(settings: Settings) -> None:
    from agent.worker import WorkerSettings
    from agent.worker import main as work
    from pipeline.aws.s3 import Bucket
    from pipeline.models import ModelSettings
    from pipeline.models.catalog import read_catalog
    from pipeline.models.limits import read_rules

    cache = (settings.model_cache or settings.home / "models").resolve()
    catalog = read_catalog(settings.prices)
    chosen = WorkerSettings(
        name=settings.worker_name,
        cron=settings.monitor_cron,
        timezone=settings.timezone,
        evaluation=_evaluation(settings),
        writer=settings.writer,
        advpo=Bucket(settings.advpo_bucket) if settings.advpo_bucket else None,
        batch=_batch(settings),
        limits=read_rules(settings.limits),
        models=ModelSettings(jitter=random.random, cache=cache, openai=settings.openai, in_flight=settings.in_flight),
        catalog=catalog,
    )
    asyncio.run(_all_of(work(settings.places, chosen)))


async def _all_of(work: Coroutine[None, None, None]) -> None:
    """A process's work, with threads that the loop does not wait for: they may wait without end for a database that is away."""
    try:
        await work
    finally:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())


def _evaluation(settings: Settings) -> "Place | None":
    """Where second opinions are asked for; None where the operator has not set that up."""
    from pipeline.metrics.evaluations import DEFAULT_JUDGE, Place

    if not settings.evaluation_role or not settings.evaluation_bucket:
        return None
    judge = settings.evaluation_judge or DEFAULT_JUDGE
    return Place(role=settings.evaluation_role, bucket=settings.evaluation_bucket, judge=judge)


def _batch(settings: Settings) -> "BatchPlace | None":
    """Where batch jobs read and write; None where the operator has not set that up."""
    from pipeline.models.batch.place import Place

    if not settings.batch_role or not settings.batch_bucket:
        return None
    return Place(role=settings.batch_role, bucket=settings.batch_bucket)


def _up(_: SlackSettings) -> None:
    from bot import supervise

    asyncio.run(supervise.up())


def _log(level: str) -> None:
    """Lines for people on a terminal, JSON elsewhere; sample texts and secrets never get here."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)  # a rich one shows variables
    last = [plain] if sys.stderr.isatty() else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(number),
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), *last],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    main()
