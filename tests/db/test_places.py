"""Where the facts live, and that a connection to a host which fell silent does not wait for hours."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from db.places import LIVELY, Places

URL = "postgresql://ferry:p%40ss@db.example:5432/ferry"


def test_one_folder_holds_three_databases_and_the_files() -> None:
    places = Places(home=Path("/data"))
    assert places.app_url == "sqlite+aiosqlite:////data/app.db"
    assert places.graph_url == "/data/graph.db"
    assert places.engine_url == "sqlite:////data/engine.db"
    assert places.files == Path("/data/files")


def test_every_connection_to_postgres_fails_soon_when_its_host_is_gone() -> None:
    places = Places(home=Path("/data"), database_url=URL)
    for url in (places.app_url, places.graph_url, places.engine_url):
        assert parse_qs(urlsplit(url).query) == {name: [value] for name, value in LIVELY.items()}
        assert urlsplit(url).netloc == "ferry:p%40ss@db.example:5432"
    assert urlsplit(places.app_url).scheme == "postgresql+psycopg"


def test_what_the_operator_wrote_stands() -> None:
    url = Places(home=Path("/data"), database_url=f"{URL}?sslmode=require&connect_timeout=3").engine_url
    asked = parse_qs(urlsplit(url).query)
    assert (asked["sslmode"], asked["connect_timeout"], asked["keepalives_idle"]) == (["require"], ["3"], ["5"])
