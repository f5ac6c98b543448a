"""The process that does long work: `main` runs until SIGTERM. Importing this is cheap; models and DBOS load in `main`."""

from agent.worker.settings import WorkerSettings
from db.places import Places

__all__ = ["WorkerSettings", "main"]


async def main(places: Places, settings: WorkerSettings | None = None) -> None:
    """Work off what is submitted for the migrations of `places`, until SIGTERM or SIGINT; then finish what is in flight."""
    from agent.worker.process import serve

    await serve(places, settings or WorkerSettings())
