"""The form that tries a candidate on one sample of dev. The test split is never offered: it is looked at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.blocks import limits
from bot.buttons import Press, loads
from bot.modals import kit

CALLBACK = "prompt_tried"
ID_HINT = "For a sample of dev that the list does not show. Test samples are refused: they are looked at once, at the end."


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A sample of dev with its first words; `shown` where the prompt to start with shows it solved."""

    sample_id: str
    words: str
    shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What to try: the hash of a candidate and either the place of a sample in dev or its id."""

    press: Press
    prompt_hash: str
    place: int | None
    sample_id: str


def view(press: Press, candidates: Sequence[tuple[str, str]], used: str, samples: Sequence[Offered]) -> dict[str, Any]:
    """`candidates` are (hash, name); `used` is the hash to start with. The first samples of dev are offered by their words."""
    named = [(prompt_hash, name) for prompt_hash, name in candidates[: limits.SELECT_OPTIONS]]
    offered = [(str(place), f"{each.sample_id}: {each.words}") for place, each in enumerate(samples[: limits.SELECT_OPTIONS])]
    first = next((str(place) for place, each in enumerate(samples[: len(offered)]) if not each.shown), "0")
    return kit.modal(
        CALLBACK,
        "Try on a sample",
        [
            kit.field("prompt", "Which prompt?", kit.select(named, used)),
            kit.field("sample", "Which sample of dev?", kit.select(offered, first)),
            kit.field("id", "Or its id", kit.text_input(limit=200), hint=ID_HINT, optional=True),
        ],
        submit="Try it",
        meta={"press": press.dumps()},
    )


def read(submitted: kit.View) -> tuple[Tried | None, dict[str, str]]:
    """What to try, or what is missing."""
    texts = {name: kit.text_of(value) for name, value in kit.values(submitted).items()}
    errors = {name: f"Choose a {name}." for name in ("prompt", "sample") if not texts.get(name)}
    if texts.get("id"):
        errors.pop("sample", None)
    if errors:
        return None, errors
    place = int(texts["sample"]) if texts.get("sample", "").isdecimal() and not texts.get("id") else None
    press = loads(kit.meta(submitted).get("press", ""))
    return Tried(press=press, prompt_hash=texts["prompt"], place=place, sample_id=texts.get("id", "")), {}
