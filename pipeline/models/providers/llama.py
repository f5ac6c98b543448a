"""llama.cpp inside this process: one server for each GGUF file and setting, shared by the models that use it.

One slot: on two cores a second one gains 0 to 15 %, and answers at temperature 0 then depend on what runs beside them. The
server insists on listening somewhere; it gets a socket file in a private folder, not a port.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import PermanentError

SLOTS = 1
# Tokens read at once. A cancelled call ends between two batches: under a second for a small model; more makes nothing faster.
BATCH_TOKENS = 256
# Prompts kept in memory beside the slot (llama.cpp would take 8 GiB).
CACHE_MIB = 256
_HEADER_BYTES = 64 * 2**20
_TEMPLATE_KEY = b"tokenizer.chat_template"

Key = tuple[str, int, int | None]


@dataclass(slots=True)
class LlamaServer:
    """A loaded model. `users` counts who has it on loan."""

    key: Key
    native: Any
    folder: Path
    users: int
    _turn: threading.Semaphore

    @contextmanager
    def turn(self, stop: threading.Event) -> Iterator[bool]:
        """Holds the slot and gives True; gives False to a call that was cancelled while it waited."""
        held = False
        while not held and not stop.is_set():
            held = self._turn.acquire(timeout=0.05)
        try:
            yield held
        finally:
            if held:
                self._turn.release()

    def complete(self, body: Mapping[str, Any], event: Callable[[Mapping[str, Any]], bool], *, chat: bool) -> None:
        """One generation; every event goes to `event`, which ends it by returning True. Blocks."""
        handle = self.native.handle_chat_completions if chat else self.native.handle_completions
        whole = handle(dict(body), event)
        if isinstance(whole, Mapping):
            event(whole)


_servers: dict[Key, LlamaServer] = {}
_lock = threading.Lock()


def lend(path: Path, *, context: int, threads: int | None) -> LlamaServer:
    """The server for `path`, loaded if nobody has it yet (seconds; call it in a thread). Raises PermanentError."""
    key = (str(path.resolve()), context, threads)
    with _lock:
        server = _servers.get(key)
        if server is None:
            server = _servers[key] = _load(path, key)
        server.users += 1
        return server


def take_back(server: LlamaServer) -> None:
    """Ends one loan; the last one frees the model's memory."""
    with _lock:
        server.users -= 1
        if server.users == 0:
            del _servers[server.key]
            server.native = None
            shutil.rmtree(server.folder, ignore_errors=True)


def usual_threads() -> int:
    """All cores but one. Threads of llama.cpp wait for each other in a loop: with every core theirs, any other busy process
    (the worker, a browser) makes an answer three times slower; without it the last core gains a third.
    """
    return max(1, (os.cpu_count() or 2) - 1)


def has_chat_template(path: Path) -> bool:
    """Whether the file says how to write a conversation (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md)."""
    tail = b""
    with path.open("rb") as file:
        for _ in range(_HEADER_BYTES // 2**20):
            chunk = file.read(2**20)
            if _TEMPLATE_KEY in tail + chunk:
                return True
            if not chunk:
                return False
            tail = chunk[-len(_TEMPLATE_KEY) :]
    return False


def _load(path: Path, key: Key) -> LlamaServer:
    import xllamacpp

    _, context, threads = key
    folder = Path(tempfile.mkdtemp(prefix="ferry-"))
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel = context * SLOTS, SLOTS
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cache_ram_mib = CACHE_MIB
    params.swa_full = True  # a cut attention window could not be rewound, and a short shared prefix would be read anew each time
    params.verbosity = -1
    params.hostnames = [str(folder / "llama.sock")]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads or usual_threads()
    try:
        native = xllamacpp.Server(params)
    except RuntimeError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise PermanentError(f'llama.cpp cannot load "{path.name}".') from error
    return LlamaServer(key=key, native=native, folder=folder, users=0, _turn=threading.Semaphore(SLOTS))
