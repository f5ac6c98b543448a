"""Where batch jobs read and write, and as whom."""

from dataclasses import dataclass

from pipeline.aws.roles import checked_role
from pipeline.aws.s3 import Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`role` is the ARN of the role that Bedrock works as, `bucket` s3://bucket/prefix. Raises InputError for anything else."""

    role: str
    bucket: str

    def __post_init__(self) -> None:
        checked_role(self.role, "read and write the bucket")
        Bucket(self.bucket)
