"""What peers of AWS on 127.0.0.1 share: S3 by path, faults in AWS's wire forms, and requests checked against its own models."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar
from urllib.parse import unquote
from xml.sax.saxutils import escape

from aiohttp import web

from pipeline.models.settings import ModelSettings

BUCKET = "answers"
DOCUMENTED = {"General"}  # a task type that the service's examples use and its model lacks


@dataclass(frozen=True, slots=True)
class Fault:
    """What an operation answers instead of doing its work; `lost` does the work first, and then answers this."""

    code: str
    status: int = 400
    message: str = "no"
    lost: bool = False


@dataclass(slots=True, kw_only=True)
class Shelf:
    """S3 with one bucket. `faults` by operation are used up in order, `asked` counts operations, a list has `page` keys."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    page: int = 1000

    @property
    def settings(self) -> ModelSettings:
        return ModelSettings(endpoint_url=self.url, region="us-east-1", timeout_s=10.0)

    @property
    def shelf_routes(self) -> list[web.RouteDef]:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html; any other bucket is not there."""
        return [
            web.put(f"/{BUCKET}/{{key:.+}}", self.put),
            web.get(f"/{BUCKET}/{{key:.+}}", self.get),
            web.get(f"/{BUCKET}", self.listed),
            web.route("*", "/nowhere{rest:.*}", self.nowhere),
        ]

    async def put(self, request: web.Request) -> web.Response:
        if fault := self.fault("PutObject"):
            return s3_error(fault)
        self.objects[request.match_info["key"]] = await request.read()
        return web.Response(headers={"ETag": '"1"'})

    async def get(self, request: web.Request) -> web.Response:
        if fault := self.fault("GetObject"):
            return s3_error(fault)
        body = self.objects.get(request.match_info["key"])
        return s3_error(Fault("NoSuchKey", 404)) if body is None else web.Response(body=body)

    async def listed(self, request: web.Request) -> web.Response:
        if fault := self.fault("ListObjectsV2"):
            return s3_error(fault)
        prefix, after = request.query.get("prefix", ""), request.query.get("continuation-token", "")
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        more = len(keys) > self.page
        entries = "".join(f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>" for key in keys[: self.page])
        token = f"<NextContinuationToken>{escape(keys[self.page - 1])}</NextContinuationToken>" if more else ""
        body = f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{entries}</ListBucketResult>"
        return web.Response(text=body, content_type="application/xml")

    async def nowhere(self, _request: web.Request) -> web.Response:
        return s3_error(Fault("NoSuchBucket", 404, "The specified bucket does not exist"))

    def fault(self, operation: str) -> Fault | None:
        self.asked[operation] += 1
        waiting = self.faults.get(operation, [])
        return waiting.pop(0) if waiting else None


@dataclass(slots=True, kw_only=True)
class Created:
    """A job: what was asked for, and the statuses it goes through, one for each look; the last one stays."""

    arn: str
    request: dict[str, Any]
    life: list[str]

    @property
    def name(self) -> str:
        return str(self.request["jobName"])

    def looked_at(self) -> str:
        """Its status now."""
        return self.life.pop(0) if len(self.life) > 1 else self.life[0]


J = TypeVar("J", bound=Created)


def job_of(jobs: Iterable[J], request: web.Request) -> J | None:
    """The job that a request's path names."""
    arn = unquote(request.match_info["arn"])
    return next((job for job in jobs if job.arn == arn), None)


def stopped(shelf: Shelf, jobs: Iterable[Created], request: web.Request) -> web.Response:
    if fault := shelf.fault("Stop"):
        return json_error(fault)
    job = job_of(jobs, request)
    if job is None:
        return json_error(Fault("ResourceNotFoundException", 404, "no such job"))
    job.life[:] = ["Stopping", "Stopped"]
    return web.json_response({})


def violations(shape: str, value: object, service: str = "bedrock") -> Iterator[str]:
    """What AWS's own description of a request does not allow; boto3 itself checks neither patterns nor enums nor ends."""
    yield from _check(_model(service).shape_for(shape), value, "")


@cache
def _model(service: str) -> Any:
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    return ServiceModel(create_loader().load_service_model(service, "service-2"))


def _check(shape: Any, value: Any, at: str) -> Iterator[str]:
    if getattr(shape, "is_document_type", False):
        return  # any JSON
    if shape.type_name == "structure":
        yield from _members(shape, value, at)
    elif shape.type_name == "list":
        yield from _within(shape, len(value), at)
        for number, item in enumerate(value):
            yield from _check(shape.member, item, f"{at}[{number}]")
    elif shape.type_name == "map":
        yield from (said for key, item in value.items() for said in (*_check(shape.key, key, at), *_check(shape.value, item, at)))
    elif shape.type_name == "string":
        yield from _text(shape, value, at)
    elif shape.type_name in {"integer", "float"}:
        yield from _within(shape, value, at)


def _text(shape: Any, value: str, at: str) -> Iterator[str]:
    yield from _within(shape, len(value), at)
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f"{at} is {value!r}, not {pattern}"
    if shape.enum and value not in {*shape.enum, *DOCUMENTED}:
        yield f"{at} is none of {shape.enum}"


def _members(shape: Any, value: dict[str, Any], at: str) -> Iterator[str]:
    yield from (f"{at}.{name} is missing" for name in shape.required_members if name not in value)
    yield from (f"{at}.{name} is unknown" for name in value if name not in shape.members)
    if shape.is_tagged_union and len(value) != 1:
        yield f"{at} must have one member"
    for name, item in value.items():
        if name in shape.members:
            yield from _check(shape.members[name], item, f"{at}.{name}")


def _within(shape: Any, size: float, at: str) -> Iterator[str]:
    if not shape.metadata.get("min", 0) <= size <= shape.metadata.get("max", size):
        yield f"{at} has size {size}"


def json_error(fault: Fault) -> web.Response:
    return web.json_response({"message": fault.message}, status=fault.status, headers={"x-amzn-ErrorType": fault.code})


def s3_error(fault: Fault) -> web.Response:
    body = f"<Error><Code>{fault.code}</Code><Message>{escape(fault.message)}</Message></Error>"
    return web.Response(text=body, status=fault.status, content_type="application/xml")


@asynccontextmanager
async def listening(routes: Iterable[web.RouteDef]) -> AsyncIterator[str]:
    """The address of a server with these routes, which ends with the test."""
    app = web.Application(client_max_size=64 * 1024**2)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
