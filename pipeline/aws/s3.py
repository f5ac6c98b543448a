"""A place in S3 that Ferry writes to and reads from, written as s3://bucket/prefix."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO

from pipeline.errors import InputError
from pipeline.models.providers.bedrock import make_client
from pipeline.models.settings import ModelSettings

PATTERN = re.compile(r"s3://([a-z0-9][-.a-z0-9]{1,61}[a-z0-9])((?:/[-!_*'().a-z0-9A-Z]+)*)/?")
PIECE = 1 << 20
LONGEST = 800
"""Characters of a place, so that keys made from it stay within the services' 1,024."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`address` is s3://bucket/prefix, as the patterns of Bedrock's APIs take it. Raises InputError for anything else."""

    address: str

    def __post_init__(self) -> None:
        split_uri(self.address)
        if len(self.address) > LONGEST:
            raise InputError(f'"{self.address[:100]}..." is too long for a place in S3. Give at most {LONGEST} characters.')

    @property
    def name(self) -> str:
        """The bucket alone."""
        return split_uri(self.address)[0]

    def key(self, *parts: str) -> str:
        """The key of something under the prefix."""
        return "/".join(part for part in (split_uri(self.address)[1], *parts) if part)

    def uri(self, *parts: str) -> str:
        return f"s3://{self.name}/{self.key(*parts)}"


class Files:
    """What is put into S3 and read from it. boto3's errors go up as they are: whoever calls says what was being done."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings

    def put(self, bucket: Bucket, body: bytes | BinaryIO, *parts: str) -> None:
        self._s3.put_object(Bucket=bucket.name, Key=bucket.key(*parts), Body=body)

    def lines(self, under: str, ending: str) -> Iterator[str]:
        """The lines of every file under the address `under` (s3://bucket/folder) with this ending, by key."""
        name, keys = self._keys(under, ending)
        for key in keys:
            body = self._s3.get_object(Bucket=name, Key=key)["Body"].read()
            yield from body.decode("utf-8", "replace").split("\n")

    def save(self, under: str, ending: str, file: BinaryIO) -> None:
        """As `lines`, written to `file` a piece at a time: for results that no memory should hold."""
        name, keys = self._keys(under, ending)
        for key in keys:
            file.writelines(self._s3.get_object(Bucket=name, Key=key)["Body"].iter_chunks(PIECE))
            file.write(b"\n")

    def _keys(self, under: str, ending: str) -> tuple[str, Sequence[str]]:
        name, prefix = split_uri(under)
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix=f"{prefix}/")
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return name, sorted(key for key in keys if key.endswith(ending))

    @cached_property
    def _s3(self) -> Any:  # noqa: ANN401  boto3 builds its clients at run time
        return make_client("s3", self._settings)


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and prefix (without slashes around it) of an s3:// address. Raises InputError."""
    found = PATTERN.fullmatch(uri)
    if found is None:
        raise InputError(f'"{uri[:100]}" is not a place in S3. Write it as s3://bucket/prefix.')
    return found[1], found[2].strip("/")
