"""Where a second opinion is asked for: the role the service works as, the bucket it reads and writes, and its judge."""

import re
from dataclasses import dataclass

from pipeline.errors import InputError

DEFAULT_JUDGE = "amazon.nova-pro-v1:0"
ROLE = re.compile(r"arn:aws(-[^:]+)?:iam::[0-9]{12}:role/\S+")
BUCKET = re.compile(r"s3://([a-z0-9][-.a-z0-9]{1,61}[a-z0-9])((?:/[-!_*'().a-z0-9A-Z]+)*)/?")
LONGEST = 800
"""Characters of a prefix, so that keys made from it stay within the service's 1,024."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`role` is the ARN of a service role, `bucket` s3://bucket/prefix, `judge` an evaluator model's id or ARN.

    Raises InputError for what the API's patterns refuse.
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateEvaluationJob.html
    """

    role: str
    bucket: str
    judge: str = DEFAULT_JUDGE

    def __post_init__(self) -> None:
        if not ROLE.fullmatch(self.role):
            raise InputError(
                f'"{self.role[:100]}" is not the ARN of a role. Write it as arn:aws:iam::123456789012:role/NAME: the role that '
                "Bedrock works as, which may read and write the bucket and invoke the judge."
            )
        if not BUCKET.fullmatch(self.bucket) or len(self.bucket) > LONGEST:
            raise InputError(f'"{self.bucket[:100]}" is not a place in S3. Write it as s3://bucket/prefix.')
        if not self.judge.strip():
            raise InputError(f"The second opinion needs a judge. Name an evaluator model's id, such as {DEFAULT_JUDGE}.")

    @property
    def name(self) -> str:
        """The bucket alone."""
        return split_uri(self.bucket)[0]

    def key(self, *parts: str) -> str:
        """The key of something under the prefix."""
        return "/".join(part for part in (split_uri(self.bucket)[1], *parts) if part)

    def uri(self, *parts: str) -> str:
        return f"s3://{self.name}/{self.key(*parts)}"


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and prefix (without slashes around it) of an s3:// address. Raises InputError."""
    found = BUCKET.fullmatch(uri)
    if found is None:
        raise InputError(f'"{uri[:100]}" is not a place in S3. Write it as s3://bucket/prefix.')
    return found[1], found[2].strip("/")
