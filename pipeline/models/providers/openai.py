"""Models of OpenAI and of every server that speaks like it, through the SDK of OpenAI: Chat Completions, streamed or whole.

https://platform.openai.com/docs/api-reference/chat. Retries of the SDK are off: they hide attempts that are billed. What the SDK
would read from the environment is never sent: address and key come from the settings, other headers are taken off.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from pipeline.attachments.store import Contents, contents_of
from pipeline.errors import InputError
from pipeline.models.address import is_address, split_address
from pipeline.models.failures import FIXED, failure, kind_of
from pipeline.models.limits import Asked, admitted, asked_of
from pipeline.models.providers.openai_reply import NO_COMPLETION, Answer, NoCompletionError
from pipeline.models.providers.openai_request import LIMITS, Dialect
from pipeline.models.retry import after, with_retries
from pipeline.models.settings import ModelSettings
from pipeline.records import Failure, Output, Request, Retry, Sample

CONNECT_TIMEOUT_S = 5.0
READ_OUT_S = 0.1
CODE_LENGTH = 60
_HEADERS = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "host", "user-agent"}
)
# What a status means whatever the words are; the others are read by code, type and words.
_BY_STATUS = {401: "access", 402: "no_credit", 403: "access", 408: "transient", 409: "transient", 425: "transient"}
_NO_KEY = "no key"  # the SDK wants one; it is not sent


def open_openai(name: str, samples: Iterable[Sample], settings: ModelSettings) -> "OpenAIModel":
    """The model `name`, at the usual address or at the one after its @. Raises InputError for an address that may not be used."""
    return OpenAIModel(name, settings)


class OpenAIModel:
    """One model behind one address; a cancelled call closes its connection."""

    def __init__(self, name: str, settings: ModelSettings) -> None:
        self.ref, self.concurrency = f"openai:{name}", settings.in_flight
        self._model, self._settings = split_address(name)[0], settings
        self._server = Server(name, settings)
        newest = self._server.url.partition("://")[2].partition("/")[0].endswith(("openai.com", "openai.azure.com"))
        self._dialect = Dialect(limit=LIMITS[0] if newest else LIMITS[1])

    async def answer(self, request: Request) -> Output:
        problem = _bad_schema(request)
        if problem is not None:
            return Output(sample_id=request.sample_id, text=None, failure=problem)
        try:
            contents = await asyncio.to_thread(self._contents, request) if request.attachments else {}
        except InputError as error:
            return Output(sample_id=request.sample_id, text=None, failure=failure("attachment", error.message))
        return await self._server.answered(
            request.sample_id, lambda client: self._ask(client, request, contents), lambda: asked_of(request)
        )

    async def close(self) -> None:
        await self._server.close()

    def _contents(self, request: Request) -> Contents:
        if any(each.uri for each in request.attachments):
            raise InputError("An address in S3 can be sent to models on Bedrock only")
        return contents_of(request, self._settings.files)

    async def _ask(self, client: Any, request: Request, contents: Contents) -> Output:  # noqa: ANN401  openai.AsyncOpenAI, imported late
        """One answer, after as many refusals as it takes to learn what this model is not to be sent."""
        from openai import BadRequestError, UnprocessableEntityError

        fixed: list[Retry] = []
        while True:
            dialect, began = self._dialect, perf_counter()
            body = dialect.body(self._model, request, contents, stream=self._settings.stream and request.stream)
            try:
                return after(fixed, (await _completion(client, body)).output(request.sample_id))
            except (BadRequestError, UnprocessableEntityError) as error:
                told = Told.of(error.body)
                learned = dialect.after(told.said, told.parameter, body) if told.kind(400) == "validation" else None
                if learned is None:
                    raise
                code = ", ".join(sorted(learned.refused - dialect.refused))
                fixed.append(Retry(kind=FIXED, code=code, seconds=perf_counter() - began))
                self._dialect = self._dialect.both(learned)


class Server:
    """One address behind one client, made at the first call; at most `in_flight` calls are open. Texts of a key are masked."""

    def __init__(self, name: str, settings: ModelSettings) -> None:
        access, (model, address) = settings.openai, split_address(name)
        if "@http" in model or (address is not None and not is_address(address)):
            raise InputError(f'"{name}" must be a model, or a model with an address such as {model}@https://host/v1.')
        if address not in {None, access.url, *access.servers} and access.listed_only:
            raise InputError(
                f"Ferry may not send texts to {address}. Ask the operator to add it to FERRY_OPENAI_SERVERS, or use a model of "
                "a server that is there."
            )
        self.url = address or access.url
        self._key = access.servers.get(self.url) or (access.key if self.url == access.url else None)
        self._keyless = address is not None and self._key is None
        self._settings = settings
        limiter = settings.limiter
        self._gate = limiter.gate(f"openai:{name}", settings.in_flight, self.url) if limiter else None
        self._places, self._making = asyncio.Semaphore(settings.in_flight), asyncio.Lock()
        self._client: Any = None

    async def answered(self, sample_id: str, call: Callable[[Any], Awaitable[Output]], asked: Callable[[], Asked]) -> Output:
        """What `call` gives with the client, tried again where that helps; every failure is an output."""
        if self._key is None and not self._keyless:
            said = failure("access", f"No key for {self.url} is set (OPENAI_API_KEY)")
            return Output(sample_id=sample_id, text=None, failure=said)
        wait = _Wait()
        attempt = admitted(self._gate, asked, lambda: self._attempt(sample_id, call, wait))
        return await with_retries(attempt, self._settings, lambda: wait.seconds)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _attempt(self, sample_id: str, call: Callable[[Any], Awaitable[Output]], wait: "_Wait") -> Output:
        from httpx2 import HTTPError
        from openai import APIConnectionError, APIStatusError

        async with self._places:
            client, started = await self._made(), perf_counter()
            wait.seconds, request_id = 0.0, None
            try:
                async with asyncio.timeout(self._settings.timeout_s):
                    return await call(client)
            except TimeoutError:
                problem = failure("timeout", f"No answer within {self._settings.timeout_s:g} s", "TimeoutError")
            except APIStatusError as error:
                request_id, wait.seconds = error.request_id, _retry_after(error.response.headers)
                problem = self._said(Told.of(error.body), error.status_code)
            except (APIConnectionError, HTTPError, json.JSONDecodeError, UnicodeDecodeError, NoCompletionError) as error:
                problem = self._broken(error)
            return Output(
                sample_id=sample_id,
                text=None,
                failure=problem,
                latency_s=perf_counter() - started,
                request_id=request_id,
            )

    def _said(self, told: "Told", status: int | None) -> Failure:
        words = told.said.replace(self._key, "***") if self._key else told.said
        if not words and status is not None:
            words = f"{self.url} answers {status}"
        return failure(told.kind(status), words, told.code[:CODE_LENGTH] or str(status or ""))

    def _broken(self, error: Exception) -> Failure:
        """What it means when the connection or what came over it broke."""
        from openai import APIConnectionError

        name = type(error).__name__
        if isinstance(error, NoCompletionError):
            return (
                self._said(Told.of(error.error), None) if error.error else failure("unknown", NO_COMPLETION, type(error).__name__)
            )
        if isinstance(error, APIConnectionError):
            return failure("transient", f"{self.url} cannot be reached or closed the connection", name)
        return failure("truncated_stream", code=name)

    async def _made(self) -> Any:  # noqa: ANN401
        async with self._making:
            if self._client is None:  # the SDK takes most of a second to load
                self._client = await asyncio.to_thread(_make_client, self.url, self._key)
            return self._client


@dataclass(slots=True)
class _Wait:
    """Seconds the server asked for after the last attempt."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a server says of an error: OpenAI's code, type, parameter and message, or what others say instead."""

    code: str = ""
    type: str = ""
    parameter: str | None = None
    said: str = ""

    @classmethod
    def of(cls, body: object) -> "Told":
        """From an error's body as the SDK gives it: the object under "error", or the whole."""
        if not isinstance(body, Mapping):
            return cls(said=body if isinstance(body, str) and not body.lstrip().startswith("<") else "")
        code, kind, parameter = (body.get(name) for name in ("code", "type", "param"))
        said = body.get("message") or body.get("error") or _detail(body.get("detail"))
        return cls(
            code="" if code is None else str(code),
            type=str(kind or ""),
            parameter=str(parameter) if parameter else None,
            said=said if isinstance(said, str) else "",
        )

    def kind(self, status: int | None) -> str:
        """The kind of failure. Within a stream there is no status: some servers write it as the code."""
        if status is None and self.code.isdigit():
            status = int(self.code)
        if status in _BY_STATUS:
            return _BY_STATUS[status]
        if status == 404 or (status is not None and status >= 500):
            return kind_of("", "", status)
        found = [kind_of(name, self.said) for name in (self.code, self.type)]
        best = next((kind for kind in found if kind not in {"unknown", "validation"}), None)
        if best is None and status in {400, 413, 422}:
            best = kind_of("invalid_request_error", self.said)
        if best is None and status is None:
            best = "validation" if "validation" in found else "truncated_stream"
        return best or kind_of("", "", status)


def _detail(detail: object) -> str:
    """What FastAPI says of a request: places and messages, without the input it quotes."""
    if not isinstance(detail, list):
        return detail if isinstance(detail, str) else ""
    lines = [item for item in detail if isinstance(item, Mapping)]
    places = [item["loc"] if isinstance(item.get("loc"), list) else [] for item in lines]
    return "; ".join(f"{'.'.join(map(str, loc))}: {item.get('msg', '')}" for loc, item in zip(places, lines, strict=True))


async def _completion(client: Any, body: Mapping[str, Any]) -> Answer:  # noqa: ANN401
    """One call. Raises what the SDK and its connection raise, ValueError for what is no JSON, and NoCompletionError."""
    from httpx2 import Response
    from openai import AsyncStream

    started = perf_counter()
    if "stream" not in body:
        response = await client.post("/chat/completions", cast_to=Response, body=body)
        return _whole(response, started)
    stream = await client.post("/chat/completions", cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object])
    async with stream:
        if "json" in stream.response.headers.get("content-type", ""):  # a server that does not stream
            await stream.response.aread()
            return _whole(stream.response, started)
        answer = Answer(started=started, request_id=stream.response.headers.get("x-request-id"))
        async with aclosing(_events(stream.response)) as events:
            async for data in events:
                if data == b"[DONE]":
                    answer.ended = perf_counter()
                    await _read_out(events)
                    break
                answer.take(json.loads(data), whole=False)
        return answer


async def _events(response: Any) -> AsyncGenerator[bytes, None]:  # noqa: ANN401  httpx2.Response
    """The data of each event. The SDK's own reader closes at [DONE] what is not read to its end, and with it the connection.

    An event of Chat Completions is one line (https://html.spec.whatwg.org/multipage/server-sent-events.html); one without its
    line end is not whole. Lines are cut in bytes: other line ends of Unicode may stand in an answer.
    """
    rest = b""
    async for part in response.aiter_bytes():
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()


async def _read_out(events: AsyncIterator[bytes]) -> None:
    """Waits for the few bytes that end a body: only then another call can use the connection. The answer is there already."""
    from httpx2 import HTTPError

    with suppress(TimeoutError, HTTPError):
        async with asyncio.timeout(READ_OUT_S):
            async for _ in events:
                pass


def _whole(response: Any, started: float) -> Answer:  # noqa: ANN401  httpx2.Response
    answer = Answer(started=started, request_id=response.headers.get("x-request-id"))
    try:
        said = response.json()
    except ValueError as error:
        raise NoCompletionError from error
    answer.take(said, whole=True)
    return answer


def _make_client(url: str, key: str | None) -> Any:  # noqa: ANN401
    """A client that never retries, follows no redirect with texts in its hands, and sends no header but what a call needs."""
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

    async def take_off(request: Any) -> None:  # noqa: ANN401  httpx2.Request
        for name in set(request.headers) - _HEADERS | (set() if key else {"authorization"}):
            request.headers.pop(name, None)

    timeout = Timeout(None, connect=CONNECT_TIMEOUT_S)  # an attempt has its own limit
    http = DefaultAsyncHttpxClient(event_hooks={"request": [take_off]}, follow_redirects=False, timeout=timeout)
    return AsyncOpenAI(api_key=key or _NO_KEY, base_url=url, max_retries=0, timeout=timeout, http_client=http)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds in Retry-After-Ms (Azure) or Retry-After; 0 where there is none, or a date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) / unit)
        except (KeyError, ValueError):
            continue
    return 0.0


def _bad_schema(request: Request) -> Failure | None:
    schemas = [request.parameters.json_schema, *(tool.schema for tool in request.tools)]
    for schema in [*schemas, request.tool.schema] if request.tool else schemas:
        try:
            json.loads(schema or "{}")
        except ValueError:
            return failure("validation", "The JSON schema of the prompt is not JSON")
    return None
