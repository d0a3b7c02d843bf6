"""
A wire between the daemon and one simulated host, which can be cut: reset, torn after some bytes, half open, out.

Bytes go through as they come, so that a cut falls wherever it falls: into a header, a body, a frame. Knows no network.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Literal

from listener.simulation.server import reset

Cut = Literal["reset", "torn", "hang-up", "half-open", "outage"]
CUTS: Final[tuple[Cut, ...]] = ("reset", "torn", "torn", "hang-up", "half-open", "outage")
LASTS_S: Final = 0.03
"""About as long as a request and its answer take on one machine."""

_READ_BYTES: Final = 65_536


@dataclass(eq=False)
class _Wire:
    """
    One connection.

    Args:
        left: So many bytes more reach the client; None for all there are.
        resets: It ends with a reset then, and not in order.
        is_dead: Nothing passes any more, and nobody is told.
    """

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    left: int | None = None
    resets: bool = True
    is_dead: bool = False

    def end(self) -> None:
        """Both sides are told."""
        if self.resets:
            reset(self.client)
        self.client.close()
        self.server.close()

    async def down(self, source: asyncio.StreamReader) -> None:
        """What the server says, as far as it gets."""
        while data := await source.read(_READ_BYTES):
            if self.is_dead:
                continue
            kept = data if self.left is None else data[: self.left]
            self.client.write(kept)
            await self.client.drain()
            if self.left is not None:
                self.left -= len(kept)
                if self.left <= 0:
                    return
        self.resets = False
        if self.is_dead:
            await asyncio.sleep(3600)

    async def up(self, source: asyncio.StreamReader) -> None:
        """What the client says, until it hangs up."""
        while data := await source.read(_READ_BYTES):
            if not self.is_dead:
                self.server.write(data)
                await self.server.drain()
        self.resets = False


@dataclass
class Line:
    """
    Args:
        host: Where it listens, in 127.0.0.0/8.
        target: Port of the server on 127.0.0.1.
        cuts: Cuts that met an open connection, by manner.
        patient: A cut that meets none waits for the next, and falls while that is asked or answered.
    """

    host: str
    target: int
    port: int = 0
    cuts: Counter[Cut] = field(default_factory=Counter)
    patient: bool = False
    _open: set[_Wire] = field(default_factory=set)
    _out_until: float = 0.0
    _waiting: tuple[Cut, random.Random] | None = None

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"

    def cut(self, manner: Cut, chance: random.Random) -> bool:
        """Whatever is open now is cut in that manner; whether anything was."""
        wires = [wire for wire in self._open if not wire.is_dead and wire.left is None]
        if not wires:
            self._waiting = (manner, chance) if self.patient else None
            return False
        self.cuts[manner] += 1
        if manner == "outage":
            self._out_until = time.monotonic() + chance.uniform(0.5, 6)
        for wire in wires:
            wire.is_dead = manner == "half-open"
            wire.resets = manner != "hang-up" and (manner != "torn" or chance.random() < 0.5)
            if manner == "torn":
                wire.left = chance.choice((1, 20, 200, 1500))
            elif manner != "half-open":
                wire.end()
        return True

    def calm(self) -> None:
        """No cut is waiting any more."""
        self._waiting = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if time.monotonic() < self._out_until:
            reset(writer)
            return
        try:
            replies, server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            reset(writer)
            return
        wire = _Wire(writer, server)
        self._open.add(wire)
        if self._waiting is not None:
            (manner, chance), self._waiting = self._waiting, None
            asyncio.get_running_loop().call_later(chance.uniform(0, LASTS_S), self.cut, manner, chance)
        ways = [asyncio.create_task(wire.down(replies)), asyncio.create_task(wire.up(reader))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open.discard(wire)
            for way in ways:
                way.cancel()
                with suppress(ConnectionError, asyncio.CancelledError):
                    await way
            wire.end()


@asynccontextmanager
async def lines(first: str, targets: Sequence[int], *, patient: bool = False) -> AsyncIterator[list[Line]]:
    """
    One line for each server, each on a host of its own: `<first>.1`, `<first>.2` and so on.
    """
    made, servers = [], []
    try:
        for number, target in enumerate(targets, 1):
            line = Line(f"{first}.{number}", target, patient=patient)
            servers.append(await asyncio.start_server(line._accept, line.host, 0))
            line.port = servers[-1].sockets[0].getsockname()[1]
            made.append(line)
        yield made
    finally:
        for server in servers:
            server.close()
