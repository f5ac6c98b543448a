"""What a model needs besides its name. Everything that is not a value (waiting, chance) is handed in, so that calls repeat."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import InputError
from pipeline.models.address import is_address
from pipeline.models.limits import Limiter

OPENAI_URL = "https://api.openai.com/v1"


def full_jitter() -> float:
    """Always the longest wait: what a caller gets who brings no chance of their own."""
    return 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIAccess:
    """How `openai:` models are reached: `key` for `url`, and for each other server its address with its key ("" for none).

    With `listed_only` a reference may name no server but these: what people write in Slack must not decide where texts go.
    Keys are not part of what is printed.
    """

    url: str = OPENAI_URL
    key: str | None = field(default=None, repr=False)
    servers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    listed_only: bool = False


def openai_access(key: str | None, url: str | None, servers: str | None, *, listed_only: bool = False) -> OpenAIAccess:
    """From the texts of OPENAI_API_KEY, OPENAI_BASE_URL and FERRY_OPENAI_SERVERS; raises InputError, never with a key in it."""
    address = (url or OPENAI_URL).strip().rstrip("/")
    if not is_address(address):
        raise InputError("OPENAI_BASE_URL must be an address such as https://host/v1.")
    known = _servers(servers)
    return OpenAIAccess(url=address, key=(key or "").strip() or None, servers=known, listed_only=listed_only)


def _servers(text: str | None) -> Mapping[str, str]:
    try:
        given = json.loads(text or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(is_address(a) and isinstance(key, str) for a, key in given.items()):
        raise InputError(
            "FERRY_OPENAI_SERVERS must be a JSON object of addresses and their keys, such as "
            '{"https://api.mistral.ai/v1": "key", "http://127.0.0.1:11434/v1": ""}.'
        ) from None
    return {address.rstrip("/"): key.strip() for address, key in given.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """How to reach and call models; each provider reads what concerns it. Times in seconds.

    `jitter` returns a number in [0, 1) that scales each wait between attempts (full jitter when it is uniform); many workers
    that back off together need a random one. `timeout_s` is for one attempt, `attempts` counts the first one too.
    `threads` is how many cores a local model computes on (None: all but one), `context` its window in tokens.
    `chat` overrides whether a local model is asked through its chat template or continues plain text. `files` is the folder with
    the images and PDFs of samples (pipeline.attachments.store). `limiter` is what every attempt of a call to a provider is
    admitted by; None: `in_flight` alone bounds them.
    """

    timeout_s: float = 300.0
    attempts: int = 6
    backoff_s: float = 1.0
    backoff_limit_s: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = full_jitter
    stream: bool = True
    in_flight: int = 16
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    cache: Path = Path(".ferry") / "models"
    files: Path = Path(".ferry") / "files"
    context: int = 4096
    threads: int | None = None
    chat: bool | None = None
    openai: OpenAIAccess = field(default_factory=OpenAIAccess)
    limiter: Limiter | None = field(default=None, repr=False, compare=False)


DEFAULTS = ModelSettings()
