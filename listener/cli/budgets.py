"""
`listener budgets`: what each credential may spend, what is spent and by whom, and when whoever waits goes on.
"""

from __future__ import annotations

from typing import Any, Final

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption

_COLUMNS: Final = (
    "budget",
    "network",
    "shared by",
    "spent",
    "by now",
    "limit",
    "forecast",
    "renewed (UTC)",
    "stage",
    "back (UTC)",
)
_PARTS: Final = ("spent by", "for", "spent", "back (UTC)")


def budgets(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """
    Show what may be spent and what is.

    For each budget of a credential: its window, its limit, what may have been spent by now so that it lasts, the forecast,
    whether sources are slowed, and when the first of those who wait goes on; then who spent what. Asks the daemon; where
    none runs, the queue.

    \b
    Example:
      listener budgets --json | jq '.[] | select(.stage != "open")'
    \b
    Exit codes:
      0 told · 2 configuration · 4 the queue cannot be read
    """
    from listener.cli.offline import with_control
    from listener.cli.screen import print_json, print_table

    views = with_control(
        config,
        ask=("GET", "/v1/budgets", {}),
        otherwise=lambda control: control.budgets(),
        member="budgets",
    )
    if as_json:
        print_json(views)
        return
    print_table(_COLUMNS, list(map(_row, views)))
    for view in views:
        if view["parts"]:
            print()
            rows = [_part(part, view["unit"]) for part in view["parts"]]
            print_table((f"{_PARTS[0]} ({view['name']})", *_PARTS[1:]), rows)


def _row(view: dict[str, Any]) -> tuple[str, ...]:
    from listener.cli.screen import moment

    return (
        view["name"],
        view["network"],
        ", ".join(view["sources"]),
        amount(view["spent"], view["unit"]),
        amount(view["allowed"], view["unit"]),
        amount(view["limit"], view["unit"]),
        amount(view["forecast"], view["unit"]),
        moment(view["end"]),
        view["stage"],
        moment(view["back_at"], otherwise="-"),
    )


def _part(part: dict[str, Any], unit: str) -> tuple[str, ...]:
    from listener.cli.screen import moment

    what = part["watch"] or "all of it"
    return (
        part["source"],
        f"{what} (asked again)" if part["recheck"] else what,
        amount(part["spent"], unit),
        moment(part["back_at"], otherwise="-"),
    )


def amount(value: float, unit: str) -> str:
    """
    So much of a unit as a person reads it: `9,600 units`, `12.35 USD`, `0.005 USD`.
    """
    decimals = 0 if value == round(value) else 2 if value >= 1 else 4
    told = f"{value:,.{decimals}f}"
    unit = unit.removesuffix("s") if value == 1 else unit
    return f"{told.rstrip('0').rstrip('.') if decimals == 4 else told} {unit}"


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(budgets)
