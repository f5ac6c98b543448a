"""Measures the conversion methods with the laptop's own small model: all on dev, the winner once on test, with what got worse.

    python -m tests.tools.measure_methods path/to/banking77/test.csv build/methods

Two prompts are carried to Gemma 3 270M (a base model, 4 bits): one for a chat model, and one that shows a message of each
intent, as the demo's does. The intents are none of the demo's, on which few-shot was tuned. Outputs are kept in the folder, so
that a second start asks only what is missing. Data: BANKING77, CC BY 4.0.
"""

import asyncio
import csv
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.commands.files import OutputFile, read_run
from pipeline.dataset.freeze import freeze
from pipeline.decide.compare import compare
from pipeline.decide.selection import choose
from pipeline.metrics.registry import METRICS
from pipeline.metrics.scoring import score_with
from pipeline.models import ModelSettings, open_model
from pipeline.prompts.methods import Ask, candidates
from pipeline.prompts.template import parse_prompt
from pipeline.records import (
    Candidate,
    Comparison,
    Criteria,
    Dataset,
    MetricChoice,
    Model,
    RunKey,
    RunResult,
    Sample,
    Split,
    UseCase,
)
from pipeline.run import answer
from tests.tools.record_demo import INTENTS as IN_THE_DEMO
from tests.tools.record_demo import source_prompt

TARGET = "local:gemma3-270m"
SEED, INTENTS, PER_INTENT = 20261125, 10, 25
CRITERIA = Criteria(metrics=(MetricChoice(metric="exact_match", primary=True),))
CHAT = """You are ChatGPT, the assistant of a bank. Think step by step and decide what the customer's message is about.

# Intents
INTENTS

# Message
{question}

# Output
Answer with the name of one intent and nothing else."""


async def main(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shown = write_dataset(source, folder / "banking77.csv")
    frozen = freeze(folder / "banking77.csv", name="banking77")
    chat = CHAT.replace("INTENTS", "\n".join(intent for _, intent in shown))
    model = open_model(TARGET, samples=frozen.samples, settings=ModelSettings(cache=folder / "models", threads=1))
    try:
        for name, prompt in (("for a chat model", chat), ("with a message of each intent", source_prompt(shown))):
            say(f"== A prompt {name}")
            await migrate(model, prompt, frozen, folder)
    finally:
        await model.close()


async def migrate(model: Model, prompt: str, frozen: Dataset, folder: Path) -> None:
    dev, test = frozen.in_split(Split.DEV), frozen.in_split(Split.TEST)
    ask = Ask(prompt=parse_prompt(prompt), target=TARGET, use_case=UseCase.CLASSIFICATION, dev=dev, held_out=test)
    found = await candidates(ask)
    usable = [one for one in found if one.refusal is None]
    say(f"{len(dev)} dev and {len(test)} test samples; {len(usable)} of {len(found)} candidates pass")
    runs = [await run(model, one, dev, Split.DEV, folder) for one in usable]
    chosen = choose(runs, CRITERIA, left_out={shot for one in usable for shot in one.prompt.shots})
    for standing in chosen.table:
        say(f"dev   {standing.label:<24} {standing.mean:.3f} of {standing.n}, {standing.tokens:.0f} tokens a sample")
    say(chosen.reason)
    winner = next(one for one in usable if one.prompt.hash == chosen.prompt_hash)
    after = await run(model, winner, test, Split.TEST, folder)
    for bar in (one for one in usable if one.prompt.method in {"as is", "format-fixed"}):
        before = await run(model, bar, test, Split.TEST, folder)
        report(bar.prompt.method, winner.prompt.method, compare(test, before, after, CRITERIA)[0])


def write_dataset(source: Path, path: Path) -> list[tuple[str, str]]:
    """PER_INTENT messages each of INTENTS intents drawn by SEED, as a dataset; returns one more of each as (message, intent)."""
    with source.open(encoding="utf-8", newline="") as file:
        messages = sorted({(" ".join(line["text"].split()), line["category"]) for line in csv.DictReader(file)})
    order = random.Random(SEED)
    intents = sorted(order.sample(sorted({intent for _, intent in messages} - set(IN_THE_DEMO)), INTENTS))
    lines = [one for intent in intents for one in order.sample([m for m in messages if m[1] == intent], PER_INTENT)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("question", "answer_ground_truth"), *lines])
    rest = [one for one in messages if one not in lines]
    return [order.choice([m for m in rest if m[1] == intent]) for intent in intents]


async def run(model: Model, candidate: Candidate, samples: Sequence[Sample], split: Split, folder: Path) -> RunResult:
    key = RunKey(model=TARGET, prompt_hash=candidate.prompt.hash, split=split)
    path = folder / f"{split}-{candidate.prompt.hash[:12]}.jsonl"
    with OutputFile(path, key, samples, prompt=candidate.prompt) as file:
        async for output in answer(model, candidate.prompt, samples, skip=file.done):
            file.append(output)
    found = read_run(path)
    scores = tuple(score_with(samples, found.outputs, [METRICS["exact_match"]]))
    return replace(found, label=candidate.prompt.method, scores=scores)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def report(bar: str, winner: str, found: Comparison) -> None:
    interval = f"{found.interval.low:+.3f} to {found.interval.high:+.3f}" if found.interval else "no interval"
    say(f"test  {bar} {found.source_mean:.3f} -> {winner} {found.target_mean:.3f}: {found.difference:+.3f} ({interval})")
    say(f"      {len(found.improved)} got better, {len(found.regressed)} got worse: {', '.join(found.regressed)}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
