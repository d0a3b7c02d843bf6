"""
`listener poll`: read a source as soon as is polite.
"""

from __future__ import annotations

import sys

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption


def poll(
    source: str = typer.Argument(help="Name of a configured source.", metavar="SOURCE"),
    unconditional: bool = typer.Option(
        False, "--unconditional", help="Without validators: the site has to send its whole document."
    ),
    configured: bool = typer.Option(
        False, "--configured", help="At the configured address again, where it is read at one it moved to."
    ),
    mended: bool = typer.Option(
        False, "--mended", help="A source that fails: now, not when its back-off is over."
    ),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Read a source as soon as is polite.

    A site that is not ours is asked once in a quarter of an hour at most, and without validators once a day. A
    source that is gone is tried again; one that fails is left to its back-off, unless you say that it is mended.

    \b
    Example:
      listener poll river-blog
    \b
    Exit codes:
      0 told · 1 refused, or not confirmed · 6 no daemon
    """
    from listener.cli.client import call, daemon
    from listener.cli.screen import clean, moment, print_json

    if unconditional and not yes:
        if not sys.stdin.isatty():
            print("listener: nobody is there to confirm; add --yes", file=sys.stderr)
            raise typer.Exit(1)
        typer.confirm("The site has to send its whole document. Read it without validators?", abort=True)
    body = {"source": source, "unconditional": unconditional, "configured": configured, "mended": mended}
    polled = call(daemon(config), "POST", "/v1/poll", body)
    if as_json:
        print_json(polled)
    else:
        print(f"{clean(source)}: due {moment(polled['due_at'])} UTC: {clean(polled['reason'])}")


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(poll)
