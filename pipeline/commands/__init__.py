"""The commands that work on files, without Slack, graph or database: one file and one line in COMMANDS or GROUPS each."""

import functools
from collections.abc import Callable, Mapping
from typing import NoReturn

import typer

from pipeline.commands import compare, convert, errors, evaluate, guide, models, prompts, recompute, report, run, score
from pipeline.errors import FerryError

COMMANDS: Mapping[str, Callable[..., None]] = {
    "run": run.run,
    "score": score.score,
    "evaluate": evaluate.evaluate,
    "compare": compare.compare,
    "report": report.report,
    "recompute": recompute.recompute,
    "convert": convert.convert,
    "guide": guide.guide,
    "errors": errors.errors,
    "models": models.models,
}
GROUPS: Mapping[str, tuple[str, Mapping[str, Callable[..., None]]]] = {
    "prompts": ("Prompts from any tool's file: what a target would refuse, candidates for it, what changed.", prompts.COMMANDS),
}


def add_to(app: typer.Typer) -> None:
    """Gives `app` every command; what a person caused, a path that cannot be used too, becomes a sentence and exit code 2."""
    for name, command in COMMANDS.items():
        app.command(name)(_for_people(command))
    for name, (about, commands) in GROUPS.items():
        group = typer.Typer(no_args_is_help=True, help=about)
        for inner, command in commands.items():
            group.command(inner)(_for_people(command))
        app.add_typer(group, name=name)


def _for_people(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def spoken(*args: object, **kwargs: object) -> None:
        try:
            command(*args, **kwargs)
        except FerryError as error:
            _refuse(error.message, error)
        except OSError as error:
            if error.filename is None:  # no file of theirs
                raise
            _refuse(
                f"{error.filename} cannot be used ({error.strerror}). Check the path, and whether you may write there.", error
            )

    return spoken


def _refuse(message: str, error: Exception) -> NoReturn:
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(2) from error
