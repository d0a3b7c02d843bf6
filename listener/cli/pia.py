"""
`listener pia`: the annex to a privacy impact assessment, from the configuration.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption


def pia(
    lang: Literal["en", "fr"] = typer.Option("en", "--lang", help="Language of the annex."),
    form: Literal["html", "markdown"] = typer.Option("markdown", "--format", help="How it is written."),
    out: Path | None = typer.Option(
        None, "--out", help="Write it there instead of printing it.", metavar="FILE"
    ),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Write the annex to a privacy impact assessment.

    For the officer who signs: purposes, sources with the exact requests that are possible, where the data goes, data elements, safeguards with the
    test that proves each, measured figures, and risks with what remains. What is hers or his to decide is left blank. No daemon is needed.

    \b
    Example:
      listener pia --format html --out annex.html
    \b
    Exit codes:
      0 written · 2 faults in the configuration, or the file cannot be written
    """
    from listener import settings
    from listener.clock import SystemClock
    from listener.errors import ConfigError, Fault
    from listener.pia import compose, written

    loaded = settings.load(config, environ=os.environ)
    lock = settings.read_lock(settings.lock_path(config))
    annex = compose(loaded, lock, today=SystemClock().now().date())
    text = written(annex, lang, "json" if as_json else form)
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


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(pia)
