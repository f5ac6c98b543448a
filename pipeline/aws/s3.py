"""A place in S3 that Ferry writes to and reads from, written as s3://bucket/prefix."""

import re
from dataclasses import dataclass

from pipeline.errors import InputError

PATTERN = re.compile(r"s3://([a-z0-9][-.a-z0-9]{1,61}[a-z0-9])((?:/[-!_*'().a-z0-9A-Z]+)*)/?")
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


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and prefix (without slashes around it) of an s3:// address. Raises InputError."""
    found = PATTERN.fullmatch(uri)
    if found is None:
        raise InputError(f'"{uri[:100]}" is not a place in S3. Write it as s3://bucket/prefix.')
    return found[1], found[2].strip("/")
