"""
`listener object`: put a person who objected on the list, without keeping who it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption


def object_(
    network: str = typer.Argument(
        help="Adapter name, such as `feed`: see `listener adapters`.", metavar="NETWORK"
    ),
    names: list[str] = typer.Argument(
        None,
        help="Names of that one person there: handle, address of the profile, account id. Without any, one per line "
        "from stdin, which keeps them out of the history of your shell.",
        metavar="[HANDLE]...",
        show_default=False,
    ),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Hear a person no more who objected.

    Only keyed hashes of the names are kept, in `privacy.objections_file`. The more names of the person you give, the
    surer they are met; a running daemon honours the list at once, and erases what it holds of them as it meets it.

    \b
    Example:
      listener object mastodon <<'END'
      @somebody@social.example
      https://social.example/@somebody
      END
    \b
    Exit codes:
      0 on the list · 2 configuration, or no name was given · 3 statement not accepted
    """
    from listener.cli.screen import print_json

    given = _given(names or [])
    new = _listed(config, network, given)
    reloaded = _reloaded(config)
    if as_json:
        print_json({"names": len(given), "new": new, "reloaded": reloaded})
        return
    print(f"{len(given)} name{'' if len(given) == 1 else 's'} on the list, {new} of them new")
    print("the daemon honours it from now on" if reloaded else "no daemon runs; the next one honours it")


def _given(names: list[str]) -> list[str]:
    """
    From the command line, or from stdin where none stands there.
    """
    if not [name for name in names if name != "-"]:
        if sys.stdin.isatty():
            print("names of the person, one per line; end with Ctrl-D:", file=sys.stderr)
        names = sys.stdin.read().splitlines()
    given = [name.strip() for name in names if name.strip() not in ("", "-", "@")]
    if not given:
        raise typer.BadParameter("name the person, or give names on stdin, one per line")
    return given


def _listed(config: Path, network: str, given: list[str]) -> int:
    """
    How many were not on the list before. What goes wrong is told without a name.
    """
    import os

    from listener import settings
    from listener.errors import ConfigError, Fault
    from listener.gate.consent import objection_names
    from listener.registry import names as networks
    from listener.secret_files import key_ring
    from listener.settings.objections import add_objections

    if network not in networks():
        raise typer.BadParameter(f"NETWORK is one of {', '.join(networks())}")
    loaded = settings.load(config, environ=os.environ)
    file = loaded.privacy.objections_file
    if file is None:
        allowed = 'the file to keep the list in, such as objections_file = "objections.txt"'
        raise ConfigError([Fault(str(config), "privacy.objections_file", "is missing", allowed=allowed)])
    keys = key_ring(loaded.privacy.secret_files, create=True)  # as the daemon's first start would
    return add_objections(file, [objection_names(keys, network, name)[0] for name in given])


def _reloaded(config: Path) -> bool:
    """
    Whether a daemon runs and honours the list now.
    """
    from listener.cli.client import call, daemon
    from listener.errors import NoDaemon

    try:
        call(daemon(config), "POST", "/v1/reload")
    except NoDaemon:
        return False
    return True


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command("object")(object_)
