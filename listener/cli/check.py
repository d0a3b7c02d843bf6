"""
`listener check`: every fault at once, or what is collected, in words, and whether somebody signed for it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption

if TYPE_CHECKING:
    from listener.errors import ConfigError


SourcesArgument = Annotated[
    list[str] | None,
    typer.Argument(help="With --live: only these, by name. [default: all]", metavar="[SOURCE]..."),
]
LiveOption = Annotated[
    bool, typer.Option("--live", help="Ask each source once; print the shape of what comes, never a value.")
]
ForOption = Annotated[
    float,
    typer.Option(
        "--for", help="With --live: how long a stream is listened to.", min=0.1, max=600, metavar="SECONDS"
    ),
]


def check(
    sources: SourcesArgument = None,
    live: LiveOption = False,
    for_s: ForOption = 20.0,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Check the configuration as a whole.

    Prints every fault at once, or the privacy statement that follows from it, its digest, warnings, whether what is
    stored can be asked about again inside the clocks of its networks, and what sources that cost something may spend
    and are expected to.

    With --live each source is then asked once, as the daemon would ask it, with its real credentials: one page or some
    seconds of a stream, one post again. Told are requests, status, limits, keys and types, and what the adapter made of
    it; no text, no name, no address. Nothing is stored, so the daemon will read the same again. Nothing is asked before
    the statement is accepted.

    \b
    Example:
      listener check --config /etc/listener/listener.toml
      listener check --live town-social --for 60
    \b
    Exit codes:
      0 valid and accepted; with --live, every source is as documented · 1 with --live, a source is not
      2 faults · 3 valid, and the statement is not accepted yet · 130 interrupted; what was answered is told
    """
    from listener.cli.clocks import line
    from listener.cli.outlook import lines
    from listener.cli.screen import clean, print_json
    from listener.errors import ConfigError, Fault

    try:
        if sources and not live:
            problem = "is for --live; the configuration is checked as a whole"
            raise ConfigError([Fault("command line", "SOURCE", problem)])
        found = _checked(config)
    except ConfigError as error:
        if not as_json:
            raise
        print_json({"valid": False, "faults": _faults(error)})
        raise typer.Exit(error.exit_code) from error
    if live and found["accepted"]:
        raise typer.Exit(_live(config, sources or (), for_s=for_s, as_json=as_json))
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


def _live(config: Path, names: Sequence[str], *, for_s: float, as_json: bool) -> int:
    """
    Each source was asked and told of: the exit code.

    Raises:
        ConfigError: a name is no source's; the secret or the list of objections cannot be read.
    """
    from listener import settings
    from listener.cli.live import running, shown

    loaded = settings.load(config, environ=os.environ)
    run = running.Run(loaded, names, for_s=for_s, daemon_runs=running.daemon_runs(config))
    found = run.look(shown.asking)
    shown.tell(found, as_json=as_json)
    return found.exit_code


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
        "warnings": [
            *settings.warnings(loaded, SystemClock().now().date()),
            *settings.needless_approvals(loaded),
        ],
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
