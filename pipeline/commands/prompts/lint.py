"""`ferry prompts lint`: what a target would refuse about a prompt, before a call is paid."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.files import read_dataset
from pipeline.commands.prompts.files import AsJson, Pick, PromptFile, SyntaxName, SystemFile, TurnsFile, read_prompts
from pipeline.hashing import plain
from pipeline.models.catalog import Catalog, read_catalog
from pipeline.models.registry import PROVIDERS, open_model
from pipeline.prompts.fit import misfits, sentences
from pipeline.prompts.importers import Imported
from pipeline.prompts.lint import LintFinding, Severity
from pipeline.prompts.lint import lint as findings

STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def lint(
    prompt: PromptFile,
    target: Annotated[
        list[str], typer.Option(help=f"A target model: {'; '.join(p.names for p in PROVIDERS.values())}. Repeatable.")
    ],
    system: SystemFile = None,
    turns: TurnsFile = None,
    syntax: SyntaxName = None,
    pick: Pick = None,
    dataset: Annotated[
        Path | None, typer.Option(help="The samples it is for: says too which of them, or their images and PDFs, do not fit.")
    ] = None,
    prices: Annotated[Path | None, typer.Option(envvar="FERRY_PRICES", help="Your own prices and facts, a JSON file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what each target would refuse or read otherwise; exit code 1 when it would answer with an error."""
    for ref in target:
        open_model(ref)
    found = read_prompts(prompt, system=system, turns_file=turns, syntax=syntax, pick=pick)
    catalog, samples = read_catalog(prices), read_dataset(dataset).samples if dataset else ()
    found = tuple(replace(one, samples=(*one.samples, *samples)) for one in found)
    looked = [(one, ref, findings(one, ref, catalog)) for one in found for ref in target]
    if as_json:
        typer.echo(json.dumps([_entry(*each) for each in looked], ensure_ascii=False, indent=2))
    else:
        for each in looked:
            _show(*each)
            _show_misfits(each[0], each[1], catalog)
    if any(finding.severity is Severity.ERROR for _, _, said in looked for finding in said):
        raise typer.Exit(1)


def _entry(one: Imported, ref: str, said: tuple[LintFinding, ...]) -> dict[str, object]:
    told = {"prompt": one.name, "format": one.format, "target": ref, "not_carried": one.not_carried}
    return {**told, "findings": [plain(finding) for finding in said]}


def _show_misfits(one: Imported, ref: str, catalog: Catalog) -> None:
    for sentence in sentences(misfits(one.prompt, one.samples, ref, catalog), catalog.of(ref)):
        Console().print(Text(sentence))


def _show(one: Imported, ref: str, said: tuple[LintFinding, ...]) -> None:
    out = Console()
    title = Text(f"{one.name} ({one.format}) for {ref}")
    if not said:
        out.print(title, Text("nothing to object"))
    else:
        table = Table("", "rule", "what", "fix", "source", title=title)
        for finding in said:
            fix = f"{finding.fix} (lossless: ferry prompts convert does it)" if finding.lossless else finding.fix
            where = f"{finding.source}, {finding.date}"
            table.add_row(
                Text(finding.severity.value, STYLES[finding.severity]), finding.rule, *map(Text, (finding.message, fix, where))
            )
        out.print(table)
    for sentence in one.not_carried:
        out.print(Text(f"Not carried over: {sentence}"))
