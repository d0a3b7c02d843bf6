"""
The shipped adapter at simulated instances, over real sockets: a reader without manners, and somebody who turns the pages.

The reader translates what comes back as the core's does; it keeps no pace, so that what is tested is the adapter.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from adapters.mastodon import SPEC
from adapters.mastodon.client import MastodonSource
from adapters.mastodon.config import MastodonConfig
from adapters.mastodon.recheck import Rechecks
from adapters.mastodon.simulator import Served
from adapters.mastodon.stream import MastodonStream
from listener.adapter import Ask, Cursor, Item, Page, Pieces, Reply, Terms, Validators, Verdict
from listener.clock import Clock
from listener.errors import AccessDenied, RateLimited, SourceError, SourceUnavailable
from listener.events import Post, Removal
from listener.testing.canned import Unwatched
from listener.testing.virtual_clock import VirtualClock
from tests.adapters.mastodon.fediverse import ONE


@dataclass(frozen=True)
class Wanted(Unwatched):
    """An interest in these hashtags."""

    hashtags: frozenset[str] = frozenset({"yyc"})

    @property
    def terms(self) -> Terms:
        """As the watches would have them."""
        return Terms(hashtags=self.hashtags)

    def maybe(self, frame: bytes) -> bool:
        """Everything could match."""
        return True


@dataclass
class SocketReader:
    """One connection for each request; no pace, no redirects."""

    clock: Clock
    asked: list[str] = field(default_factory=list)

    def paid(self, budget: str, amount: float) -> None:
        """Nothing costs anything here."""

    async def read(
        self,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        **_: object,
    ) -> Reply:
        """As the core's reader answers."""
        status, found, reader, writer = await self._opened(address, headers)
        try:
            body = await reader.read()
        except ConnectionError:
            raise SourceUnavailable("broken") from None
        finally:
            writer.close()
        if "content-length" in found and len(body) != int(found["content-length"]):
            raise SourceUnavailable("cut")
        _raise_for(status)
        return Reply(status, found, body, address)

    async def exchange(self, address: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """There is nothing to exchange here."""
        raise AssertionError("the adapter trades no credential")

    @asynccontextmanager
    async def stream(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float
    ) -> AsyncIterator[Pieces]:
        """A body that does not end."""
        status, _, reader, writer = await self._opened(address, headers)
        try:
            _raise_for(status)
            if status != 200:
                raise SourceUnavailable("no stream", status=status)
            yield _Patient(self.clock, idle_s, lambda: _chunk(reader))
        finally:
            writer.close()

    @asynccontextmanager
    async def listen(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float, most_bytes: int
    ) -> AsyncIterator[Pieces]:
        """A WebSocket that only receives."""
        self.asked.append(address)
        try:
            socket = await connect(
                address, additional_headers=dict(headers or {}), max_size=most_bytes, ping_interval=None
            )
        except InvalidStatus as error:
            _raise_for(error.response.status_code)
            raise SourceUnavailable("no handshake") from None

        async def message() -> bytes:
            told = await socket.recv(decode=False)
            assert isinstance(told, bytes)
            return told

        try:
            yield _Patient(self.clock, idle_s, message)
        finally:
            await socket.close()

    async def _opened(
        self, address: str, headers: Mapping[str, str] | None
    ) -> tuple[int, dict[str, str], asyncio.StreamReader, asyncio.StreamWriter]:
        self.asked.append(address)
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        said = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        writer.write(
            f"GET {target} HTTP/1.1\r\nhost: {parts.netloc}\r\nconnection: close\r\n{said}\r\n".encode()
        )
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            raise SourceUnavailable("no answer") from None
        line, *rest = head.strip().split("\r\n")
        found = {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)}
        return int(line.split(" ")[1]), found, reader, writer


def _raise_for(status: int) -> None:
    if status in (401, 403):
        raise AccessDenied("refused")
    if status == 429:
        raise RateLimited("too many", wait_s=None)
    if status >= 400 and status not in (404, 410):
        raise SourceUnavailable("no answer", status=status)


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    size = int((await reader.readuntil(b"\r\n")).strip(), 16)
    body = await reader.readexactly(size + 2)
    if not size:
        raise ConnectionResetError("the stream has ended")
    return body[:-2]


@dataclass
class _Patient:
    """Pieces, and an end to patience."""

    clock: Clock
    idle_s: float
    take: Callable[[], Any]

    async def next(self) -> Sequence[bytes]:
        """One piece at a time."""
        found: list[bytes] = []
        broken = False
        async with anyio.create_task_group() as group:

            async def give_up() -> None:
                await self.clock.sleep(self.idle_s)
                group.cancel_scope.cancel()

            group.start_soon(give_up)
            try:
                found.append(await self.take())
            except (ConnectionError, asyncio.IncompleteReadError, ConnectionClosed, ValueError):
                broken = True
            group.cancel_scope.cancel()
        if broken or not found:
            raise SourceUnavailable("the connection broke" if broken else "silence")
        return found


class Hearing:
    """
    One source at one instance, and what it brought.
    """

    def __init__(
        self, served: Served, *, at: str = ONE, tags: frozenset[str] | None = None, **keys: Any
    ) -> None:
        self.served, self.world, self.at = served, served.world, at
        self.clock = served.world.clock
        self.config = MastodonConfig(endpoint=served.address(at), **keys)
        self.reader = SocketReader(self.clock)
        interest = Wanted() if tags is None else Wanted(tags)
        self.source = SPEC.build(self.config, self.reader, self.clock, interest)
        self.cursor: Cursor | None = None
        self.items: list[Item] = []
        self.notes: set[str | None] = set()

    async def turn(self) -> list[Item]:
        """Everything the source gives on its next turn."""
        assert isinstance(self.source, MastodonSource)
        brought: list[Item] = []
        more = True
        while more:
            page = await self.source.fetch(self.cursor)
            brought += page.items
            self.cursor, more = page.cursor or self.cursor, page.more
            self.notes.add(page.note)
        self.items += brought
        return brought

    async def ask(self, *asks: str) -> Mapping[Ask, Verdict]:
        """What became of these."""
        assert isinstance(self.source, Rechecks)
        return await self.source.recheck([Ask(each) for each in asks])

    @asynccontextmanager
    async def streaming(self) -> AsyncIterator[list[SourceError]]:
        """The stream runs, and is begun anew ten seconds after it ends; gives how it ended."""
        assert isinstance(self.source, MastodonStream)
        source, ends = self.source, list[SourceError]()

        async def send(page: Page) -> None:
            self.items += page.items
            self.cursor = page.cursor or self.cursor

        async def run() -> None:
            while True:
                try:
                    await source.run(self.cursor, send)
                except SourceError as error:
                    ends.append(error)
                await self.clock.sleep(10)

        async with anyio.create_task_group() as group:
            group.start_soon(run)
            await self.pass_s(1)
            yield ends
            group.cancel_scope.cancel()

    async def pass_s(self, seconds: float) -> None:
        """So much time has passed, and everybody who was due has had their turn."""
        assert isinstance(self.clock, VirtualClock)
        async with self.clock.autojump():
            await self.clock.sleep(seconds)

    @property
    def posts(self) -> list[Post]:
        """In the order they came, repeats included."""
        return [item for item in self.items if isinstance(item, Post)]

    @property
    def natives(self) -> set[str]:
        """Identities of the posts."""
        return {post.native for post in self.posts}

    @property
    def removals(self) -> list[str]:
        """Names of what is gone."""
        return [item.name for item in self.items if isinstance(item, Removal)]
