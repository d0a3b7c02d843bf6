"""
`listener adapters`: what can be listened to, printed from the specs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from listener.cli.options import JsonOption

if TYPE_CHECKING:
    from listener.adapter import AdapterSpec

_app = typer.Typer(
    help="""
    List what can be listened to.

    \b
    Example:
      listener adapters
      listener adapters show feed
    \b
    Exit codes:
      0 told · 2 no such adapter
    """,
    rich_markup_mode=None,
)


@_app.callback(invoke_without_command=True)
def adapters(context: typer.Context, as_json: JsonOption = False) -> None:
    """
    List every adapter.
    """
    if context.invoked_subcommand is not None:
        return
    from listener import registry
    from listener.cli.screen import print_json, print_table

    specs = [registry.spec(name) for name in registry.names()]
    if as_json:
        print_json([{"name": spec.name, "summary": spec.summary} for spec in specs])
    else:
        print_table(("adapter", "summary"), [(spec.name, spec.summary) for spec in specs])


@_app.command()
def show(
    name: str = typer.Argument(help="Of the adapter.", metavar="NAME"), as_json: JsonOption = False
) -> None:
    """
    Show all about one adapter.

    What it listens to and needs, its limits, its terms, and an example.

    \b
    Example:
      listener adapters show feed
    \b
    Exit codes:
      0 told · 2 no such adapter
    """
    from listener import registry
    from listener.cli.screen import print_json

    spec = registry.spec(name)
    if as_json:
        print_json(_facts(spec) | {"settings": spec.config.model_json_schema(), "example": spec.example})
        return
    for title, text in _facts(spec).items():
        print(f"{title.replace('_', ' '):>18}  {text}")
    print(f"\n{spec.example.strip()}")


def _facts(spec: AdapterSpec) -> dict[str, str]:
    terms = spec.terms
    kept = "no limit" if terms.retention_max_days is None else f"at most {terms.retention_max_days} days"
    removed = "not said" if terms.delete_within_h is None else f"within {terms.delete_within_h} h"
    return {
        "name": spec.name,
        "summary": spec.summary,
        "listens_to": spec.listens_to,
        "credentials": spec.credentials,
        "limits": spec.limits,
        "terms": f"{terms.address or 'none'} (read {terms.checked_on})",
        "may_be_kept": kept,
        "deletions_honoured": removed,
        "kept_by_default": terms.default_keep,
        "shown_before": "; ".join(
            f'keep = "{keep}" needs {proof}, because {terms.why(proof)}'
            for keep, proofs in terms.proofs.items()
            for proof in proofs
        )
        or "nothing",
        "for_governments": str(terms.government or "nothing more is asked"),
        "numbers_from_it": "free"
        if terms.derived_clause is None
        else f"only once derived_metrics_agreed says since when: {terms.derived_clause}",
    }


def register(app: typer.Typer) -> None:
    """
    Enter the command and what is under it.
    """
    app.add_typer(_app, name="adapters")
