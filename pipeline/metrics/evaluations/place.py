"""Where a second opinion is asked for: the role the service works as, the bucket it reads and writes, and its judge."""

from dataclasses import dataclass

from pipeline.aws.roles import checked_role
from pipeline.aws.s3 import Bucket
from pipeline.errors import InputError

DEFAULT_JUDGE = "amazon.nova-pro-v1:0"


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
        checked_role(self.role, "read and write the bucket and invoke the judge")
        Bucket(self.bucket)
        if not self.judge.strip():
            raise InputError(f"The second opinion needs a judge. Name an evaluator model's id, such as {DEFAULT_JUDGE}.")

    @property
    def name(self) -> str:
        """The bucket alone."""
        return Bucket(self.bucket).name

    def key(self, *parts: str) -> str:
        """The key of something under the prefix."""
        return Bucket(self.bucket).key(*parts)

    def uri(self, *parts: str) -> str:
        return Bucket(self.bucket).uri(*parts)
