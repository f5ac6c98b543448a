"""The one place where Ragas and DeepEval are made quiet: no telemetry, no .env, no stray file, no word on the terminal.

Both read their switches once, at import, so `silence` wraps every import of them. Only `pipeline.metrics.judged.ragas` and
`pipeline.metrics.judged.deepeval` import them, inside functions, and only where a judge works: import-linter holds the first,
tests/pipeline/metrics/judged/test_quiet.py the second.
"""

import asyncio
import importlib
import importlib.util
import os
import sys
import types
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from pipeline.metrics.judge.port import Tab

SWITCHES: Mapping[str, str] = {
    "RAGAS_DO_NOT_TRACK": "true",  # only this word works, and only before the import
    "DEEPEVAL_TELEMETRY_OPT_OUT": "1",  # also keeps it from making a folder .deepeval here
    "DEEPEVAL_TELEMETRY_ENABLED": "0",
    "DEEPEVAL_DISABLE_DOTENV": "1",  # else ./.env is read into the environment, keys included
    "DEEPEVAL_DISABLE_LEGACY_KEYFILE": "1",
    "DEEPEVAL_UPDATE_WARNING_OPT_IN": "0",
    "DEEPEVAL_MODE": "stable",
    "DEEPEVAL_EVAL_MODE": "llm",  # else a service of theirs may decide
    "DEEPEVAL_VERBOSE_MODE": "0",
    "CONFIDENT_TRACE_INTERNAL": "0",
    "CONFIDENT_OPEN_BROWSER": "0",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
UNSET = ("DEEPEVAL_FILE_SYSTEM",)  # READ_ONLY prints two lines at import, and the opt-out above keeps files away already
ABSENT_SINCE_0_4_2 = "langchain_community.chat_models.vertexai"

T = TypeVar("T")
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heavy-imports")


@contextmanager
def silence() -> Iterator[None]:
    """Every switch set before what is inside is imported. They stay set: both libraries read some of them again later."""
    for name in UNSET:
        os.environ.pop(name, None)
    os.environ.update(SWITCHES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def loader(library: Callable[[], T]) -> Callable[[Tab], Awaitable[T]]:
    """`library` (which imports for seconds) called once, in a thread of its own, so that the event loop goes on meanwhile.

    The deadline of the cell that waits for it stands still: loading is no slowness of its judge.
    """
    kept: list[T] = []

    def load() -> None:
        if not kept:
            kept.append(library())

    async def loaded(tab: Tab) -> T:
        if not kept:
            with tab.off_the_clock():
                await asyncio.get_running_loop().run_in_executor(_THREAD, load)
        return kept[0]

    return loaded


def stand_in_for_vertexai() -> bool:
    """Puts empty classes where Ragas 0.4.3 imports Vertex AI from langchain-community, if that has none; True if it had to.

    langchain-community 0.4.2 took the module away, and Ragas needs it at import only to know a class by name
    (https://github.com/vibrantlabsai/ragas/issues/2741). The pin of 0.4.1 is the cure; this is the net under it.
    """
    if ABSENT_SINCE_0_4_2 in sys.modules or _found(ABSENT_SINCE_0_4_2):
        return False
    absent = type("Absent", (), {"__doc__": "Nothing is ever one of these."})
    for name, attribute in ((ABSENT_SINCE_0_4_2, "ChatVertexAI"), ("langchain_community.llms", "VertexAI")):
        _give(name, attribute, absent)
    return True


def _found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _give(name: str, attribute: str, value: type) -> None:
    """The module `name` has `attribute`; modules that are missing on the way to it are made."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        path = ".".join(parts[:depth])
        try:
            importlib.import_module(path)
        except ModuleNotFoundError:
            made = types.ModuleType(path)
            made.__path__ = []
            sys.modules[path] = made
    setattr(sys.modules[name], attribute, value)
