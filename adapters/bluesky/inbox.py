"""
What hosts have brought and nobody has taken yet: one place between those who hear and the one who delivers. Used by
`listening`.

Events and the positions up to which they are all here go together, in one step, so that a cursor never passes an event
that is still on its way. Whoever put something in that is worth a page waits until it is taken before it reads on: that
is the back-pressure. What is only gathered (deletions) holds nobody up until there is a page of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import anyio

from adapters.bluesky.pages import Event

GATHERED_MOST: Final = 100
"""Chosen: half a page."""


@dataclass(slots=True)
class Inbox:
    """
    Args:
        events: In the order in which they came.
        positions: Of each host, the time up to which everything it told is in `events` or was taken.
        fault: Why nothing more comes.
    """

    events: list[Event] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    fault: Exception | None = None
    _something: anyio.Event = field(default_factory=anyio.Event)
    _taken: anyio.Event = field(default_factory=anyio.Event)

    def put(
        self, events: Sequence[Event], *, host: str | None = None, position_us: int | None = None
    ) -> None:
        """
        These came, and with them everything of the host up to this time.
        """
        self.events += events
        if host is not None and position_us is not None:
            self.positions[host] = position_us
        if len(self.events) >= GATHERED_MOST:
            self.wake()

    def wake(self) -> None:
        """
        There is something worth a page.
        """
        self._something.set()

    def close(self, fault: Exception) -> None:
        """
        Nothing more comes; what is here is still taken.
        """
        if self.fault is None:
            self.fault = fault
        self.wake()

    async def something(self) -> None:
        """
        Return when there was a `wake` since the last `take`.
        """
        await self._something.wait()

    async def room(self) -> None:
        """
        Return when nothing is here that is worth a page.
        """
        while self.events and self._something.is_set():
            await self._taken.wait()

    def take(self) -> tuple[list[Event], Mapping[str, int]]:
        """
        All there is, and the positions that go with it.
        """
        events, self.events = self.events, []
        self._something, self._taken = anyio.Event(), self._replaced()
        return events, dict(self.positions)

    def _replaced(self) -> anyio.Event:
        self._taken.set()
        return anyio.Event()
