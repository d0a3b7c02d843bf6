"""
`listener find`: is this post held, and until when.
"""

from __future__ import annotations

from typing import Any

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption

NOT_HELD = 1


def find(
    link: str = typer.Argument(help="Public address or native identity of the post.", metavar="LINK"),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Tell whether a post is held.

    And until when; none of its words.     Asks the running daemon, or opens the queue itself where none runs.

    \b
    Example:
      listener find https://blog.example/2026/river-path
    \b
    Exit codes:
      0 something is held · 1 nothing is · 2 configuration · 4 queue
    """
    from listener.cli.offline import with_control
    from listener.cli.screen import print_json, print_table

    found = with_control(
        config,
        ask=("POST", "/v1/find", {"link": link}),
        otherwise=lambda control: control.find(link),
        member="found",
    )
    if as_json:
        print_json(found)
    elif not found:
        print("nothing is held under that link")
    else:
        print_table(("key", "state", "source", "body until", "key until", "erased"), list(map(_row, found)))
    raise typer.Exit(0 if found else NOT_HELD)


def _row(held: dict[str, Any]) -> tuple[str, ...]:
    from listener.cli.screen import moment

    return (
        held["key"],
        held["state"],
        held["source"] or "",
        moment(held["expires_at"], otherwise="-"),
        moment(held["key_until_at"]),
        "yes" if held["erased"] else "pending",
    )


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(find)
