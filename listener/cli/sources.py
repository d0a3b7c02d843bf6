"""
`listener sources`: what each source is doing, why it waits, when it is due.
"""

from __future__ import annotations

from typing import Any

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption


def sources(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """
    Show what each source is doing.

    And why it waits, and when it is due.

    \b
    Example:
      listener sources --json | jq '.[] | select(.state == "failing")'
    \b
    Exit codes:
      0 told · 6 no daemon
    """
    from listener.cli.client import call, daemon
    from listener.cli.screen import print_json, print_table

    views = call(daemon(config), "GET", "/v1/sources")["sources"]
    if as_json:
        print_json(views)
        return
    columns = (
        "source",
        "network",
        "relation",
        "state",
        "why",
        "due (UTC)",
        "last new (UTC)",
        "read",
        "queued",
    )
    print_table(columns, list(map(_row, views)))


def _row(view: dict[str, Any]) -> tuple[str, ...]:
    from listener.cli.screen import moment

    why = view["reason"] if view["error_code"] is None else f"{view['reason']} ({view['error_code']})"
    return (
        view["name"],
        view["network"],
        view["relation"],
        view["state"],
        why,
        moment(view["next_due_at"], otherwise="-"),
        moment(view["last_new_at"]),
        str(view["received"]),
        str(view["queued"]),
    )


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(sources)
