"""
What the demo shows: events as they come and one line of progress on a terminal; JSON lines where a program reads.

Used by `running` and `balance`. Events go to stdout, everything about the demo itself to stderr.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

_COLOURS: Final = (36, 35, 34, 33, 32)
"""ANSI colours of networks, in the order in which they first speak (ECMA-48, SGR)."""

_DIM, _PLAIN, _CLEAR = "\x1b[2m", "\x1b[0m", "\r\x1b[K"
_BAR: Final = 24

_PLACES: Final = {
    "/dashboard": "dashboard",
    "/v1/events": "events",
    "/v1/events/stream": "stream",
    "/v1/sources": "sources",
    "/v1/rechecks": "rechecks",
    "/v1/budgets": "budgets",
    "/metrics": "metrics",
}
"""Where there is something to see, by path of the API."""


@dataclass(slots=True)
class Screen:
    """
    Args:
        pretty: Stdout is a terminal: a line for a person, in colours.
        progress: Stderr is one: a line that says how far the day is.
    """

    pretty: bool
    progress: bool
    _networks: dict[str, int]
    _line: str = ""

    @classmethod
    def here(cls) -> Screen:
        """
        As this process was started.
        """
        return cls(sys.stdout.isatty(), sys.stderr.isatty(), {})

    def event(self, event: Mapping[str, Any]) -> None:
        """
        One event more.
        """
        self._hide()
        if self.pretty:
            print(self._coloured(event), flush=True)
        else:
            print(json.dumps(event, ensure_ascii=False), flush=True)
        self._draw()

    def say(self, line: str = "") -> None:
        """
        A line about the demo.
        """
        self._hide()
        print(line, file=sys.stderr, flush=True)

    def at(self, now: datetime, share: float, events: int, *, draining: bool = False) -> None:
        """
        How far the day is.

        Args:
            now: In the city.
            share: Of the day that is over, from 0 to 1.
            events: So far.
            draining: Nothing happens any more.
        """
        if not self.progress:
            return
        bar = ("❄" * round(share * _BAR)).ljust(_BAR, "·")
        what = "the storm is over; waiting for what is under way" if draining else "it snows"
        self._hide()
        self._line = f"{now:%H:%M} in the city  {bar}  {events} events  {what}"
        self._draw()

    def done(self) -> None:
        """
        No progress any more.
        """
        self._hide()
        self._line = ""

    def _hide(self) -> None:
        if self._line:
            print(_CLEAR, end="", file=sys.stderr, flush=True)

    def _draw(self) -> None:
        if self._line:
            width = shutil.get_terminal_size().columns
            print(self._line[: width - 1], end="", file=sys.stderr, flush=True)

    def _coloured(self, event: Mapping[str, Any]) -> str:
        from listener.cli.tail import readable

        network = str(event["source"]).split("/")[1]
        colour = _COLOURS[self._networks.setdefault(network, len(self._networks)) % len(_COLOURS)]
        line, width = readable(dict(event)), shutil.get_terminal_size().columns
        line = line if len(line) <= width else line[: width - 1] + "…"
        when, _, rest = line.partition("  ")
        return f"{_DIM}{when}{_PLAIN}  \x1b[{colour}m{rest}{_PLAIN}"


def greeting(
    address: str,
    folder: Path,
    networks: tuple[str, ...],
    speed: float,
    duration_s: float,
    *,
    paths: Collection[str],
) -> str:
    """
    What runs, and where to look.

    Args:
        address: Of the API.
        folder: Where the log is.
        networks: By name.
        speed: Seconds of the city in a real one.
        duration_s: Real seconds.
        paths: Of the API; those of `_PLACES` that it has are shown.
    """
    places = [f"  {name:<10}{address}{path}" for path, name in _PLACES.items() if path in paths]
    return "\n".join(
        (
            f"It snows in a city that is simulated on this machine, {speed:g} times as fast as life, for {duration_s:g} s.",
            f"People talk on {', '.join(networks)}; nobody of them exists. The daemon that listens is the one that ships,",
            "in a process of its own. Ctrl-C ends it early, with a balance.",
            *places,
            f"  {'log':<10}{folder / 'log.jsonl'}",
            "",
        )
    )
