"""Where the facts live: one data folder, or one Postgres database with a schema for each kind."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """`home` holds the files and, without `database_url` (postgresql://...), three SQLite databases."""

    home: Path
    database_url: str | None = None

    @property
    def app_url(self) -> str:
        """SQLAlchemy URL of the facts, with its async driver."""
        if self.database_url:
            return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        return f"sqlite+aiosqlite:///{self.home / 'app.db'}"

    @property
    def graph_url(self) -> str:
        """Where checkpoints live: a Postgres URL or the path of a SQLite file."""
        return self.database_url or str(self.home / "graph.db")

    @property
    def engine_url(self) -> str:
        """What DBOS calls its system database."""
        return self.database_url or f"sqlite:///{self.home / 'engine.db'}"

    @property
    def files(self) -> Path:
        return self.home / "files"
