"""Scores that files bring to `ferry compare`, `report` and `errors`: of which run and answers, by which judge and rubrics."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.files import ScoresFile, answers_hash, read_scores
from pipeline.errors import InputError
from pipeline.metrics import METRICS
from pipeline.records import Criteria, JudgeChoice, Rubric, RunKey, RunResult, Score

ScoreFiles = Annotated[list[Path] | None, typer.Option("--scores", help="Scores as `ferry score` wrote them, of any run here.")]
Files = Sequence[tuple[Path, ScoresFile]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What files of scores hold, by the run they are of; `judge` and `rubrics` are what the scores were made with."""

    files: Mapping[RunKey, Files] = field(default_factory=dict)
    judge: JudgeChoice | None = None
    rubrics: tuple[Rubric, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that are taken from the files: all but those code computes anew."""
        scores = (score for files in self.files.values() for _, file in files for score in file.scores)
        return tuple(dict.fromkeys(score.metric for score in scores if score.metric not in METRICS))

    def scores(self, run: RunResult) -> tuple[Score, ...]:
        """The scores of this run. Raises InputError when they were made of other answers than the run holds."""
        files = self.files.get(run.key, ())
        for path, file in files:
            if file.made is not None and file.made.answers != answers_hash(run.outputs):
                raise InputError(
                    f"The scores in {path} are of other answers of {run.key.model} than the run holds now. Score the run again."
                )
            odd = next((s for s in file.scores if s.value is not None and not 0 <= s.value <= 1), None)
            if odd is not None:
                raise InputError(
                    f"{path} gives sample {odd.sample_id} {odd.value:g} in {odd.metric}, and scores are from 0 (worst) to 1 "
                    "(best). Bring them to that scale first."
                )
        return tuple(score for _, file in files for score in file.scores)

    def with_judge(self, criteria: Criteria, named: str | None = None) -> Criteria:
        """`criteria` with the judge and the rubrics of the files. Raises InputError where they or `named` say another judge."""
        known = self.judge or criteria.judge
        if known is None:
            known = JudgeChoice(model=named) if named else None
        elif named not in {None, known.model}:
            raise InputError(f"The scores are by the judge {known.model}, not by {named}. Leave --judge out, or score again.")
        if criteria.judge and known and not _same_judge(criteria.judge, known):
            raise InputError(
                f"The scores are by the judge {known.model}, and the criteria want {criteria.judge.model} with the prompts and "
                "the embedder they were locked with. Score again with --criteria."
            )
        if criteria.judge and criteria.judge.prompts_hash:
            known = criteria.judge  # as it was locked, so that the criteria keep their hash
        return replace(criteria, judge=known, rubrics=_together((*criteria.rubrics, *self.rubrics)))


def read_brought(paths: Iterable[Path]) -> Brought:
    """The scores in these files; several may be of one run. Raises InputError for two judges: their scores do not compare."""
    found: dict[RunKey, list[tuple[Path, ScoresFile]]] = {}
    judge: JudgeChoice | None = None
    rubrics: list[Rubric] = []
    for path in paths:
        file = read_scores(path)
        if file.key is not None:
            found.setdefault(file.key, []).append((path, file))
        if file.made is not None:
            judge = _one_judge(judge, file.made.criteria.judge, path)
            rubrics += file.made.criteria.rubrics
    return Brought(files=found, judge=judge, rubrics=_together(rubrics))


def check_used(brought: Brought, runs: Sequence[RunResult]) -> None:
    """InputError when a file holds scores of a run that is not among `runs`."""
    strangers = [key for key in brought.files if key not in {run.key for run in runs}]
    if strangers:
        raise InputError(
            f"The scores given are of a run of {strangers[0].model} on {strangers[0].split} that is not compared here. Give the "
            "scores of the source's and the targets' runs."
        )


def _one_judge(one: JudgeChoice | None, other: JudgeChoice | None, path: Path) -> JudgeChoice | None:
    if one is None or other is None:
        return one or other
    if not _same_judge(one, other):
        raise InputError(
            f"{path} was scored by {other.model} and the files before it by {one.model}, or with other prompts, panel or "
            "embedder. One comparison needs one judge: score all runs again in the same way."
        )
    return replace(one, libraries=tuple(sorted({*one.libraries, *other.libraries})))


def _same_judge(one: JudgeChoice, other: JudgeChoice) -> bool:
    """Libraries aside, of which each file names those it used; an unlocked choice has no hash of prompts."""
    hashes = {choice.prompts_hash for choice in (one, other)} - {""}
    return (one.model, one.embedder, one.panel) == (other.model, other.embedder, other.panel) and len(hashes) < 2


def _together(rubrics: Iterable[Rubric]) -> tuple[Rubric, ...]:
    found: dict[str, Rubric] = {}
    for rubric in rubrics:
        if found.setdefault(rubric.metric, rubric) != rubric:
            raise InputError(
                f'The scores were made with two wordings of the rubric "{rubric.name}". Score all runs with one of them.'
            )
    return tuple(found.values())
