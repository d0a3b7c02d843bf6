"""
`listener unseal`: read an export, as far as it may still be read.

Reads the file in pieces; which of its lines are ours, and what became of each event, the daemon says, or the queue itself
where none runs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from listener.cli.options import CONFIG, ConfigOption, JsonOption
from listener.errors import ConfigError, Fault, FileRefused

_LINE_MOST_BYTES: Final = 8 * 2**20
"""Chosen: far above any event; a line that never ends is no export of ours."""
_PART_BYTES: Final = 2**20
_PART_LINES: Final = 1000
"""Chosen: what one question to the daemon holds at most, but for a single longer line."""

_BECAME: Final = {
    "live": "unchanged",
    "edited": "edited since; these words are erased",
    "removed": "removed since",
    "expired": "its time is over",
    "sealed": "the key of its day was destroyed",
    "altered": "not what was written here",
}


def unseal(
    file: Path = typer.Argument(help="From `listener export`.", metavar="FILE"),
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """
    Read a sealed file, as far as it may be read.

    Words are shown only of what is held in the very state that was exported; of everything else, what became of it. Asks the
    running daemon, or opens the queue itself where none runs; either notes that the file was read. With --json one line an event.

    \b
    Example:
      listener unseal river.export
      listener unseal river.export --json | jq .event
    \b
    Exit codes:
      0 read · 1 no export of ours, cut short, or altered · 2 configuration · 4 queue
    """
    try:
        head, end, count = _ends(file)
        states = Counter[str]()
        for first, lines in _parts(file, count):
            for number, line in enumerate(_ask(config, head, end, lines, first), first):
                states[line["state"]] += 1
                _show(number, line, as_json=as_json)
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise ConfigError([Fault("command line", "FILE", problem)]) from error
    if not as_json:
        told = ", ".join(f"{states[state]} {state}" for state in _BECAME if states[state])
        print(f"{count} event{'' if count == 1 else 's'}{': ' if told else ''}{told}")
    if states["altered"]:
        raise FileRefused(f"{states['altered']} of the lines are not what was written here")


def _ends(file: Path) -> tuple[str, str, int]:
    """
    The first line, the last, and how many are between; that number is the one that the last line names.

    Raises:
        FileRefused: it is not.
    """
    lines = _lines(file)
    head, end, count = next(lines, ""), "", -1
    for count, end in enumerate(lines):  # noqa: B007 - the last of them
        pass
    try:
        stated = json.loads(end)["end"]["count"]
    except (ValueError, KeyError, TypeError) as error:
        raise FileRefused("this is no export, or it was cut short") from error
    if stated != count:
        raise FileRefused("lines of this export are missing, or some were added")
    return head, end, count


def _lines(file: Path) -> Iterator[str]:
    with file.open("rb") as opened:
        while raw := opened.readline(_LINE_MOST_BYTES):
            if not raw.endswith(b"\n"):
                raise FileRefused("this is no export, or it was cut short")
            yield raw.decode("utf-8", "replace").rstrip("\n")


def _parts(file: Path, count: int) -> Iterator[tuple[int, list[str]]]:
    """
    The lines between the first and the last in pieces, each with the number of its first; one empty piece where there is none.
    """
    lines = _lines(file)
    next(lines)
    first, part, size = 0, list[str](), 0
    for number, line in zip(range(count), lines, strict=False):
        if part and (size + len(line) > _PART_BYTES or len(part) == _PART_LINES):
            yield first, part
            first, part, size = number, [], 0
        part.append(line)
        size += len(line)
    yield first, part


def _ask(config: Path, head: str, end: str, lines: list[str], first: int) -> list[dict[str, Any]]:
    from listener.cli.offline import with_control
    from listener.status import ExportPart

    part = ExportPart(head=head, end=end, lines=tuple(lines), first=first)
    body: dict[str, object] = {"head": head, "end": end, "lines": lines, "first": first}
    answer: list[dict[str, Any]] = with_control(
        config,
        ask=("POST", "/v1/unseal", body),
        otherwise=lambda control: control.unseal(part),
        member="lines",
    )
    return answer


def _show(number: int, line: dict[str, Any], *, as_json: bool) -> None:
    from listener.cli.screen import clean_json
    from listener.cli.tail import readable

    event = None if line["event"] is None else json.loads(line["event"])
    if as_json:
        told = {"line": number, **line, "event": event}
        print(clean_json(json.dumps(told, ensure_ascii=False)))
    elif event is not None:
        print(readable(event))
    else:
        print("  ".join(each for each in (line["key"] or f"line {number}", _BECAME[line["state"]]) if each))


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(unseal)
