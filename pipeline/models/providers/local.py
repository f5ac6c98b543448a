"""Models that run in this process: any GGUF file through llama.cpp, and one small model that comes with Ferry.

The model that comes with Ferry (gemma3-270m) is a base model: it continues text. It is therefore asked with system and user text
joined, not through a chat template, and white space around what it writes is dropped.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from pipeline.errors import InputError, PermanentError
from pipeline.models.failures import failure, kind_of
from pipeline.models.families import family
from pipeline.models.providers.llama import SLOTS, LlamaServer, has_chat_template, lend, take_back
from pipeline.models.providers.weights import BUNDLED, NOTICE, bundled_file
from pipeline.models.settings import ModelSettings
from pipeline.models.threads import Threads
from pipeline.records import Failure, Output, Request, Sample, Usage

_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens"}


def open_local(name: str, samples: Iterable[Sample], settings: ModelSettings) -> "LocalModel":
    """The bundled model or the GGUF file at path `name`, loaded at the first call. Raises InputError when there is none such."""
    path = None if name == BUNDLED else Path(name).expanduser()
    if path is not None:
        _check(name, path)
    return LocalModel(name, path, settings)


def notice(name: str) -> str | None:
    """The licence notice of the bundled model; what a GGUF file is licensed under only its owner knows."""
    return NOTICE if name == BUNDLED else None


class LocalModel:
    """One GGUF behind the server this process shares. Latency starts when the model is free, so waiting never counts."""

    concurrency = SLOTS

    def __init__(self, name: str, path: Path | None, settings: ModelSettings) -> None:
        self.ref = f"local:{name}"
        self._path, self._settings = path, settings
        self._server: LlamaServer | None = None
        self._chat = False
        self._loading = threading.Lock()
        self._threads: Threads[Output] = Threads(SLOTS)

    async def answer(self, request: Request) -> Output:
        problem = failure("validation", "A local model calls no tools") if request.tool or request.tools else None
        problem = problem or (failure("attachment", "A local model takes text only") if request.attachments else None)
        problem = problem or _bad_schema(request.parameters.json_schema)
        if problem is not None:
            return Output(sample_id=request.sample_id, text=None, failure=problem)
        return await self._threads.run(lambda stop: self._attempt(request, stop))

    async def close(self) -> None:
        """Waits for the call that may still be ending, then gives the server back."""
        await self._threads.idle()
        server, self._server = self._server, None
        if server is not None:
            take_back(server)

    def _attempt(self, request: Request, stop: threading.Event) -> Output:
        try:
            server = self._loaded()
        except PermanentError as error:
            return Output(sample_id=request.sample_id, text=None, failure=failure("unknown_model", error.message))
        with server.turn(stop) as mine:
            answer = _Answer(stop, deadline=perf_counter() + self._settings.timeout_s, chat=self._chat)
            if mine:
                server.complete(_body(request, chat=self._chat), answer.event, chat=self._chat)
            return answer.output(request, self._settings.timeout_s)

    def _loaded(self) -> LlamaServer:
        with self._loading:
            if self._server is None:
                path = self._path or bundled_file(self._settings.cache)
                self._server = lend(path, context=self._settings.context, threads=self._settings.threads)
                wanted = self._settings.chat
                self._chat = family(self.ref) != "base" and has_chat_template(path) if wanted is None else wanted
            return self._server


@dataclass(slots=True)
class _Answer:
    """An answer while its events arrive: text pieces, progress through the prompt, usage, or an error."""

    stop: threading.Event
    deadline: float
    chat: bool
    started: float = field(default_factory=perf_counter)
    pieces: list[str] = field(default_factory=list)
    ttft_s: float | None = None
    finish: str | None = None
    usage: Usage | None = None
    request_id: str | None = None
    error: Mapping[str, Any] | None = None
    late: bool = False

    def event(self, event: Mapping[str, Any]) -> bool:
        """Takes one event; True ends the generation."""
        self.error = event.get("error", self.error)
        self.request_id = event.get("id", self.request_id)
        for choice in event.get("choices", ()):
            self._piece(choice)
        if "usage" in event:
            counted = event["usage"]
            self.usage = Usage(input_tokens=counted["prompt_tokens"], output_tokens=counted["completion_tokens"])
        self.late = perf_counter() > self.deadline
        return self.late or self.stop.is_set()

    def output(self, request: Request, timeout_s: float) -> Output:
        problem = self._problem(timeout_s)
        text = "".join(self.pieces)
        return Output(
            sample_id=request.sample_id,
            text=None if problem else text if self.chat else text.strip(),
            stop_reason=_STOP_REASONS.get(self.finish or "", self.finish),
            usage=self.usage,
            latency_s=perf_counter() - self.started,
            ttft_s=self.ttft_s,
            failure=problem,
            request_id=self.request_id,
        )

    def _piece(self, choice: Mapping[str, Any]) -> None:
        text = choice.get("delta", {}).get("content") if self.chat else choice.get("text")
        if text:
            self.ttft_s = perf_counter() - self.started if self.ttft_s is None else self.ttft_s
            self.pieces.append(text)
        self.finish = choice.get("finish_reason") or self.finish

    def _problem(self, timeout_s: float) -> Failure | None:
        if self.error is not None:
            words = str(self.error.get("message", ""))
            return failure(kind_of(str(self.error.get("type", "")), words, self.error.get("code")), words)
        if self.finish is not None:
            return None
        return failure("timeout", f"No answer within {timeout_s:g} s") if self.late else failure("truncated_stream")


def _body(request: Request, *, chat: bool) -> dict[str, Any]:
    parameters = request.parameters
    body: dict[str, Any] = {
        "max_tokens": parameters.max_tokens,
        "temperature": parameters.temperature,
        "top_p": parameters.top_p,
        "stop": list(parameters.stop) or None,
        "json_schema": None if parameters.json_schema is None else json.loads(parameters.json_schema),
    }
    body = {key: value for key, value in body.items() if value is not None}
    body |= {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True, "cache_prompt": True, "seed": 0}
    texts = [("system", request.system), *((turn.role, turn.text) for turn in request.turns)]
    if chat:
        return body | {"messages": [{"role": role, "content": text} for role, text in texts if text]}
    return body | {"prompt": "\n\n".join(text for _, text in texts if text)}


def _bad_schema(written: str | None) -> Failure | None:
    """llama.cpp ignores a schema it does not understand; what cannot be one is refused before the call."""
    if written is None:
        return None
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(json.loads(written))
    except ValueError:
        return failure("validation", "The JSON schema of the prompt is not JSON")
    except SchemaError as error:
        return failure("validation", f"The JSON schema of the prompt is not valid: {error.message}")
    return None


def _check(name: str, path: Path) -> None:
    hint = f"Use local:{BUNDLED}, or local: with the path of a GGUF file."
    if not path.is_file():
        raise InputError(f'There is no local model "{name}". {hint}')
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise InputError(f'The file "{path.name}" is not a GGUF model file. {hint}')
