"""`ferry report`: finished runs on files become a report as HTML, XLSX, JSON and PNG."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pipeline import report as reports
from pipeline.commands.compare import criteria_for, with_scores
from pipeline.commands.criteria import CriteriaFile
from pipeline.commands.files import read_dataset, read_prompt, read_run
from pipeline.commands.score import Metrics, run_samples
from pipeline.errors import InputError
from pipeline.records import Criteria, Dataset, Parameters, PromptVersion, Split, UseCase
from pipeline.report.build import build
from pipeline.report.records import WINNER, Arm, Provenance, ReportInputs


def report(
    dataset: Annotated[Path, typer.Argument(help="The dataset all runs were made with.")],
    source: Annotated[Path, typer.Option(help="Outputs of the source's run.")],
    target: Annotated[list[Path], typer.Option(help="Outputs of a target's run. Repeatable.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write report.html, .xlsx, .json and .png into.")],
    prompt: Annotated[list[Path] | None, typer.Option(help="Each target's prompt, in the order of the targets.")] = None,
    title: Annotated[str, typer.Option(help="What the report is about.")] = "Model comparison",
    metric: Metrics = None,
    margin: Annotated[float | None, typer.Option(help="The largest acceptable loss in a deciding metric.")] = None,
    use_case: Annotated[UseCase, typer.Option(help="Chooses metrics and margins when none is named.")] = UseCase.CHAT,
    criteria_file: CriteriaFile = None,
) -> None:
    """Write the report of target runs against the source's run."""
    frozen, before = read_dataset(dataset), read_run(source)
    samples = run_samples(frozen, before, source)
    criteria = criteria_for(metric, margin, use_case, samples, criteria_file)
    prompts = _prompts(prompt or [], target, dataset)
    arms = tuple(_arm(path, made, frozen, criteria) for path, made in zip(target, prompts, strict=True))
    built = build(
        ReportInputs(
            title=title,
            use_case=use_case.value,
            criteria=criteria,
            samples=tuple(samples),
            source=with_scores(before, samples, criteria),
            source_prompt=_source_prompt(dataset),
            arms=arms,
            provenance=_provenance(dataset.name, frozen, criteria),
        )
    )
    paths = reports.write(built, out)
    console = Console()
    console.print(Text(built.headline))
    console.print(Text(f"report {built.hash}"))
    console.print(Text("\n".join(str(path) for path in paths)))


def _prompts(paths: Sequence[Path], targets: Sequence[Path], dataset: Path) -> list[PromptVersion]:
    if not paths:
        return [_source_prompt(dataset)] * len(targets)
    if len(paths) != len(targets):
        raise InputError(f"There are {len(targets)} targets and {len(paths)} prompts. Give one --prompt per --target, or none.")
    return [read_prompt(path, dataset, parameters=Parameters()) for path in paths]


def _source_prompt(dataset: Path) -> PromptVersion:
    try:
        return read_prompt(None, dataset, parameters=Parameters())
    except InputError:
        return PromptVersion(user="(the dataset records no prompt)")


def _arm(path: Path, prompt: PromptVersion, dataset: Dataset, criteria: Criteria) -> Arm:
    run = read_run(path)
    samples = run_samples(dataset, run, path)
    return Arm(target=f"{run.key.model} ({path.stem})", bar=WINNER, prompt=prompt, result=with_scores(run, samples, criteria))


def _provenance(name: str, dataset: Dataset, criteria: Criteria) -> Provenance:
    return Provenance(
        dataset_name=name,
        dataset_hash=dataset.hash,
        dev=len(dataset.in_split(Split.DEV)),
        test=len(dataset.in_split(Split.TEST)),
        criteria_hash=criteria.hash,
        plan="made on the command line",
        versions={"ferry": version("ferry")},
    )
