"""
`listener forget`: erase a post everywhere here, and refuse it from now on.
"""

from __future__ import annotations

import sys

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption


def forget(
    link: str = typer.Argument(
        help="Address of the post as you have it, its identity, or its key.", metavar="LINK"
    ),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Erase a post, and refuse it from now on.

    Asks the running daemon, or opens the queue itself where none runs. Cannot be undone. A post that was never
    seen is refused from now on, too. What may be pasted: see `listener find --help`.

    \b
    Example:
      listener forget https://blog.example/2026/river-path --yes
    \b
    Exit codes:
      0 done · 1 not confirmed · 2 configuration · 4 queue
    """
    from listener.cli.find import ELSEWHERE
    from listener.cli.offline import with_control
    from listener.cli.screen import print_json

    if not yes:
        if not sys.stdin.isatty():
            print("listener: nobody is there to confirm; add --yes", file=sys.stderr)
            raise typer.Exit(1)
        typer.confirm("Erase this post here for good?", abort=True)
    forgot = with_control(
        config, ask=("POST", "/v1/forget", {"link": link}), otherwise=lambda control: control.forget(link)
    )
    if as_json:
        print_json(forgot)
        return
    count = len(forgot["keys"])
    print(f"erased {count} post{'' if count == 1 else 's'}; from now on the link is refused")
    if not count:
        print(f"nothing was held under it; {ELSEWHERE}")
    if count and not forgot["erased"]:
        print("its bytes leave the disk within seconds: `listener find` shows when")


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(forget)
