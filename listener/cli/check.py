"""
`listener check`: every fault at once, or what is collected, in words, and whether somebody signed for it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption

if TYPE_CHECKING:
    from listener.errors import ConfigError


def check(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """
    Check the configuration as a whole.

    Prints every fault at once, or the privacy statement that follows from it, its digest, warnings, whether what is
    stored can be asked about again inside the clocks of its networks, and what sources that cost something may spend
    and are expected to.

    \b
    Example:
      listener check --config /etc/listener/listener.toml
    \b
    Exit codes:
      0 valid and accepted · 2 faults · 3 valid, and the statement is not accepted yet
    """
    from listener.cli.clocks import line
    from listener.cli.outlook import lines
    from listener.cli.screen import clean, print_json
    from listener.errors import ConfigError

    try:
        found = _checked(config)
    except ConfigError as error:
        if not as_json:
            raise
        print_json({"valid": False, "faults": _faults(error)})
        raise typer.Exit(error.exit_code) from error
    if as_json:
        print_json(found)
    else:
        print(clean(found["statement"], keep="\n").rstrip())
        print(f"\ndigest: {found['digest']}")
        print("accepted" if found["accepted"] else f"not accepted: {clean(found['why_not'], keep=chr(10))}")
        for warning in found["warnings"]:
            print(f"warning: {clean(warning)}")
        for clock in found["clocks"]:
            print(f"{'warning' if clock['beyond'] else 're-check'}: {clean(line(clock))}")
        for outlook in found["budgets"]:
            for told in lines(outlook):
                print(f"budget: {clean(told)}")
    raise typer.Exit(0 if found["accepted"] else 3)


def _checked(config: Path) -> dict[str, Any]:
    """
    What a valid configuration collects and whether that is accepted.

    Raises:
        ConfigError: every fault.
    """
    from listener import settings
    from listener.cli.clocks import clocks
    from listener.cli.outlook import outlooks
    from listener.clock import SystemClock
    from listener.errors import NotAccepted

    loaded = settings.load(config, environ=os.environ)
    said = settings.statement(loaded)
    why_not = None
    try:
        settings.require_accepted(loaded, settings.lock_path(config))
    except NotAccepted as error:
        why_not = str(error)
    return {
        "valid": True,
        "statement": said.as_text(),
        "digest": said.digest,
        "accepted": why_not is None,
        "why_not": why_not,
        "warnings": list(settings.warnings(loaded, SystemClock().now().date())),
        "clocks": clocks(config, loaded),
        "budgets": outlooks(loaded, SystemClock().now().date()),
    }


def _faults(error: ConfigError) -> list[dict[str, str | None]]:
    return [
        {
            "file": fault.file,
            "key": fault.key,
            "problem": fault.problem,
            "found": fault.found,
            "allowed": fault.allowed,
            "nearest": fault.nearest,
        }
        for fault in error.faults
    ]


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(check)
