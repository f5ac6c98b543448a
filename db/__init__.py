"""The facts: `Store` keeps them, `open_store` opens it, `db.records` says what they are."""

from db.store import Store, open_store

__all__ = ["Store", "open_store"]
