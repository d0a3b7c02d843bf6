"""
`listener tail`: events as they come, one line each.

Takes pages and streams from `client.py`; gives lines to stdout. Goes on exactly where it was after a lost
connection. What an event says was masked at the gate; here only what could steer a terminal is taken out.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import typer

from listener.cli.options import CONFIG, ConfigOption
from listener.cli.screen import clean, clean_json, moment
from listener.errors import ConfigError, Fault, NoDaemon

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from listener.cli.client import Where

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_LINE_MOST_BYTES: Final = 8 * 2**20
"""Chosen: far above any event; a line that never ends is no stream of ours."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What is asked for.

    Args:
        filters: Query parameters, repeated ones repeated.
        since: A position, `start` or `now`.
    """

    filters: tuple[tuple[str, str], ...]
    since: str

    def path(self, base: str, *, after: str, limit: int | None = None) -> str:
        """
        The address of a page or stream.
        """
        query = [("after", after), *self.filters]
        if limit is not None:
            query.append(("limit", str(limit)))
        return f"{base}?{urlencode(query)}"


def tail(
    since: str = typer.Option("now", help="Position to read after, or start, or now.", metavar="POSITION"),
    watch: list[str] = typer.Option([], help="Only of this watch; may be repeated.", metavar="NAME"),
    network: list[str] = typer.Option([], help="Only of this network; may be repeated.", metavar="NAME"),
    follow: bool = typer.Option(True, help="Wait for more, or end with what is there."),
    as_json: bool = typer.Option(
        False, "--json", help="One event per line as JSON, as it does off a terminal."
    ),
    url: str | None = typer.Option(None, help="Ask a daemon over TCP instead of the socket.", metavar="URL"),
    token_file: Path | None = typer.Option(
        None, help="File with the token for --url; or LISTENER_TOKEN holds it.", metavar="FILE"
    ),
    config: ConfigOption = CONFIG,
) -> None:
    """
    Show events as they come.

    A readable line each on a terminal, JSON elsewhere. After a lost connection it goes on exactly where it was, or shows a resync where that is not possible.

    \b
    Example:
      listener tail --since start --watch river
      listener tail --json --no-follow --since start > events.ndjson
    \b
    Exit codes:
      0 ended · 1 refused · 2 command line or configuration · 6 no daemon · 130 interrupted
    """
    from listener.cli.client import Where, daemon

    where = daemon(config) if url is None else Where(url=url, token=_token(token_file))
    wanted = Wanted((*(("watch", name) for name in watch), *(("network", name) for name in network)), since)
    lines: Iterator[str] = followed(where, wanted, pause=time.sleep) if follow else pages(where, wanted)
    show = printer(as_json=as_json)
    for line in lines:
        show(line)


# ---------------------------------------------------------------------------------------------------- reading


def pages(where: Where, wanted: Wanted) -> Iterator[str]:
    """
    Every event that is there already, as JSON.
    """
    from listener.cli.client import SILENT_MOST_S, opened

    after, more = wanted.since, True
    while more:
        with opened(
            where, "GET", wanted.path("/v1/events", after=after, limit=500), within_s=SILENT_MOST_S
        ) as answer:
            page = json.loads(answer.read())
        for event in page["events"]:
            yield json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        after, more = page["next"], page["more"]


def followed(where: Where, wanted: Wanted, *, pause: Callable[[float], None]) -> Generator[str, None, None]:
    """
    Every event from `wanted.since` on, as JSON, across lost connections.

    Args:
        where: The daemon.
        wanted: What is asked for.
        pause: Sleeps so many seconds.

    Raises:
        NoDaemon: nothing answered the first time.
        Refused: the daemon says no, at any time.
    """
    from http.client import HTTPException

    from listener.cli.client import SILENT_MOST_S, opened

    last_id: str | None = None
    wait_s = _FIRST_PAUSE_S
    path = wanted.path("/v1/events/stream", after=wanted.since)
    while True:
        headers = {"Accept": "text/event-stream"} | ({} if last_id is None else {"Last-Event-ID": last_id})
        try:
            with opened(where, "GET", path, headers=headers, within_s=SILENT_MOST_S) as answer:
                for block in blocks(answer):
                    wait_s = _FIRST_PAUSE_S
                    last_id = block.get("id", last_id)
                    if "data" in block:
                        yield block["data"]
        except NoDaemon:
            if last_id is None:
                raise
        except (OSError, HTTPException):
            pass  # as when the stream ends in order: told below, and taken up again
        print(f"listener: the connection was lost; trying again in {wait_s:g} s", file=sys.stderr)
        pause(wait_s)
        wait_s = min(2 * wait_s, _LONGEST_PAUSE_S)


def blocks(answer: HTTPResponse) -> Iterator[dict[str, str]]:
    """
    The fields of each block of a stream.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6.
    """
    fields: dict[str, str] = {}
    while raw := answer.readline(_LINE_MOST_BYTES):
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            if fields:
                yield fields
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and "data" in fields else value


def _token(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get("LISTENER_TOKEN") or None
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        problem = f"holds no token that can be read ({type(error).__name__})"
        raise ConfigError([Fault(str(file), "--token-file", problem)]) from error


# ---------------------------------------------------------------------------------------------------- showing


def printer(*, as_json: bool) -> Callable[[str], None]:
    """
    How a line is shown: as it is where a program reads, escaped or readable where a person does.
    """
    if not sys.stdout.isatty():
        return _print
    if as_json:
        return lambda line: _print(clean_json(line))
    return lambda line: _print(readable(json.loads(line)))


def _print(line: str) -> None:
    print(line, flush=True)


def readable(event: dict[str, Any]) -> str:
    """
    One line for a person.
    """
    data = event["data"]
    kind = str(event["type"]).removeprefix("listener.")
    when = moment(event["time"])
    parts = [when, kind, str(event["source"]), *_said(kind, data)]
    return clean("  ".join(part for part in parts if part))


def _said(kind: str, data: dict[str, Any]) -> tuple[str, ...]:
    match kind:
        case "post.created" | "post.updated":
            text = " · ".join(part for part in (data["title"], data["text"]) if part)
            marks = " ".join(f"#{tag}" for tag in data["hashtags"])
            to_us = "to us" if data["addressed"] else ""
            return (to_us, text, marks, data["link"] or "")
        case "post.removed":
            return (data["reason"],)
        case "topic.counted":
            return (
                data["watch"],
                f"{data['count']} posts",
                f"{moment(data['start_at'])} to {moment(data['end_at'])}",
            )
        case "source.gap":
            certain = "missed, perhaps" if data["suspected"] else "missed"
            return (
                certain,
                data["cause"],
                f"{moment(data['start_at'], otherwise='?')} to {moment(data['end_at'])}",
            )
        case "queue.resync":
            return (data["reason"], f"reading again from {data['oldest']}")
    return (str(data.get("note", "")),)


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(tail)
