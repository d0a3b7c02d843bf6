"""
`listener run`: the daemon.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from listener.cli.options import CONFIG, ConfigOption


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(run)


def run(
    config: ConfigOption = CONFIG,
    debug: bool = typer.Option(False, "--debug", help="Also the debug lines of the log."),
    pretty: bool | None = typer.Option(
        None, "--pretty/--json", help="Lines for a person or for a program; a terminal gets the first."
    ),
) -> None:
    """
    Read the configured sources until stopped.

    JSON logs on stdout, the API on 127.0.0.1:8080 unless [http] says otherwise. SIGTERM ends it, SIGHUP reloads the
    configuration.

    \b
    Example:
      listener run --config /etc/listener/listener.toml | tee -a listener.log.jsonl
    \b
    Exit codes:
      0 stopped · 2 configuration · 3 statement not accepted · 4 queue · 5 port or socket
    """
    import os

    import anyio

    with without("rich", "pygments"):
        from listener.app import Daemon
        from listener.clock import SystemClock
        from listener.telemetry import Telemetry, take_over_process

    telemetry = Telemetry(sys.stdout, pretty=sys.stdout.isatty() if pretty is None else pretty, debug=debug)
    take_over_process(telemetry)
    daemon = Daemon(config, os.environ, clock=SystemClock(), telemetry=telemetry)
    anyio.run(daemon.run)


@contextmanager
def without(*names: str) -> Iterator[None]:
    """
    What is imported meanwhile does not find these modules. Libraries take them along where they are installed, to
    draw tracebacks on a terminal; a daemon draws none and would carry them for years (4 MB, a sixth of the start).
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: an import of it fails, as documented
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
