"""`ferry report`: finished runs on files become a report as HTML, XLSX, JSON and PNG."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pipeline import report as reports
from pipeline.commands.brought import Brought, ScoreFiles, check_used, read_brought
from pipeline.commands.compare import with_scores
from pipeline.commands.criteria import CriteriaFile, Metrics, criteria_for
from pipeline.commands.files import prompt_of_run, read_dataset, read_prompt, read_run
from pipeline.commands.gathered import Gathered, husk, quotes
from pipeline.commands.score import run_samples
from pipeline.decide.selection import choose
from pipeline.errors import InputError
from pipeline.models.prices import Prices, known, read_overrides
from pipeline.records import Criteria, Dataset, Parameters, PromptVersion, RunResult, Sample, Split, UseCase
from pipeline.report.build import assemble, unquoted
from pipeline.report.gather import SampleFacts, metric_names
from pipeline.report.records import (
    AS_IS,
    SOURCE,
    WINNER,
    DevChoice,
    Evidence,
    Given,
    Provenance,
    label_of,
    quoted_of,
    same_label,
)


def report(
    dataset: Annotated[Path, typer.Argument(help="The dataset all runs were made with.")],
    source: Annotated[Path, typer.Option(help="Outputs of the source's run.")],
    target: Annotated[list[Path], typer.Option(help="Outputs of a target's run. Repeatable.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write report.html, .xlsx, .json and .png into.")],
    prompt: Annotated[
        list[Path] | None,
        typer.Option(help="Each target's prompt, in the order of the targets, where its outputs do not hold it."),
    ] = None,
    scores: ScoreFiles = None,
    dev: Annotated[list[Path] | None, typer.Option(help="Outputs of a candidate's run on dev. Repeatable.")] = None,
    title: Annotated[str, typer.Option(help="What the report is about.")] = "Model comparison",
    metric: Metrics = None,
    margin: Annotated[float | None, typer.Option(help="The largest acceptable loss in a deciding metric.")] = None,
    use_case: Annotated[UseCase, typer.Option(help="Chooses metrics and margins when none is named.")] = UseCase.CHAT,
    criteria_file: CriteriaFile = None,
    judge: Annotated[str | None, typer.Option(help="The model that judged, as provider:name, for its price.")] = None,
    prices: Annotated[Path | None, typer.Option(help="Your own prices, a JSON file (docs/report.md).")] = None,
    monthly_calls: Annotated[int | None, typer.Option(min=1, help="Calls a month, for a monthly projection.")] = None,
    second_look: Annotated[str, typer.Option(help="Why the test split was looked at before, if it was.")] = "",
) -> None:
    """Write the report of target runs against the source's run."""
    frozen, before, given = read_dataset(dataset), read_run(source), read_brought(scores or ())
    samples = run_samples(frozen, before, source)
    criteria = criteria_for(metric, margin, use_case, samples, criteria_file, brought=given, judge=judge)
    asked = _source_prompt(source, dataset)
    prompts = _prompts(prompt or [], target, dataset, asked)
    evidence, paths = _gathered(frozen, samples, criteria, given, before, source, target)
    models = [run.key.model for run in evidence.runs]
    figures = assemble(
        Given(
            title=title,
            use_case=use_case.value,
            criteria=criteria,
            prompts=dict(zip((run.label for run in evidence.runs), (asked, *prompts), strict=True)),
            evidence=evidence,
            dev=tuple(_dev(dev or [], frozen, criteria, {run.key.prompt_hash for run in evidence.runs[1:]})),
            provenance=_provenance(dataset.name, frozen, criteria),
            prices=known([*models, *_judges(criteria)], Prices(overrides=read_overrides(prices))),
            monthly_calls=monthly_calls,
            second_look=second_look,
            quoted=quoted_of(evidence),
        ),
        unquoted,
    )
    built = replace(figures, regressions=quotes(figures.regressions, samples, paths))
    _tell(Console(), built.headline, built.recommendation, f"report {built.hash}", *map(str, reports.write(built, out)))


def _gathered(
    dataset: Dataset,
    samples: Sequence[Sample],
    criteria: Criteria,
    brought: Brought,
    before: RunResult,
    source: Path,
    targets: Sequence[Path],
) -> tuple[Evidence, dict[str, Path]]:
    """The cells of all runs, and the file of each by its label."""
    facts = SampleFacts(criteria, metric_names(criteria, brought.metrics))
    facts.add(samples)
    gathered, paths = Gathered(dataset, criteria, brought, facts), {SOURCE: source}
    runs, seen = [gathered.cells(before, samples, SOURCE, SOURCE)], [husk(before)]
    for path in targets:
        run = gathered.target(path, before.key)
        label = label_of(f"{run.key.model} ({path.stem})", WINNER)
        if label in paths:
            raise same_label()
        paths[label] = path
        runs.append(gathered.cells(run, samples, label, WINNER))
        seen.append(husk(run))
    check_used(brought, seen)
    return facts.evidence(runs), paths


def _judges(criteria: Criteria) -> tuple[str, ...]:
    return (criteria.judge.model, *criteria.judge.panel) if criteria.judge else ()


def _tell(console: Console, *lines: str) -> None:
    for line in lines:
        console.print(Text(line))


def _dev(paths: Sequence[Path], dataset: Dataset, criteria: Criteria, used: set[str]) -> Iterable[DevChoice]:
    """Each model's candidates on dev, measured by the code metrics that decide."""
    by_model: dict[str, list[RunResult]] = {}
    for path in paths:
        run = read_run(path)
        if run.key.split is not Split.DEV:
            raise InputError(f"{path} is not a run on dev. Give runs made with --split dev.")
        scored = with_scores(run, run_samples(dataset, run, path), criteria)
        by_model.setdefault(run.key.model, []).append(replace(scored, label=path.stem))
    for model, runs in by_model.items():
        for standing in choose(runs, criteria).table:
            yield DevChoice(
                target=model,
                label=standing.label,
                scored=standing.n - standing.missing,
                mean=standing.mean,
                chosen=standing.prompt_hash in used,
                scores=standing.scores,
            )


def _prompts(paths: Sequence[Path], targets: Sequence[Path], dataset: Path, source: PromptVersion) -> list[PromptVersion]:
    """What each target was asked: as its outputs say, else the prompt that is given, else the source's."""
    if paths and len(paths) != len(targets):
        raise InputError(f"There are {len(targets)} targets and {len(paths)} prompts. Give one --prompt per --target, or none.")
    given = [read_prompt(path, dataset, parameters=Parameters()) for path in paths]
    return [_prompt(path, named, source) for path, named in zip_longest(targets, given)]


def _prompt(outputs: Path, named: PromptVersion | None, source: PromptVersion) -> PromptVersion:
    used = prompt_of_run(outputs)
    if used is None:
        return named or source
    if named is not None and (named.user, named.syntax) != (used.user, used.syntax):
        raise InputError(
            f"{outputs} was made with another prompt than the one given. Leave --prompt out: the file holds its own."
        )
    same = (used.user, used.system, used.syntax) == (source.user, source.system, source.syntax)
    return used if same or used.method != AS_IS else replace(used, method=outputs.stem)


def _source_prompt(source: Path, dataset: Path) -> PromptVersion:
    used = prompt_of_run(source)
    if used is not None:
        return used
    try:
        return read_prompt(None, dataset, parameters=Parameters())
    except InputError:
        return PromptVersion(user="(the dataset records no prompt)")


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
