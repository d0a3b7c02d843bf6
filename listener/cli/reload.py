"""
`listener reload`: have the daemon read its configuration again.
"""

from __future__ import annotations

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption


def reload(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """
    Have the daemon read its configuration.

    As SIGHUP does. What is wrong or not accepted is told, and the running configuration goes on.

    \b
    Example:
      listener check && listener reload
    \b
    Exit codes:
      0 in force · 2 configuration · 3 statement not accepted · 6 no daemon
    """
    from listener.cli.client import call, daemon
    from listener.cli.screen import clean, print_json

    answer = call(daemon(config), "POST", "/v1/reload")
    if as_json:
        print_json(answer)
    else:
        print(clean(answer["result"]))


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(reload)
