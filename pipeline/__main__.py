"""`python -m pipeline`: the pipeline on files. The `ferry` command mounts the same commands."""

import typer

from pipeline.commands import add_to

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def about() -> None:
    """Carry an LLM application from one model to the next, on files."""


add_to(app)

if __name__ == "__main__":
    app()
