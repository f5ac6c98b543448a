"""The store: every fact of the product behind one object, one class for each noun, one transaction for each method."""

from pathlib import Path

from db.engine import Database
from db.migrate import is_current, upgrade
from db.places import Places
from db.store.advpo import Advpo
from db.store.audit import Audit
from db.store.batches import Batches
from db.store.datasets import Datasets
from db.store.deliveries import Deliveries
from db.store.evaluations import Evaluations
from db.store.exports import Exports
from db.store.files import Files
from db.store.improvements import Improvements
from db.store.leases import Leases
from db.store.messages import Messages
from db.store.migrations import Migrations
from db.store.monitors import Monitors
from db.store.noun import Clock, utc_now
from db.store.plans import Plans
from db.store.probes import Probes
from db.store.processes import Processes
from db.store.prompts import Prompts
from db.store.purses import Purses
from db.store.questions import Questions
from db.store.quotas import Quotas
from db.store.references import References
from db.store.reports import Reports
from db.store.reviews import Reviews
from db.store.rounds import Rounds
from db.store.rulings import Rulings
from db.store.runs import Runs
from db.store.trials import Trials
from db.store.tries import Tries


class Store:
    """All facts of one database, and the files that belong to them. Use it on one event loop and close it there."""

    def __init__(self, database: Database, clock: Clock, files: Path = Path("files")) -> None:
        self._database, self.clock = database, clock
        self.migrations = Migrations(database, clock)
        self.datasets = Datasets(database, clock)
        self.prompts = Prompts(database, clock)
        self.plans, self.purses = Plans(database, clock), Purses(database, clock)
        self.questions = Questions(database, clock)
        self.runs = Runs(database, clock)
        self.rulings = Rulings(database, clock)
        self.reviews, self.references = Reviews(database, clock), References(database, clock)
        self.reports = Reports(database, clock)
        self.messages, self.deliveries = Messages(database, clock), Deliveries(database, clock)
        self.audit = Audit(database, clock)
        self.monitors = Monitors(database, clock)
        self.evaluations, self.batches = Evaluations(database, clock), Batches(database, clock)
        self.exports = Exports(database, clock)
        self.leases, self.processes = Leases(database, clock), Processes(database, clock)
        self.quotas = Quotas(database, clock)
        self.files = Files(database, clock, files)
        self._trying(database, clock)

    def _trying(self, database: Database, clock: Clock) -> None:
        """The nouns of what is tried: criteria and prompts."""
        self.trials = Trials(database, clock)
        self.improvements = Improvements(database, clock)
        self.probes = Probes(database, clock)
        self.rounds = Rounds(database, clock)
        self.tries = Tries(database, clock)
        self.advpo = Advpo(database, clock)

    async def close(self) -> None:
        await self._database.close()


async def open_store(places: Places, clock: Clock = utc_now) -> Store:
    """The store at `places`, its tables created or upgraded. `clock` dates what callers give no time for.

    Raises PermanentError when a newer Ferry wrote the database.
    """
    places.files.mkdir(parents=True, exist_ok=True)
    await upgrade(places.app_url)
    return Store(Database(places.app_url), clock, places.files)


async def look_into(places: Places, clock: Clock = utc_now) -> Store | None:
    """The store at `places` as it is, to be looked at; None where there are no tables yet, or not those of this version.

    Raises TemporaryError while the database cannot be reached.
    """
    if places.database_url is None and not (places.home / "app.db").exists():
        return None
    database = Database(places.app_url)
    if not await is_current(database):
        await database.close()
        return None
    return Store(database, clock, places.files)
