"""A prompt version as the metadata of a managed prompt: what its visible form cannot hold comes back with it.

A managed prompt knows one variable syntax, no frozen spans and no JSON schema, all of which a version's hash covers. A value of
metadata takes 1,024 characters of a small alphabet, and there are 50: https://docs.aws.amazon.com/bedrock/latest/APIReference/
API_agent_PromptMetadataEntry.html, read 2026-11.
"""

import binascii
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from pipeline.hashing import canonical_json, plain
from pipeline.records import PromptVersion

KEY = "ferry.record."
VALUE_LENGTH, MOST_PARTS = 1024, 40
LARGEST = 4_000_000
"""Bytes a record may unfold to: what is read here was written by whoever may write to the account's prompts."""
_VERSION = TypeAdapter(PromptVersion)


def written(prompt: PromptVersion) -> Mapping[str, str]:
    """The entries that hold `prompt`; none where it is too large for them. Edits and shots stay with Ferry."""
    kept = {name: value for name, value in plain(prompt).items() if name not in {"edits", "shots"}}
    text = b64encode(zlib.compress(canonical_json(kept).encode(), 9)).decode()
    parts = [text[at : at + VALUE_LENGTH] for at in range(0, len(text), VALUE_LENGTH)]
    return {f"{KEY}{number:02d}": part for number, part in enumerate(parts)} if len(parts) <= MOST_PARTS else {}


def read(metadata: Mapping[str, str]) -> PromptVersion | None:
    """The version in these entries; None where there is none that can be read."""
    parts = [metadata[key] for key in sorted(metadata) if key.startswith(KEY)]
    if not parts:
        return None
    unfold = zlib.decompressobj()
    try:
        text = unfold.decompress(b64decode("".join(parts), validate=True), LARGEST)
        return _VERSION.validate_json(text) if unfold.eof else None
    except (binascii.Error, zlib.error, ValidationError):
        return None
