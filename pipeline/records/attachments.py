"""What a sample holds besides text: an image or a PDF, known by its content and never part of a text."""

from dataclasses import dataclass

PDF = "pdf"
IMAGES = ("png", "jpeg", "gif", "webp")
FORMATS = (*IMAGES, PDF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One image or PDF that the sample's variable `variable` holds; the variable itself holds its `placeholder`.

    `format` is one of FORMATS, `name` what people call the file (no model is told it). The bytes are kept apart, once, under
    `sha256`; `size` counts them. An address in S3 has `uri` instead: Bedrock fetches it, Ferry never sees it. Width and height in
    pixels, `pages` of a PDF; 0 is unknown.
    """

    variable: str
    format: str
    name: str
    sha256: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    pages: int = 0
    uri: str = ""

    @property
    def kind(self) -> str:
        """`image` or `pdf`, the words of the catalogue."""
        return PDF if self.format == PDF else "image"

    @property
    def media_type(self) -> str:
        return "application/pdf" if self.format == PDF else f"image/{self.format}"

    @property
    def placeholder(self) -> str:
        """What stands for it where people and judges read the sample."""
        return f"[{'PDF' if self.format == PDF else 'image'} {self.name}]"
