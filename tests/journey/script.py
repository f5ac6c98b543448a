"""What the story is about: forty made-up messages, a source that is often wrong, and a target that is right more often.

The target is a script that notes every call in a file, so that calls are counted across processes and kills.
"""

import csv
import io
import json
import random
from dataclasses import dataclass
from pathlib import Path

INTENTS = ("refund", "delivery", "password", "invoice", "complaint")
WORDS = (
    "parcel", "order", "card", "account", "balance", "street", "window", "morning", "bridge", "garden", "letter", "number",
    "signal", "ticket", "engine", "harbour", "mountain", "kitchen", "pocket", "winter", "market", "candle", "paper", "silver",
    "station", "copper", "blanket", "forest", "thunder", "mirror", "pencil", "basket", "island", "hammer", "orange", "violin",
    "curtain", "ladder", "meadow", "planet", "saddle", "tunnel", "velvet", "walnut", "yellow", "anchor", "button", "castle",
    "dragon", "feather",
)  # fmt: skip
SAMPLES = 40
SOURCE_RIGHT, TARGET_RIGHT = 0.6, 0.9
COLUMNS = ("sample_id", "question", "answer_ground_truth", "answer_source_llm", "latency_source_llm")
PROMPT = "Message: {question}\nIntent:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Paths of the dataset, of a model's script and of its log."""

    dataset: Path
    target: Path
    log: Path

    @property
    def ref(self) -> str:
        return f"scripted:{self.target}"

    def calls(self) -> int:
        """How many calls the model has had, over all processes."""
        return len(self.logged())

    def logged(self) -> list[bytes]:
        """The sample, or the ruling, that each call was for."""
        return self.log.read_bytes().splitlines() if self.log.exists() else []


def write_script(folder: Path, *, latency_s: float = 0.02, concurrency: int = 4, name: str = "target") -> Script:
    """The same forty samples every time."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(7)
    lines: list[tuple[str, ...]] = []
    answers: dict[str, str] = {}
    for number in range(SAMPLES):
        intent = INTENTS[number % len(INTENTS)]
        question = " ".join(chance.sample(WORDS, 9))
        source = intent if chance.random() < SOURCE_RIGHT else chance.choice([i for i in INTENTS if i != intent])
        target = intent if chance.random() < TARGET_RIGHT else chance.choice([i for i in INTENTS if i != intent])
        sample_id = f"s-{number:03d}"
        lines.append((sample_id, question, intent, source, f"{0.8 + 0.01 * number:.2f}"))
        answers[sample_id] = target
    dataset, script, log = folder / "messages.csv", folder / f"{name}.json", folder / f"{name}.log"
    dataset.write_text(_csv(lines), encoding="utf-8")
    about = {"answers": answers, "latency_s": latency_s, "concurrency": concurrency, "log": str(log)}
    script.write_text(json.dumps(about), encoding="utf-8")
    return Script(dataset=dataset, target=script, log=log)


def write_judge(folder: Path, *, latency_s: float, concurrency: int) -> Script:
    """A judge that answers yes to a rubric of one question; a line of its log is the key of the ruling that was asked for."""
    script, log = folder / "judge.json", folder / "judge.log"
    ruling = json.dumps({"verdicts": [{"item": 1, "reason": "it is", "verdict": "yes"}]})
    about = {"matches": [["polite", ruling]], "latency_s": latency_s, "concurrency": concurrency, "log": str(log)}
    script.write_text(json.dumps(about), encoding="utf-8")
    return Script(dataset=folder, target=script, log=log)


def _csv(lines: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *lines])
    return text.getvalue()
