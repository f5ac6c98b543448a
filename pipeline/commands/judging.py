"""What `ferry score` does with a judge: rubrics from files, rulings kept beside the scores, a bar while it judges."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.metrics.judge.bench import open_bench
from pipeline.metrics.judge.embedders import caveat
from pipeline.metrics.judge.rulings import FileRulings
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.scoring import score_judged
from pipeline.models import ModelSettings, notice
from pipeline.records import JudgeChoice, Output, Rubric, RubricKind, Sample, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """How outputs are judged on the command line: by whom, reached how, with rulings kept where."""

    choice: JudgeChoice
    settings: ModelSettings
    rulings: Path
    deadline_s: float


def rulings_beside(scores: Path) -> Path:
    """Where the rulings for a file of scores are kept."""
    return scores.with_name(f"{scores.stem}.rulings.jsonl")


def read_rubrics(paths: Sequence[Path]) -> tuple[Rubric, ...]:
    """Rubrics from files: JSON with name, kind ("scale" or "yes/no"), text and questions (one or a list), or a plain text.

    A plain text is named after its file; one with nothing but questions, a line each, is a yes/no rubric. Raises InputError.
    """
    return tuple(rubric for path in paths for rubric in _rubrics(path))


def judge_all(
    samples: Sequence[Sample],
    outputs: Sequence[Output],
    metrics: Sequence[JudgedMetric],
    judging: Judging,
    source: Sequence[Output],
) -> tuple[tuple[Score, ...], int]:
    """The scores by `metrics`, behind a progress bar on stderr, and how many rulings were there before."""
    with FileRulings(judging.rulings) as cache:
        known = len(cache)
        return asyncio.run(_judge_all(samples, outputs, metrics, judging, source, cache)), known


def notes(choice: JudgeChoice) -> tuple[str, ...]:
    """What a person must know of this judge before its scores: licences, and what the embedder cannot see."""
    said = (*(notice(ref) for ref in (choice.model, *choice.panel)), caveat(choice.embedder))
    return tuple(note for note in said if note)


async def _judge_all(
    samples: Sequence[Sample],
    outputs: Sequence[Output],
    metrics: Sequence[JudgedMetric],
    judging: Judging,
    source: Sequence[Output],
    cache: FileRulings,
) -> tuple[Score, ...]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    found: list[Score] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    opening = open_bench(judging.choice, cache, settings=judging.settings, deadline_s=judging.deadline_s)
    async with opening as bench:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            bar = progress.add_task(f"Judging with {judging.choice.model}", total=len(outputs) * len(metrics))
            scoring = score_judged(samples, outputs, metrics, bench, source_outputs=source)
            async with aclosing(scoring) as scores:
                async for score in scores:
                    found.append(score)
                    progress.advance(bar)
    return tuple(found)


def _rubrics(path: Path) -> tuple[Rubric, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The rubric {path} cannot be read as UTF-8 text. Check the path and the file.") from error
    if not text:
        raise InputError(f"The rubric {path} is empty. Write what a good answer does, or yes/no questions, a line each.")
    return _of_json(path, text) if path.suffix == ".json" else (_of_text(path.stem, text),)


def _of_text(name: str, text: str) -> Rubric:
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if all(line.endswith("?") for line in lines):
        return Rubric(name=name, kind=RubricKind.YES_NO, text=name, questions=lines)
    return Rubric(name=name, kind=RubricKind.SCALE, text=text)


def _of_json(path: Path, text: str) -> tuple[Rubric, ...]:
    try:
        given = json.loads(text)
        return tuple(
            Rubric(
                name=str(one["name"]),
                kind=RubricKind(one.get("kind", "scale")),
                text=str(one["text"]),
                questions=tuple(map(str, one.get("questions", ()))),
            )
            for one in (given if isinstance(given, list) else [given])
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f'The rubric {path} must be a JSON object with "name", "text", "kind" ("scale" or "yes/no") and, for yes/no, '
            '"questions"; or a list of such.'
        ) from error
