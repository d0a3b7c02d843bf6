"""
`listener sources`: what each source is doing, why it waits, when it is due, what its last reads were like, and how it is
asked again about what it does not announce.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption

_COLUMNS: Final = (
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
_READS: Final = ("when (UTC)", "status", "bytes", "new", "note")


def sources(
    names: list[str] = typer.Argument(
        None, help="Only these, each with its last reads.", metavar="[SOURCE]...", show_default=False
    ),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Show what each source is doing.

    And why it waits, and when it is due. With a name, also its last 30 reads: status, bytes on the wire, what
    was new, and what was odd. Sources that can be asked again about stored posts have a second table: how many
    are stored, within which time each is asked about, and how long a round takes.

    \b
    Example:
      listener sources --json | jq '.[] | select(.state == "failing")'
      listener sources river-blog
    \b
    Exit codes:
      0 told · 1 no source of that name · 6 no daemon
    """
    from listener.cli import clocks
    from listener.cli.client import call, daemon
    from listener.cli.screen import print_json, print_table

    asked = [("source", name) for name in names or ()]
    query = "?" + urlencode([*asked, ("reads", "true")]) if asked else ""
    views = call(daemon(config), "GET", f"/v1/sources{query}")["sources"]
    again = {view["name"]: view for view in call(daemon(config), "GET", "/v1/rechecks")["rechecks"]}
    if as_json:
        print_json([view | {"recheck": again.get(view["name"])} for view in views])
        return
    print_table(_COLUMNS, list(map(_row, views)))
    if shown := [again[view["name"]] for view in views if view["name"] in again]:
        print()
        print_table(clocks.COLUMNS, list(map(clocks.row, shown)))
    for view in views if asked else ():
        print()
        if view["other_withheld"] or view["other_let_through"]:
            print(_otherwise(view))
        print_table(("reads of " + view["name"], *_READS[1:]), list(map(_read, view["reads"])))


def _row(view: dict[str, Any]) -> tuple[str, ...]:
    from listener.cli.screen import moment

    return (
        view["name"],
        view["network"],
        view["relation"],
        view["state"],
        _why(view),
        moment(view["next_due_at"], otherwise="-"),
        moment(view["last_new_at"]),
        str(view["received"]),
        str(view["queued"]),
    )


def _why(view: dict[str, Any]) -> str:
    """
    The reason, and in brackets what an operator would look up.
    """
    from listener.cli.screen import moment

    more = [view["error_code"], view["note"], "moved" if view["moved"] else None]
    if view["silent_since"]:
        more.append(f"silent since {moment(view['silent_since'])}")
    told = ", ".join(word for word in more if word)
    return f"{view['reason']} ({told})" if told else str(view["reason"])


def _otherwise(view: dict[str, Any]) -> str:
    """
    What another choice of `privacy.consent` would have meant.
    """
    withheld, let_through = view["other_withheld"], view["other_let_through"]
    return (
        f"the other `privacy.consent` would have withheld {withheld} of the posts that passed, and let through "
        f"{let_through} of those withheld, repeats included"
    )


def _read(read: dict[str, Any]) -> tuple[str, ...]:
    from listener.cli.screen import moment

    return (
        moment(read["at"]),
        str(read["status"] or "-"),
        str(read["bytes"]),
        str(read["new"]),
        read["note"] or "",
    )


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(sources)
