"""
`listener notice`: the public page, from the configuration.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption

if TYPE_CHECKING:
    from listener.notice import Figures


def notice(
    lang: Literal["en", "fr"] = typer.Option("en", "--lang", help="Language of the page."),
    form: Literal["html", "markdown"] = typer.Option("markdown", "--format", help="How it is written."),
    out: Path | None = typer.Option(
        None, "--out", help="Write it there instead of printing it.", metavar="FILE"
    ),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Write the public notice.

    It tells citizens what is listened to and why, where, since when, what is kept and how long, and how to say no. A running daemon shows the
    same at /notice, and is asked for its figures; without one they are left out, and the page says so.

    \b
    Example:
      listener notice --lang fr --format html --out avis.html
    \b
    Exit codes:
      0 written · 2 faults in the configuration, or the file cannot be written
    """
    from listener import settings
    from listener.clock import SystemClock
    from listener.errors import ConfigError, Fault
    from listener.notice import compose, written

    loaded = settings.load(config, environ=os.environ)
    said = compose(
        loaded,
        settings.read_lock(settings.lock_path(config)),
        today=SystemClock().now().date(),
        figures=_figures(config),
    )
    text = written(said, lang, "json" if as_json else form, served=False)
    if out is None:
        print(text, end="")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"cannot be written ({error.strerror or type(error).__name__})"
        raise ConfigError(
            [Fault("command line", "--out", problem, allowed="a file in a folder of yours")]
        ) from error


def _figures(config: Path) -> Figures | None:
    """
    What the running daemon counted; None where none runs, or none that shows a notice.
    """
    import msgspec

    from listener.cli.client import Refused, call, daemon
    from listener.errors import NoDaemon
    from listener.notice import Figures

    try:
        told = call(daemon(config), "GET", "/notice?format=json")
        return msgspec.convert(told["figures"], Figures | None)
    except (NoDaemon, Refused):
        return None


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(notice)
