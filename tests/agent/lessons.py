"""A target that does better once its prompt holds a lesson, a writer that knows the lesson, and data to see both by."""

import csv
import hashlib
import io
import random
import re
from collections.abc import Iterable

from agent.worker.shelf import Opener
from pipeline.hashing import content_hash
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.records import Model, Request, Sample
from tests.agent.story import Story
from tests.journey.script import COLUMNS, INTENTS, WORDS

LESSON = "Answer with the intent alone."
SAMPLES, SOURCE_RIGHT, TAUGHT, UNTAUGHT = 150, 0.95, 0.95, 0.4
WRITER = "scripted:writer"


def chance(*of: object) -> float:
    """A number in [0, 1) that depends on nothing but what is given."""
    return int(hashlib.sha256("|".join(map(str, of)).encode()).hexdigest()[:8], 16) / 2**32


def intent(sample_id: str) -> str:
    return INTENTS[int(sample_id.removeprefix("s-")) % len(INTENTS)]


def dataset() -> str:
    """The samples as a file; the source is nearly always right."""
    text = io.StringIO()
    rows = [(i, question, intent(i), said(i, SOURCE_RIGHT, "source"), "0.8") for i, question in questions().items()]
    csv.writer(text).writerows([COLUMNS, *rows])
    return text.getvalue()


def questions() -> dict[str, str]:
    """What each sample asks."""
    drawn = random.Random(11)
    return {f"s-{number:03d}": " ".join(drawn.sample(WORDS, 9)) for number in range(SAMPLES)}


def said(sample_id: str, share: float, who: str) -> str:
    return intent(sample_id) if chance(who, sample_id) < share else "something_else"


class World:
    """The target and the writer of a story, opened in place of what their refs name; every call is counted."""

    def __init__(self, *, latency_s: float = 0.0, concurrency: int = 8) -> None:
        self.target = ScriptedModel(self._answer, ref="scripted:task", latency_s=latency_s, concurrency=concurrency)
        self.writer = ScriptedModel(self._write, ref=WRITER, latency_s=latency_s, concurrency=concurrency)
        self.asked: list[str] = []
        """What the target was asked, by the hash of each request."""

    def _answer(self, request: Request) -> str:
        taught = LESSON in "\n".join((request.system, *(turn.text for turn in request.turns)))
        self.asked.append(content_hash(request))
        return said(request.sample_id, TAUGHT if taught else UNTAUGHT, "target")

    def _write(self, request: Request) -> str:
        text = re.search(r"<prompt>\n(.*?)\n</prompt>", request.turns[0].text, re.DOTALL)
        return f"<why>It says what to answer.</why>\n<prompt>\n{LESSON}\n{text[1] if text else ''}\n</prompt>"

    def opener(self) -> Opener:
        def open_ref(ref: str, samples: Iterable[Sample]) -> Model:
            from pipeline.models import open_model

            return (
                self.writer if ref == WRITER else self.target if ref.startswith("scripted:") else open_model(ref, samples=samples)
            )

        return open_ref

    def enter(self, story: Story) -> None:
        story.tools.shelf.open_ref = self.opener()
