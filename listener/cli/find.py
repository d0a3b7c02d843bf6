"""
`listener find`: is this post held, and until when.
"""

from __future__ import annotations

from typing import Any

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption

NOT_HELD = 1

ELSEWHERE = (
    "an address that only its network can tell (another instance's, a shortened one, one with a former name) means nothing"
    " here: paste the post's own address, or its key from `listener tail --json`"
)


def find(
    link: str = typer.Argument(
        help="Address of the post as you have it, its identity, or its key.", metavar="LINK"
    ),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Tell whether a post is held.

    And until when; none of its words. Asks the running daemon, or opens the queue itself where none runs.

    An address may be pasted in any of its usual spellings: as the browser shows it or a share button copies it, with
    or without www, of the mobile site, as a native identity, as a feed's guid. A key is what `find`, `forget --json` and
    `listener tail --json` print. No network is asked, so some addresses mean nothing here: on an instance that is not read,
    with a name that its author has changed since, or shortened. Open such an address, and paste the one it
    leads to at the post's own site; or find the post with `listener tail --json` and paste its key.

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
        print(f"nothing is held under that link; {ELSEWHERE}")
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
