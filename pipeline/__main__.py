"""`python -m pipeline`: the pipeline on files. The `ferry` command mounts the same commands."""

import typer

from pipeline.commands import add_to
from pipeline.commands.access import Address, Given, Key, LimitsText, Servers

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def about(
    context: typer.Context,
    openai_key: Key = None,
    openai_url: Address = None,
    openai_servers: Servers = None,
    limits: LimitsText = None,
) -> None:
    """Carry an LLM application from one model to the next, on files."""
    context.obj = Given(key=openai_key, url=openai_url, servers=openai_servers, limits=limits)


add_to(app)

if __name__ == "__main__":
    app()
