"""
A network that a test plays by hand: lines to Jetstream hosts that are pushed frame by frame, an AppView beside them, and
time that moves when it is told to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio

from adapters.bluesky import SPEC
from adapters.bluesky.config import BlueskyConfig
from adapters.bluesky.cursor import decode_cursor
from adapters.bluesky.listening import STAGGER_S
from listener.adapter import Cursor, Interest, Page, Reply, Streamer
from listener.errors import SourceError, SourceUnavailable
from listener.events import Gap, Post, Removal
from listener.testing.canned import Asked, EverythingInteresting
from listener.testing.virtual_clock import VirtualClock, everybody_waits
from tests.adapters.bluesky.frames import appview

ONE, TWO = "wss://one.example", "wss://two.example"


class Line:
    """One connection."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.is_open = True
        self._send, self._receive = anyio.create_memory_object_stream[Sequence[bytes] | SourceError](1000)

    @property
    def host(self) -> str:
        return self.asked.address.partition("/subscribe")[0]

    async def next(self) -> Sequence[bytes]:
        piece = await self._receive.receive()
        if isinstance(piece, SourceError):
            raise piece
        return piece

    def push(self, *frames: bytes) -> None:
        self._send.send_nowait(frames)

    def end(self, error: SourceError | None = None) -> None:
        self._send.send_nowait(error or SourceUnavailable("the connection ended"))

    def close(self) -> None:
        self.is_open = False
        self._send.close()
        self._receive.close()


class Network:
    """
    A `Reader` for the adapter, and handles for the test.

    Args:
        refuse: An error for an attempt to connect.
        answer: What is said beside the streams.
    """

    def __init__(
        self,
        clock: VirtualClock,
        *,
        refuse: Callable[[Asked], SourceError | None] | None = None,
        answer: Callable[[Asked], Reply | SourceError] = appview,
    ) -> None:
        self.clock, self.refuse, self.answer = clock, refuse, answer
        self.lines: list[Line] = []
        self.asked: list[Asked] = []
        self.pages: list[Page] = []
        self.ended: BaseException | None = None
        self.refused: BaseException | None = None

    def paid(self, budget: str, amount: float) -> None:
        """Nothing costs anything here."""

    async def read(self, address: str, **more: Any) -> Reply:
        asked = Asked(address, dict(more.get("headers") or {}))
        self.asked.append(asked)
        await anyio.lowlevel.checkpoint()
        answer = self.answer(asked)
        if isinstance(answer, SourceError):
            raise answer
        return answer

    async def exchange(self, address: str, *, body: bytes, headers: Any = None) -> Reply:
        return await self.read(address, headers=headers)

    def stream(self, address: str, **more: Any) -> Any:
        raise AssertionError("nothing here is streamed by HTTP")

    @asynccontextmanager
    async def listen(self, address: str, **more: Any) -> AsyncIterator[Line]:
        asked = Asked(address, dict(more.get("headers") or {}), how="listen", idle_s=more["idle_s"])
        await anyio.lowlevel.checkpoint()
        error = None if self.refuse is None else self.refuse(asked)
        if error is not None:
            raise error
        line = Line(asked)
        self.lines.append(line)
        try:
            yield line
        finally:
            line.close()

    def line(self, host: str = ONE) -> Line:
        """The latest line to a host."""
        return [line for line in self.lines if line.host == host][-1]

    async def settle(self, seconds: float = 0.0) -> None:
        """Everybody has done what there was to do, and so much time is over."""
        await self.clock.advance(seconds)
        await everybody_waits()

    @property
    def items(self) -> list[Any]:
        return [item for page in self.pages for item in page.items]

    @property
    def natives(self) -> list[str]:
        return [item.native for item in self.items if isinstance(item, Post)]

    @property
    def gaps(self) -> list[Gap]:
        return [item for item in self.items if isinstance(item, Gap)]

    @property
    def removals(self) -> list[Removal]:
        return [item for item in self.items if isinstance(item, Removal)]

    @property
    def cursor(self) -> Cursor | None:
        return next((page.cursor for page in reversed(self.pages) if page.cursor is not None), None)

    def positions(self, *hosts: str) -> dict[str, int]:
        return dict(decode_cursor(self.cursor, hosts=hosts or (ONE,)))

    async def send(self, page: Page) -> None:
        await anyio.lowlevel.checkpoint()
        if self.refused is not None:
            raise self.refused
        self.pages.append(page)

    @asynccontextmanager
    async def running(
        self,
        *,
        cursor: Cursor | None = None,
        source: Streamer | None = None,
        interest: Interest | None = None,
        hosts: tuple[str, ...] = (ONE,),
        **config: Any,
    ) -> AsyncIterator[Streamer]:
        """
        A source listens, to every host, until the block ends or it does.
        """
        if source is None:
            built = SPEC.build(
                BlueskyConfig(hosts=hosts, **config), self, self.clock, interest or EverythingInteresting()
            )
            assert isinstance(built, Streamer)
            source = built
        self.ended = None

        async def run() -> None:
            try:
                await source.run(cursor, self.send)
            except Exception as error:  # noqa: BLE001 - whatever it is, a test looks at it
                self.ended = error

        async with anyio.create_task_group() as group:
            group.start_soon(run)
            await self.settle((len(hosts) - 1) * STAGGER_S)
            yield source
            await self.settle()
            group.cancel_scope.cancel()
