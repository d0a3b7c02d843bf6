"""
`listener selftest`: what this daemon promises, shown on this machine.

`politeness` runs the shipped daemon on virtual time against scripted sites on loopback and judges what they saw by the
rules for feed readers. Nothing is left behind.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from listener.cli.options import JsonOption

if TYPE_CHECKING:
    from listener.testing.politeness.frb import Verdict

_app = typer.Typer(
    help="""
    Show that what is promised is kept.

    \b
    Example:
      listener selftest politeness
    \b
    Exit codes:
      0 every rule is kept · 1 one is broken
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@_app.callback()
def selftest() -> None:
    """
    Show that what is promised is kept.
    """


@_app.command()
def politeness(as_json: JsonOption = False) -> None:
    """
    Judge the daemon by the rules for feed readers.

    Days pass in seconds: the shipped daemon reads scripted sites on this machine, and what they saw is judged, rule by rule. No network, no configuration; nothing is left behind.

    \b
    Example:
      listener selftest politeness --json | jq '.[] | select(.outcome == "fail")'
    \b
    Exit codes:
      0 every rule is kept · 1 one is broken
    """
    import anyio
    import msgspec

    from listener.cli.screen import print_json, print_table

    verdicts = sorted(anyio.run(_examined), key=lambda verdict: verdict.rule)
    if as_json:
        print_json(msgspec.to_builtins(verdicts))
    else:
        columns = ("rule", "asks to", "verdict", "seen")
        print_table(columns, [(one.rule, one.asks, one.outcome, one.evidence) for one in verdicts])
    broken = sum(one.outcome == "fail" for one in verdicts)
    print(f"{len(verdicts)} rules, {broken} broken.", file=sys.stderr)
    raise typer.Exit(1 if broken else 0)


async def _examined() -> list[Verdict]:
    """
    Every verdict; how far it is, where somebody looks.
    """
    from listener.testing.politeness.frb import RULES, examine

    verdicts: list[Verdict] = []
    async for some in examine():
        verdicts += some
        if sys.stderr.isatty():
            print(f"\r{len(verdicts)} of {len(RULES)} rules ", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    return verdicts


def register(app: typer.Typer) -> None:
    """
    Enter the command and what is under it.
    """
    app.add_typer(_app, name="selftest")
