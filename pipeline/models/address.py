"""Where a model is asked: `openai:<model>` at the usual address, `openai:<model>@<address>` at another server."""

import re

_AT = re.compile(r"(?P<model>.+?)@(?P<address>https?://\S+)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s/@?#]+(?:/[^\s@?#]*)?", re.IGNORECASE)


def split_address(name: str) -> tuple[str, str | None]:
    """The model and the address in a reference's name, which has one only after an @; without a slash at its end."""
    found = _AT.fullmatch(name)
    return (found["model"], found["address"].rstrip("/")) if found else (name, None)


def is_address(text: str) -> bool:
    """Whether `text` is an http or https address without a user, a query and a fragment."""
    return _ADDRESS.fullmatch(text) is not None
