"""What the name of a model says by itself: who made it, where an inference profile keeps its requests, what stands behind it.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html: an inference profile is a model id with a
geography in front, and its requests are answered in regions of that geography (`global.` anywhere).
"""

import re

from pipeline.models.families import family

GEOGRAPHIES = ("us-gov", "us", "eu", "apac", "jp", "au", "in", "ca", "global")
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
_PROFILE = re.compile(rf"({'|'.join(GEOGRAPHIES)})\.(?=[^.]+\.)")
# A region's geographies, the narrowest first, by how its name begins.
_AROUND = (
    ("us-gov-", ("us-gov",)),
    ("us-", ("us",)),
    ("eu-", ("eu",)),
    ("ap-northeast-1", ("jp", "apac")),
    ("ap-northeast-3", ("jp", "apac")),
    ("ap-southeast-2", ("au", "apac")),
    ("ap-southeast-4", ("au", "apac")),
    ("ap-south-", ("in", "apac")),
    ("ap-", ("apac",)),
    ("ca-", ("ca",)),
)


def split(ref: str) -> tuple[str, str]:
    """Provider and model name of a reference, both in small letters; an ARN is the name at its end."""
    provider, _, name = ref.strip().partition(":")
    return provider.strip().lower(), name.rpartition("/")[2].strip().lower()


def geography(name: str) -> str | None:
    """Where an inference profile keeps its requests; None for a plain model id."""
    found = _PROFILE.match(name)
    return found[1] if found else None


def base(name: str) -> str:
    """The model id behind an inference profile; any other name as it is."""
    return _PROFILE.sub("", name, count=1)


def maker(provider: str, name: str) -> str:
    """Who made the model: on Bedrock the id says it, elsewhere the provider or the name does."""
    if provider == "bedrock":
        return base(name).partition(".")[0]
    found = family(f"{provider}:{name}")
    return provider if found == "unknown" else found


def around(region: str) -> tuple[str, ...]:
    """The geographies of inference profiles that a region belongs to; empty for one Ferry does not know."""
    return next((found for start, found in _AROUND if region.startswith(start)), ())
