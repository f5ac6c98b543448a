"""About how many tokens an image or a PDF takes: for what a run will cost, and for what surely does not fit.

Images: pixels / 750 up to about 1,600 tokens, larger ones are scaled down (Anthropic, vision guide, read 2026-11); others count
tiles and come out alike. PDFs: text of 1,500 to 3,000 tokens a page, and each page as an image (Anthropic, PDF support, read
2026-11). Providers change these rules; a bill goes by the tokens that the provider counts.
"""

from pipeline.records import Attachment, Sample

PIXELS_PER_TOKEN, MOST_OF_IMAGE = 750, 1600
LEAST_OF_IMAGE = 85
OF_PAGE = 2500
BYTES_PER_PAGE = 100_000
"""Of a PDF that does not say how many pages it has."""


def tokens(attachment: Attachment) -> int:
    """A usual figure, not below what is counted."""
    if attachment.kind == "pdf":
        return OF_PAGE * (attachment.pages or max(1, attachment.size // BYTES_PER_PAGE))
    pixels = attachment.width * attachment.height
    return max(LEAST_OF_IMAGE, min(pixels // PIXELS_PER_TOKEN, MOST_OF_IMAGE)) if pixels else MOST_OF_IMAGE


def of_files(sample: Sample) -> int:
    """Of all a sample holds, each file once."""
    return sum(map(tokens, {each.sha256 or each.uri: each for each in sample.attachments}.values()))


def least(attachment: Attachment) -> int:
    """What no provider counts less than; of a PDF some read the text only, and a scan has none."""
    return 0 if attachment.kind == "pdf" else LEAST_OF_IMAGE
