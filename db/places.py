"""Where the facts live: one data folder, or one Postgres database with a schema for each kind."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

LIVELY = {
    "connect_timeout": "10",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""Parameters of libpq: a connection to a host that fell silent fails within about ten seconds, instead of after hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """`home` holds the files and, without `database_url` (postgresql://...), three SQLite databases."""

    home: Path
    database_url: str | None = None

    @property
    def app_url(self) -> str:
        """SQLAlchemy URL of the facts, with its async driver."""
        if self.database_url:
            return _lively(self.database_url).replace("postgresql://", "postgresql+psycopg://", 1)
        return f"sqlite+aiosqlite:///{self.home / 'app.db'}"

    @property
    def graph_url(self) -> str:
        """Where checkpoints live: a Postgres URL or the path of a SQLite file."""
        return _lively(self.database_url) if self.database_url else str(self.home / "graph.db")

    @property
    def engine_url(self) -> str:
        """What DBOS calls its system database."""
        return _lively(self.database_url) if self.database_url else f"sqlite:///{self.home / 'engine.db'}"

    @property
    def files(self) -> Path:
        return self.home / "files"


def _lively(url: str) -> str:
    """With the parameters above; what the operator wrote in the URL stands."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode({**LIVELY, **dict(parse_qsl(parts.query))})))
