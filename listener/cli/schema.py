"""
`listener schema`: the shapes this program reads and writes, generated from its types.
"""

from __future__ import annotations

from typing import Any, Literal

import typer

Shape = Literal["event", "config", "openapi", "telemetry"]


def schema(
    event: bool = typer.Option(False, "--event", help="JSON Schema of every event (the default)."),
    config: bool = typer.Option(False, "--config", help="JSON Schema of listener.toml, for editors."),
    openapi: bool = typer.Option(False, "--openapi", help="OpenAPI 3.1 of the API."),
    telemetry: bool = typer.Option(False, "--telemetry", help="Every log line and metric, as Markdown."),
) -> None:
    """
    Print a schema of what is read or written.

    Generated from the types that are used.

    \b
    Example:
      listener schema --config > listener.schema.json
    \b
    Exit codes:
      0 printed · 2 more than one was asked for
    """
    wanted: dict[Shape, bool] = {
        "event": event,
        "config": config,
        "openapi": openapi,
        "telemetry": telemetry,
    }
    asked = [shape for shape, chosen in wanted.items() if chosen]
    if len(asked) > 1:
        raise typer.BadParameter("ask for one at a time")
    print(_text(asked[0] if asked else "event"))


def _text(shape: Shape) -> str:
    import json

    if shape == "telemetry":
        return telemetry_page()
    return json.dumps(_document(shape), indent=2, ensure_ascii=False)


def _document(shape: Shape) -> dict[str, Any]:
    match shape:
        case "config":
            from listener.settings import editor_schema

            return editor_schema()
        case "openapi":
            from listener import __version__
            from listener.tell.api.openapi import document
            from listener.tell.api.table import OPERATIONS

            return document(OPERATIONS, version=__version__)
    from listener.events import event_schema

    return event_schema()


def telemetry_page() -> str:
    """
    The catalogue of log lines and metrics as Markdown; deploy/telemetry.md is this text.
    """
    from listener.telemetry import CATALOGUE, Telemetry

    lines = [
        "# Log lines and metrics",
        "",
        "Printed by `listener schema --telemetry`; do not edit.",
        "",
        "| event | level | meaning | keys | metrics |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{signal.name}` | {signal.level} | {signal.meaning} | {_names(signal.keys)} | {_names(signal.metrics)} |"
        for signal in CATALOGUE.values()
    ]
    lines += ["", "| metric | type | meaning | labels |", "| --- | --- | --- | --- |"]
    lines += [_metric(metric) for metric in vars(Telemetry()).values() if hasattr(metric, "describe")]
    return "\n".join(lines)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"


def _metric(metric: Any) -> str:
    (family,) = metric.describe()
    suffix = "_total" if family.type == "counter" else ""
    labels = _names(tuple(metric._labelnames))
    return f"| `{family.name}{suffix}` | {family.type} | {family.documentation} | {labels} |"


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(schema)
