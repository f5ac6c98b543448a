"""A Postgres of a test's own, which it may restart and cut off. Skips where the server's programs are missing."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journey.stage import free_port

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
NEEDED = bool(os.environ.get("FERRY_REQUIRE_ALL"))
USER = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """`port` on every address of `hosts`."""

    data: Path
    port: int

    def url(self, host: str = "127.0.0.1") -> str:
        return f"postgresql://{USER}@{host}:{self.port}/postgres"

    def restart_at_once(self) -> None:
        """As after a loss of power: no connection is told, no transaction ends."""
        _run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "restart", "-l", self.data / "log")

    def stop_at_once(self) -> None:
        """It is away from now on."""
        _run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")


@contextmanager
def cluster(hosts: Sequence[str] = ("127.0.0.1",)) -> Iterator[Cluster]:
    """An empty one, gone at the end; whoever reaches it is trusted."""
    if not PROGRAMS:
        reason = "no Postgres server is installed here (looked for /usr/lib/postgresql/*/bin/initdb)"
        pytest.fail(reason) if NEEDED else pytest.skip(reason)
    data = Path(tempfile.mkdtemp(prefix="ferry-cluster-"))
    if os.geteuid() == 0:  # Postgres refuses to run as root
        shutil.chown(data, USER)
    port = free_port()
    try:
        _run("initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync")
        with (data / "pg_hba.conf").open("a") as rules:
            rules.writelines(f"host all all {host}/24 trust\n" for host in hosts)
        options = f"-p {port} -c listen_addresses={','.join(hosts)} -c unix_socket_directories= -c fsync=off"
        _run("pg_ctl", "-D", data, "-w", "start", "-l", data / "log", "-o", options)
        yield Cluster(data=data, port=port)
    finally:
        _run("pg_ctl", "-D", data, "-m", "immediate", "stop", check=False)
        shutil.rmtree(data)


def _run(program: str, *words: str | Path, check: bool = True) -> None:
    command = [PROGRAMS[-1].with_name(program), *words]
    root = os.geteuid() == 0 and _exists(USER)
    as_user = ["runuser", "-u", USER, "--"] if root else []
    subprocess.run([*as_user, *command], check=check, stdout=subprocess.DEVNULL, cwd="/")


def _exists(user: str) -> bool:
    return user in {each.pw_name for each in pwd.getpwall()}
