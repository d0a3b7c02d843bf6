"""
`listener accept`: somebody signs for the privacy statement.
"""

from __future__ import annotations

import os

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption


def accept(
    by: str = typer.Option(help="Who accepts it: a name or an office.", metavar="WHO"),
    reason: str = typer.Option(help="Why, for the record.", metavar="WHY"),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Sign for the privacy statement.

    It is what `listener check` prints. Writes listener.privacy.lock beside the configuration. From then on, a configuration that collects more, keeps
    longer or sends elsewhere is refused until it is accepted, too.

    \b
    Example:
      listener accept --by "Privacy Office" --reason "river safety, PIA-2026-12"
    \b
    Exit codes:
      0 recorded · 2 faults in the configuration
    """
    from listener import settings
    from listener.cli.screen import print_json
    from listener.clock import SystemClock

    loaded = settings.load(config, environ=os.environ)
    path = settings.lock_path(config)
    lock = settings.write_lock(
        path,
        settings.statement(loaded),
        accepted_by=by,
        reason=reason,
        accepted_at=SystemClock().now(),
    )
    if as_json:
        print_json(
            {
                "digest": lock.digest,
                "accepted_by": lock.accepted_by,
                "accepted_at": lock.accepted_at.isoformat(),
            }
        )
    else:
        print(f"recorded in {path}: {lock.digest}")


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(accept)
