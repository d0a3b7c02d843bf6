"""
`listener feeds`: from the address of a page, or another reader's list, to sources; and back to a list.

The commands; what they do is `listener.admit`, how they run and what they show stands beside this file and is
imported when one of them runs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption

_app = typer.Typer(
    help="""
    Find, add, import and export feeds.

    \b
    Example:
      listener feeds find https://river.example/
      listener feeds import blogs.opml
    \b
    Exit codes:
      0 done · 2 nothing was asked for
    """,
    rich_markup_mode=None,
    no_args_is_help=True,
)

Relation = Literal["own", "public"]
Take = Literal["matching", "all"]

AddressesArgument = Annotated[
    list[str], typer.Argument(help="Of pages or feeds, with http:// or https://.", metavar="ADDRESS...")
]
RelationOption = Annotated[Relation, typer.Option("--relation", help="Whose they are.")]
CriterionOption = Annotated[
    str | None,
    typer.Option(
        "--criterion", help="Published rule by which all of these are in; asked for once.", metavar="RULE"
    ),
]
TakeOption = Annotated[
    Take | None, typer.Option("--take", help="Posts that a watch matches, or all. [default: by relation]")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", "-n", help="Look and tell; write nothing.")]


@_app.command()
def find(
    addresses: AddressesArgument,
    relation: RelationOption = "public",
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Show the feeds an address offers.

    One request for robots.txt of each site, one for each address, and nothing is guessed. Changes nothing. Titles,
    which may name people, are shown on a terminal only.

    \b
    Example:
      listener feeds find https://river.example/
    \b
    Exit codes:
      0 feeds were found · 1 for some address none was · 2 configuration
    """
    from listener.admit.verdicts import Wanted
    from listener.cli.feeds import running, shown

    wanted = [Wanted(number, address, False) for number, address in enumerate(addresses, 1)]
    run = running.prepared(config, os.environ, wanted, relation=relation)
    run.look(quiet=as_json)
    found = shown.tell_found(run.admission.looked(), run.house, as_json=as_json)
    raise typer.Exit(130 if run.interrupted else 0 if found else 1)


@_app.command()
def add(
    addresses: AddressesArgument,
    as_feed: Annotated[
        bool,
        typer.Option("--as-feed", help="These are feeds, not pages: read as feeds are, without robots.txt."),
    ] = False,
    relation: RelationOption = "public",
    criterion: CriterionOption = None,
    take: TakeOption = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Add the feed of each address.

    An address that is a feed itself, or the first one its page announces: posts before comments. Sources are appended
    to the configuration, which is otherwise left as it is.

    \b
    Example:
      listener feeds add https://river.example/ --criterion "Blogs about the river, listed on request"
    \b
    Exit codes:
      0 all are in · 1 some are not; each says why · 2 configuration · 130 interrupted; what was answered is in
    """
    from listener.admit.verdicts import Wanted
    from listener.cli.feeds import running

    wanted = [Wanted(number, address, as_feed) for number, address in enumerate(addresses, 1)]
    options = running.Options(relation, criterion, take, dry_run, as_json, by="listener feeds add")
    raise typer.Exit(running.admit(config, os.environ, wanted, options))


@_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="OPML, as feed readers export it.", metavar="FILE")],
    relation: RelationOption = "public",
    criterion: CriterionOption = None,
    take: TakeOption = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Add every feed of an OPML list.

    Each line gets a verdict. The criterion is asked for once and written to every source: one list, one fair line. Of
    the list only addresses are taken, no titles. Its addresses are read as feeds; where a page answers, robots.txt is
    asked before the page is used. Ctrl-C keeps what was answered.

    \b
    Example:
      listener feeds import blogs.opml --criterion "Blogs of associations in the city's register"
    \b
    Exit codes:
      0 all are in · 1 some are not; each says why · 2 configuration or list · 130 interrupted; what was answered is in
    """
    from listener.admit.verdicts import Wanted
    from listener.cli.feeds import lists, running

    wanted = [Wanted(each.line, each.address, True) for each in lists.outlines(file)]
    options = running.Options(relation, criterion, take, dry_run, as_json, by="listener feeds import")
    raise typer.Exit(running.admit(config, os.environ, wanted, options))


@_app.command()
def export(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Instead of stdout; never overwritten.", metavar="FILE"),
    ] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """
    Write the configured feeds as OPML.

    For another reader, or another installation. Addresses stand there as configured, with what they hold.

    \b
    Example:
      listener feeds export --output feeds.opml
    \b
    Exit codes:
      0 written · 2 configuration, or the file is there already or cannot be written
    """
    from listener.cli.feeds import lists

    lists.export(config, os.environ, output)


def register(app: typer.Typer) -> None:
    """
    Enter the command and what is under it.
    """
    app.add_typer(_app, name="feeds")
