"""What methods, guards and prices make of samples with images and PDFs."""

from dataclasses import replace

import pytest

from pipeline.errors import InputError
from pipeline.models.prices import Price
from pipeline.prompts.advpo import asked
from pipeline.prompts.guards import check
from pipeline.prompts.methods.few_shot import FewShot
from pipeline.prompts.template import parse_prompt
from pipeline.records import Attachment, Sample
from tests.pipeline.prompts.asks import NOVA, ask, dev


def with_photo(sample: Sample) -> Sample:
    photo = Attachment(variable="photo", format="png", name=f"{sample.id}.png", sha256=sample.id, width=1000, height=750)
    return replace(sample, variables={**sample.variables, "photo": photo.placeholder}, attachments=(photo,))


PHOTOS = tuple(map(with_photo, dev()))
PROMPT = "Classify as refund or delivery.\n\n{photo}\nMessage: {question}\nIntent:"


async def test_samples_with_files_are_not_shown_as_shots() -> None:
    assert await FewShot().propose(ask(target=NOVA))
    assert await FewShot().propose(ask(PROMPT, NOVA, samples=PHOTOS)) == ()


def test_advpo_is_refused_where_the_prompt_shows_files() -> None:
    with pytest.raises(InputError, match="takes images and PDFs from S3 only"):
        asked(ask(PROMPT, NOVA, samples=PHOTOS))
    assert asked(ask(target=NOVA, samples=PHOTOS)).samples


def test_the_guards_count_a_lost_image_and_its_tokens() -> None:
    asking = ask(PROMPT, NOVA, samples=PHOTOS)
    assert check(parse_prompt(PROMPT), asking) is None
    assert "photo" in (check(parse_prompt(PROMPT.replace("{photo}", "")), asking) or "")
    price = Price(ref=NOVA, model="nova", input=1.0, output=0.0, source="a test", date="2026-11-01")
    capped = replace(asking, price=price, most_usd=0.9)
    assert "1,000 calls would cost" in (check(parse_prompt(PROMPT), capped) or ""), "a photo of 1,000 tokens costs"
    assert check(parse_prompt(PROMPT), replace(ask(PROMPT, NOVA), price=price, most_usd=0.9)) is None
