"""Dev runs from files of outputs, scored, and their failures in groups: what rounds start from."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.commands.brought import Brought
from pipeline.commands.compare import with_scores
from pipeline.commands.files import read_run
from pipeline.commands.score import run_samples
from pipeline.decide.errors import group_failures
from pipeline.errors import InputError
from pipeline.prompts.importers.candidate import shown
from pipeline.records import Criteria, Dataset, ErrorGroup, PromptVersion, RunResult, Sample, Split


def dev_run(path: Path, dataset: Dataset, criteria: Criteria, brought: Brought) -> RunResult:
    """The run in `path` with its scores. Raises InputError for a run over test: a round must not learn from it."""
    run = read_run(path)
    if run.key.split is not Split.DEV:
        raise InputError(
            f"{path} is over the {run.key.split} split, and a round works on dev alone: test is looked at once, at the end. "
            "Run the prompt with --split dev."
        )
    return with_scores(run, run_samples(dataset, run, path), criteria, brought)


def declared(prompt: PromptVersion, dev: Sequence[Sample]) -> PromptVersion:
    """`prompt` with the dev samples that it shows in full as its shots, where a text file did not say which they are."""
    return prompt if prompt.shots else replace(prompt, shots=shown(prompt, dev))


def failing(samples: Sequence[Sample], run: RunResult, criteria: Criteria) -> tuple[ErrorGroup, ...]:
    """The failures of the run alone, without a source to have regressed from."""
    nothing = replace(run, label="source", outputs=(), scores=(), input_hashes={})
    return group_failures(samples, nothing, run, criteria)
