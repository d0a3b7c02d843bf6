"""
`listener init`: a configuration to start from, and a secret. Never overwrites.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

CONFIG_NAME = "listener.toml"


def init(
    folder: Path = typer.Option(Path(), "--dir", "-d", help="Where; made if need be.", metavar="FOLDER"),
) -> None:
    """
    Write a first configuration and a secret.

    The configuration is commented; the secret may be read by you only.

    What is already there stays as it is. Keep a copy of the secret: without it, what was read before comes back
    as news and its removals cannot be honoured.

    \b
    Example:
      listener init --dir /etc/listener
    \b
    Exit codes:
      0 written · 2 already there, or the folder cannot be written
    """
    from listener.errors import ConfigError, Fault
    from listener.secret_files import make_secret
    from listener.settings import example_config

    config, secret = folder / CONFIG_NAME, folder / "data" / "secret"
    there = [path for path in (config, secret) if path.exists()]
    if there:
        raise ConfigError(
            [Fault(str(path), "(whole file)", "is already there and is never overwritten") for path in there]
        )
    try:
        secret.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with config.open("x", encoding="utf-8") as file:
            file.write(example_config(_today()))
    except OSError as error:
        problem = f"cannot be written ({error.strerror}); choose another folder with --dir"
        raise ConfigError([Fault(str(folder), "(folder)", problem)]) from error
    make_secret(secret)
    print(f"wrote {config} and {secret}")
    print(f"next: edit it, then `listener check --config {config}`")


def _today() -> date:
    from listener.clock import SystemClock

    return SystemClock().now().date()


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(init)
