"""How many images and PDFs a request may carry, and how large, so that a 400 is said before the call. As of November 2026."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.models.families import family
from pipeline.prompts.targets import claude
from pipeline.records import Attachment

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request takes; bytes of each file and of all, pixels of each side; None is no limit that is known."""

    source: str
    images: int | None = None
    image_bytes: int | None = None
    image_side: int | None = None
    pdfs: int | None = None
    pdf_bytes: int | None = None
    all_bytes: int | None = None


_BEDROCK = (
    "Amazon Bedrock, Message (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html) and API "
    "restrictions (https://docs.aws.amazon.com/bedrock/latest/userguide/inference-api-restrictions.html), read 2026-11"
)
_OPENAI = "OpenAI, images and PDF files (https://platform.openai.com/docs/guides/pdf-files), read 2026-11"


def limits(ref: str) -> Limits:
    """Those of the provider, and of the model where it has its own: Claude from 4 on and Nova take larger PDFs."""
    if ref.startswith("bedrock:"):
        larger = claude(ref) is not None or family(ref) == "amazon"
        return Limits(
            source=_BEDROCK,
            images=20,
            image_bytes=MIB * 15 // 4,
            image_side=8000,
            pdfs=5,
            pdf_bytes=None if larger else MIB * 9 // 2,
        )
    if ref.startswith("openai:") and "@http" not in ref:
        return Limits(source=_OPENAI, images=500, all_bytes=50 * MIB)
    return Limits(source="")


def problem(attachments: Sequence[Attachment], ref: str) -> str | None:
    """The first limit that one request with `attachments` breaks, as a sentence without its end, or None."""
    allowed = limits(ref)
    images = [each for each in attachments if each.kind == "image"]
    pdfs = [each for each in attachments if each.kind == "pdf"]
    found = (
        *_too_many(images, allowed.images, "images", ref),
        *_too_many(pdfs, allowed.pdfs, "PDFs", ref),
        *_too_heavy(images, allowed.image_bytes, ref),
        *_too_heavy(pdfs, allowed.pdf_bytes, ref),
        *_together(attachments, allowed, ref),
    )
    return next(iter(found), None)


def _too_many(found: Sequence[Attachment], most: int | None, words: str, ref: str) -> Iterator[str]:
    if most is not None and len(found) > most:
        yield f"{ref} takes {most} {words} a request; these are {len(found)}"


def _too_heavy(found: Sequence[Attachment], most: int | None, ref: str) -> Iterator[str]:
    for each in found:
        if most is not None and each.size > most:
            yield f"{each.name} has {each.size / MIB:.2f} MB; {ref} takes {most / MIB:.2f} MB"


def _together(attachments: Sequence[Attachment], allowed: Limits, ref: str) -> Iterator[str]:
    side = allowed.image_side
    for each in attachments:
        if side is not None and max(each.width, each.height) > side:
            yield f"{each.name} has {each.width:,} x {each.height:,} pixels; {ref} takes {side:,} a side"
    total = sum(each.size for each in attachments)
    if allowed.all_bytes is not None and total > allowed.all_bytes:
        yield f"The files have {total / MIB:.1f} MB together; {ref} takes {allowed.all_bytes / MIB:.0f} MB a request"
    if ref.startswith("openai:") and any(each.uri for each in attachments):
        yield "An address in S3 can be sent to models on Bedrock only"
