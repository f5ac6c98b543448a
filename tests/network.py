"""Hosts of a test: network namespaces, each joined to this machine by a cable that can be pulled out. They need root and `ip`."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """`near` is this machine's address on the cable, as the host sees it."""

    name: str
    near: str

    @property
    def inside(self) -> Sequence[str]:
        """The words that start a command on this host."""
        return ("ip", "netns", "exec", self.name)

    def pull_out(self) -> None:
        _ip("link", "set", self.name, "down")

    def plug_in(self) -> None:
        _ip("link", "set", self.name, "up")


@contextmanager
def hosts(*numbers: int) -> Iterator[list[Host]]:
    """One for each number, below 250; their networks are 10.213.NUMBER.0/24."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("networks of their own need root and the program ip (iproute2)")
    with ExitStack() as ends:
        yield [ends.enter_context(_host(number)) for number in numbers]


@contextmanager
def _host(number: int) -> Iterator[Host]:
    name, near, far = f"ferry{os.getpid() % 100_000}n{number}", f"10.213.{number}.1", f"10.213.{number}.2"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"this machine lets nobody make networks: {made.stderr.strip()}")
    try:
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("addr", "add", f"{near}/24", "dev", name)
        _ip("link", "set", name, "up")
        for words in (("addr", "add", f"{far}/24", "dev", "eth0"), ("link", "set", "eth0", "up"), ("link", "set", "lo", "up")):
            _ip("-n", name, *words)
        yield Host(name=name, near=near)
    finally:
        _ip("netns", "del", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
