"""
`listener healthcheck`: for a container's HEALTHCHECK, which knows only 0 and 1.
"""

from __future__ import annotations

import sys

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption


def healthcheck(
    ready: bool = typer.Option(False, "--ready", help="Also ask whether it can do its work."),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Tell whether the daemon answers.

    \b
    Example:
      HEALTHCHECK CMD ["listener", "healthcheck"]
    \b
    Exit codes:
      0 it does · 1 it does not
    """
    from listener.cli.client import call, daemon
    from listener.cli.screen import clean, print_json
    from listener.errors import ListenerError

    try:
        answer = call(daemon(config), "GET", "/readyz" if ready else "/healthz")
    except ListenerError as error:
        print(f"listener: {clean(str(error))}", file=sys.stderr)
        raise typer.Exit(1) from error
    if as_json:
        print_json(answer)


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(healthcheck)
