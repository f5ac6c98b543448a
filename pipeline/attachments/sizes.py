"""How many tokens a request takes, before anybody counted them: what it surely takes, and what it usually takes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.attachments.estimate import least, tokens
from pipeline.records import PromptVersion, Request, Sample

USUAL, FEWEST = 4, 8
"""Characters to a token: a rule of thumb for English, and more than any tokeniser packs into one over a whole text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Tokens: `least` is a lower bound, only what is above a window by it surely does not fit; `usual` is a guess."""

    least: int
    usual: int


def of_request(request: Request) -> Size:
    """With its images and PDFs, tools and schema."""
    files = request.attachments
    return _size(_texts(request), sum(map(least, files)), sum(map(tokens, files)))


def of_prompt(prompt: PromptVersion) -> Size:
    """The prompt's own texts, without any sample."""
    return _size(prompt.texts)


def of_sample(sample: Sample) -> Size:
    """All that a prompt could use of the sample."""
    files = {each.sha256 or each.uri: each for each in sample.attachments}.values()
    return _size(sample.variables.values(), sum(map(least, files)), sum(map(tokens, files)))


def _texts(request: Request) -> Iterator[str]:
    yield request.system
    yield from (turn.text for turn in request.turns)
    yield from (f"{tool.name}{tool.description}{tool.schema}" for tool in request.tools)
    yield request.parameters.json_schema or ""


def _size(texts: Iterable[str], least_of_files: int = 0, of_files: int = 0) -> Size:
    """Runs of spaces count once: tokenisers know long ones as one token."""
    found = list(texts)
    fewest = sum(len(" ".join(text.split())) for text in found) // FEWEST
    return Size(least=fewest + least_of_files, usual=-(-sum(map(len, found)) // USUAL) + of_files)
