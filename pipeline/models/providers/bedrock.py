"""Models on Amazon Bedrock through Converse and ConverseStream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and API_runtime_ConverseStream.html. Retries of
boto3 are off: they hide attempts that are billed. One attempt is one call in a thread; retries stand above it.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import cache
from time import perf_counter
from typing import Any, TypeVar

from pipeline.attachments.store import NO_CONTENTS, Contents, contents_of
from pipeline.aws.inference import inference_configuration
from pipeline.errors import InputError
from pipeline.models.failures import as_retry, failure, kind_of
from pipeline.models.limits import Gate, admitted, asked_of
from pipeline.models.providers.bedrock_content import messages
from pipeline.models.providers.bedrock_count import TokenCounter
from pipeline.models.providers.bedrock_reply import Reply, output_of, read_reply, read_stream
from pipeline.models.retry import after, with_retries
from pipeline.models.sampling import sampling_refused, without
from pipeline.models.settings import ModelSettings
from pipeline.models.threads import Threads
from pipeline.records import Failure, Output, Request, Retry, Sample, Tool

T = TypeVar("T")
CONNECT_TIMEOUT_S = 5.0
# botocore's errors that carry no code: what each means, by class name along the inheritance.
_CLIENT_ERRORS = {
    "ReadTimeoutError": "timeout",
    "ConnectTimeoutError": "transient",
    "HTTPClientError": "transient",
    "ConnectionError": "transient",
    "ParamValidationError": "validation",
    "NoCredentialsError": "access",
    "PartialCredentialsError": "access",
    "CredentialRetrievalError": "access",
    "ProfileNotFound": "access",
    "NoRegionError": "access",
    "SSOError": "access",
    "TokenRetrievalError": "access",
    "NoAuthTokenError": "access",
}


def open_bedrock(name: str, samples: Iterable[Sample], settings: ModelSettings) -> "BedrockModel":
    """The model id, inference profile id or ARN `name`; raises InputError when the endpoint is no address."""
    if settings.endpoint_url is not None and not settings.endpoint_url.startswith(("http://", "https://")):
        raise InputError(
            f'The Bedrock endpoint "{settings.endpoint_url}" must start with https:// (or http:// for a local peer).'
        )
    return BedrockModel(name, settings)


class BedrockModel:
    """One model behind one client, made at the first call. A cancelled call ends at its next event or its timeout."""

    def __init__(self, model_id: str, settings: ModelSettings) -> None:
        self.ref, self.concurrency = f"bedrock:{model_id}", settings.in_flight
        self._model_id, self._settings = model_id, settings
        self._threads: Threads[Output] = Threads(settings.in_flight)
        self._client: Any = None
        self._making = threading.Lock()
        self._refused: frozenset[str] = frozenset()
        self._answered_once = False
        self._region = settings.region or ""
        self._gate = bedrock_gate(self.ref, settings)
        self._counter = TokenCounter(model_id)

    async def answer(self, request: Request) -> Output:
        """Newer models take no sampling parameters: one that is refused, which costs nothing, is left out from then on."""
        fixed: list[Retry] = []
        while True:
            asked = replace(request, parameters=without(request.parameters, self._refused))
            output = await self._asked(asked)
            refused = sampling_refused(output.failure, asked.parameters)
            if refused is None:
                self._answered_once |= output.failure is None
                output = replace(after(fixed, output), region=self._region)
                return replace(output, failure=_with_profiles(self._model_id, output.failure))
            fixed += [*output.retried, as_retry(output, fixed=refused)]
            self._refused |= {refused}

    def refused(self) -> frozenset[str] | None:
        return self._refused if self._answered_once else None

    async def _asked(self, request: Request) -> Output:
        attempt = admitted(
            self._gate,
            lambda: asked_of(request, None if request.attachments else lambda: self._counted(request)),
            lambda: self._threads.run(lambda stop: self._attempt(request, stop)),
        )
        return await with_retries(attempt, self._settings)

    async def _counted(self, request: Request) -> int | None:
        """Input tokens as Bedrock counts them, for nothing; None where it does not."""
        call = converse_request(self._model_id, request)
        return await self._counter.count(
            call, lambda work: asyncio.to_thread(or_failure, work, self._settings), self._made_client
        )

    async def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _attempt(self, request: Request, stop: threading.Event) -> Output:
        began = perf_counter()
        try:
            contents = contents_of(request, self._settings.files)
        except InputError as error:
            return _failed(request.sample_id, failure("attachment", error.message), began, None)
        return attempted(lambda: self._answered(request, contents, stop), request.sample_id, began, self._settings)

    def _answered(self, request: Request, contents: Contents, stop: threading.Event) -> Output:
        """Timed once there is a client: to make it, which the first call does, takes up to a second and is no latency."""
        client, call = self._made_client(), converse_request(self._model_id, request, contents)
        started = perf_counter()
        reply = self._call(client, call, request.stream, started, stop)
        return replace(output_of(request.sample_id, reply), latency_s=perf_counter() - started)

    def _call(self, client: Any, call: dict[str, Any], stream: bool, started: float, stop: threading.Event) -> Reply:  # noqa: ANN401
        if not (self._settings.stream and stream):
            return read_reply(client.converse(**call))
        response = client.converse_stream(**call)
        with closing(response["stream"]) as events:
            return read_stream(events, response, started=started, deadline=started + self._settings.timeout_s, stop=stop)

    def _made_client(self) -> Any:  # noqa: ANN401  boto3 builds its clients at run time
        with self._making:
            if self._client is None:
                self._client = make_client("bedrock-runtime", self._settings)
                self._region = self._client.meta.region_name or ""
            return self._client


def bedrock_gate(ref: str, settings: ModelSettings) -> Gate | None:
    """What calls of a model are admitted by: quotas are an account's, in a region."""
    return settings.limiter.gate(ref, settings.in_flight, settings.profile, settings.region) if settings.limiter else None


def _with_profiles(model_id: str, problem: Failure | None) -> Failure | None:
    """Names the inference profiles that the catalogue knows. Ferry takes none by itself: price and place differ among them."""
    if problem is None or problem.kind != "needs_inference_profile":
        return problem
    from pipeline.models.catalog.names import GEOGRAPHIES  # the catalogue asks AWS through this module
    from pipeline.models.prices.snapshot import catalogued

    known = [f"bedrock:{place}.{model_id}" for place in GEOGRAPHIES if catalogued(f"{place}.{model_id}")]
    return replace(problem, message=f"{problem.message} In the catalogue: {', '.join(known)}.") if known else problem


def attempted(call: Callable[[], Output], sample_id: str, started: float, settings: ModelSettings) -> Output:
    """What one `call` of a client gives; what it raises is an output with the failure it means."""
    answer = _answer_or_failure(call, settings)
    return answer if isinstance(answer, Output) else _failed(sample_id, answer[0], started, answer[1])


def or_failure(call: Callable[[], T], settings: ModelSettings) -> T | Failure:
    """What one `call` of a client gives, or the failure that what it raises means."""
    answer = _answer_or_failure(lambda: (call(),), settings)
    return answer[0]


def _answer_or_failure(call: Callable[[], T], settings: ModelSettings) -> T | tuple[Failure, str | None]:
    """The answer, or the failure with the id AWS gave the request."""
    from botocore.eventstream import ParserError
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    try:
        return call()
    except ClientError as error:
        return _of_client_error(error), _request_id(error.response)
    except (BotoCoreError, HTTPError, ParserError, ResponseParserError) as error:
        return _of_other_error(error, settings.timeout_s), None


def make_client(service: str, settings: ModelSettings) -> Any:  # noqa: ANN401
    """A boto3 client of `service` (bedrock-runtime, bedrock-agent-runtime) that never retries by itself."""
    import boto3
    from botocore.config import Config
    from botocore.session import Session

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=settings.timeout_s,
        max_pool_connections=settings.in_flight,
        retries={"mode": "standard", "total_max_attempts": 1},
        tcp_keepalive=True,
    )
    core = Session(profile=settings.profile)
    core.register_component("data_loader", _service_models())
    session: Any = boto3.Session(botocore_session=core, region_name=settings.region)
    return session.client(service, endpoint_url=settings.endpoint_url, config=config)


@cache
def _service_models() -> Any:  # noqa: ANN401
    """boto3's own descriptions of the services: 0.15 s to read, the same for every client."""
    from botocore.loaders import create_loader

    return create_loader()


def converse_request(model_id: str, request: Request, contents: Contents = NO_CONTENTS) -> dict[str, Any]:
    """The arguments of Converse and ConverseStream; what a parameter leaves open is not sent.

    `contents` are the bytes of the request's images and PDFs by SHA-256.
    """
    parameters = request.parameters
    call: dict[str, Any] = {
        "modelId": model_id,
        "messages": messages(request.turns, contents),
        "inferenceConfig": inference_configuration(parameters),
    }
    if request.system:
        call["system"] = [{"text": request.system}]
    if parameters.json_schema is not None:
        structure = {"jsonSchema": {"name": "answer", "schema": parameters.json_schema}}
        call["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": structure}}
    if request.tool is not None:
        call["toolConfig"] = _tool_config(request.tool)
    elif request.tools:
        call["toolConfig"] = _offered(request)
    return call


def _tool_config(tool: Tool) -> dict[str, Any]:
    """One tool that must be called. `any` forces it as `tool` would, and more models take it.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html
    """
    spec = {"name": tool.name, "description": "Gives the answer.", "inputSchema": {"json": json.loads(tool.schema)}}
    return {"tools": [{"toolSpec": spec}], "toolChoice": {"any": {}}}


def _offered(request: Request) -> dict[str, Any]:
    """Tools that may be called. The choice `auto` is the default and left out: some models refuse to be told even that."""
    specs = [
        {"name": tool.name, "inputSchema": {"json": json.loads(tool.schema)}}
        | ({"description": tool.description} if tool.description else {})
        for tool in request.tools
    ]
    config: dict[str, Any] = {"tools": [{"toolSpec": spec} for spec in specs]}
    if request.tool_choice in {"", "auto"}:
        return config
    choice: dict[str, Any] = {"any": {}} if request.tool_choice == "any" else {"tool": {"name": request.tool_choice}}
    return config | {"toolChoice": choice}


def _failed(sample_id: str, problem: Failure, started: float, request_id: str | None) -> Output:
    latency_s = perf_counter() - started
    return Output(sample_id=sample_id, text=None, failure=problem, latency_s=latency_s, request_id=request_id)


def _of_client_error(error: Any) -> Failure:  # noqa: ANN401  botocore.exceptions.ClientError, imported late
    said = error.response.get("Error", {})
    code, words = str(said.get("Code", "")), str(said.get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code == "ModelErrorException":
        status = error.response.get("originalStatusCode", status)
        code = code if status is not None and int(status) < 500 else "InternalServerException"
    # A code that is only the status comes from a reply without an error type: the words and the status decide.
    return failure(kind_of("ValidationException" if code == "400" else code, words, status), words, code or str(status or ""))


def _of_other_error(error: Exception, timeout_s: float) -> Failure:
    names = [cls.__name__ for cls in type(error).__mro__]
    if any(cls.__module__.startswith(("urllib3", "botocore.eventstream")) for cls in type(error).__mro__):
        return failure("timeout" if "TimeoutError" in names else "truncated_stream", code=names[0])
    kind = next((_CLIENT_ERRORS[name] for name in names if name in _CLIENT_ERRORS), "unknown")
    said = f"No answer within {timeout_s:g} s" if kind == "timeout" else str(error) if kind in {"access", "validation"} else ""
    return failure(kind, said, names[0])


def _request_id(response: Mapping[str, Any]) -> str | None:
    found = response.get("ResponseMetadata", {}).get("RequestId")
    return str(found) if found else None
