"""Roles that services of AWS work as."""

import re

from pipeline.errors import InputError

ARN = re.compile(r"arn:aws(-[^:]+)?:iam::[0-9]{12}:role/\S+")


def checked_role(arn: str, may: str) -> str:
    """`arn`, as the APIs' patterns take it; `may` says what the role must be allowed. Raises InputError."""
    if not ARN.fullmatch(arn):
        raise InputError(
            f'"{arn[:100]}" is not the ARN of a role. Write it as arn:aws:iam::123456789012:role/NAME: the role that Bedrock '
            f"works as, which may {may}."
        )
    return arn
