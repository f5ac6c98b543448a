"""What goes in: use cases, samples, frozen datasets and their splits."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.hashing import OMIT_DEFAULT, canonical_json, content_hash
from pipeline.records.attachments import Attachment


class UseCase(StrEnum):
    """What the prompt does; picks a template of metrics and margins."""

    CLASSIFICATION = "classification"
    EXTRACTION = "extraction"
    RAG = "rag"
    SUMMARIZATION = "summarization"
    CHAT = "chat"
    CODE = "code"


class Split(StrEnum):
    """`dev` drives every choice; `test` is looked at once and drives the verdict."""

    DEV = "dev"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, as the provider counted them. `input_tokens` are all that the model read, cached ones too.

    `cache_read_tokens` of them came from the prompt cache and `cache_write_tokens` went into it: both have prices of their own.
    """

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = field(default=0, metadata=OMIT_DEFAULT)
    cache_write_tokens: int = field(default=0, metadata=OMIT_DEFAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOutput:
    """What the source model answered when the dataset was made; unknown figures are None."""

    text: str
    latency_s: float | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorScores:
    """Scores that came with the dataset, on the scale of the file."""

    judge: float | None = None
    human: float | None = None
    human_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One input with what is known about it. `variables` fill the prompt template; `cluster` keeps relatives together.

    A variable that holds an image or a PDF is its placeholder here, and one of `attachments`.
    """

    id: str
    variables: Mapping[str, str]
    reference: str | None = None
    recorded: RecordedOutput | None = None
    prior: PriorScores | None = None
    cluster: str | None = None
    attachments: tuple[Attachment, ...] = field(default=(), metadata=OMIT_DEFAULT)

    @property
    def contexts(self) -> tuple[str, ...]:
        """What the answer must rest on: the variable `context`, a JSON list of texts as its items; empty where there is none."""
        given = self.variables.get("context", "").strip()
        return _texts(given) if given else ()

    @property
    def asked(self) -> str:
        """What a list of samples shows of it: its question, else its first variable, and which images and PDFs it has."""
        question = self.variables.get("question") or next(iter(self.variables.values()), "")
        files = dict.fromkeys(each.placeholder for each in self.attachments)
        return " ".join((question, *(name for name in files if name not in question)))

    @property
    def input_hash(self) -> str:
        """Hash of what a model sees of this sample; proves that source and target saw the same."""
        return content_hash([self.variables, self.attachments] if self.attachments else self.variables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One observation on the quality of a dataset. `level`: error (cannot freeze), warning, info."""

    level: str
    code: str
    message: str
    sample_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Frozen samples with their split; `hash` covers ids, contents and split, whatever the order of the file."""

    samples: tuple[Sample, ...]
    splits: Mapping[str, Split]
    findings: tuple[Finding, ...] = ()

    @property
    def hash(self) -> str:
        """The content hash of [[split, sample], ...] by id, fed sample by sample: a large dataset is never held twice."""
        digest = hashlib.sha256(b"[")
        for place, sample in enumerate(sorted(self.samples, key=lambda s: s.id)):
            digest.update(("," if place else "").encode() + canonical_json([self.splits[sample.id], sample]).encode())
        digest.update(b"]")
        return digest.hexdigest()

    def in_split(self, split: Split) -> tuple[Sample, ...]:
        return tuple(s for s in self.samples if self.splits[s.id] == split)


def _texts(given: str) -> tuple[str, ...]:
    """The items of a JSON list of texts that are not blank; any other text is one item."""
    try:
        parsed = json.loads(given) if given.startswith("[") else given
    except ValueError:
        parsed = given
    if isinstance(parsed, list) and all(isinstance(item, str) for item in parsed):
        return tuple(item for item in parsed if item.strip())
    return (given,)
