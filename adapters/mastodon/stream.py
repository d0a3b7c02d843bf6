"""
Hears hashtags as they are said: one connection for each, server-sent events or a WebSocket that only receives.

Takes bytes from the reader, has them read by `frames`, gives `Page`s to the core as they come. There is no replay in this
protocol, so nothing the stream says is taken before a reading through `client` has closed the gap behind it: connect,
read, then deliver. The same reading is made again every quarter of an hour, because a stream can be empty and running
(a tag taken out by an edit, posts that came late, a server that lost its publisher). The cursor is that of the readings;
what is streamed moves none.

Invariants: one page at a time, and nothing more is taken off a connection while it waits to become durable; a connection
that ends takes the others with it, after what had come is delivered; the token stands in a header, never in an address.

Source: docs.joinmastodon.org/methods/streaming, read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Final
from urllib.parse import quote

import anyio
from anyio.abc import TaskStatus
from anyio.streams.memory import MemoryObjectSendStream

from adapters.mastodon.api import Api
from adapters.mastodon.client import MastodonSource
from adapters.mastodon.config import MastodonConfig
from adapters.mastodon.frames import EVENT_MAX, EventStream, items_of_event, items_of_message
from adapters.mastodon.instance import Instance
from adapters.mastodon.normalise import Place
from adapters.mastodon.recheck import Rechecks
from listener.adapter import Cursor, Interest, Item, Page, Pieces, Reader
from listener.clock import Clock
from listener.errors import DocumentRefused, SourceError
from listener.events import Post

IDLE_S: Final = 45.0
"""Three heartbeats. Source: one every 15 s, streaming/index.js; a shorter wait would cut a healthy stream."""

READ_EVERY_S: Final = 900.0
"""Between two readings beside the stream. Chosen; the sweep of a busy tag has the same interval."""

STREAMS_MOST: Final = 20
"""Connections of one source. Chosen: tags beyond are heard by the readings alone, and the operator is told."""

Send = Callable[[Page], Awaitable[None]]
_Told = tuple[Item, ...] | SourceError | None
"""What a task tells the one that delivers: items, how its connection ended, or that a reading is due."""


class MastodonStream(Rechecks):
    """
    A `Streamer` over the hashtags of one instance; a `Rechecker`, too.
    """

    def __init__(self, config: MastodonConfig, reader: Reader, clock: Clock, interest: Interest) -> None:
        self._config = config
        self._reader = reader
        self._clock = clock
        self._source = MastodonSource(config, reader, clock, interest)

    def __repr__(self) -> str:
        return "MastodonStream(…)"

    @property
    def api(self) -> Api:
        """
        The instance.
        """
        return self._source.api

    def place(self, instance: Instance) -> Place:
        """
        Where statuses of this source are read.
        """
        return self._source.place(instance)

    async def run(self, cursor: Cursor | None, send: Send) -> None:
        """
        Deliver until cancelled. Where the watches ask for other tags, the connections are made anew.

        Raises:
            DocumentRefused: `streams_elsewhere`: from a host that the configuration does not name.
            AccessDenied: the token is refused.
            SourceError: a connection ended, or whatever a reading raises.
        """
        while True:
            cursor = await self._while_tags_stay(cursor, send)

    async def _while_tags_stay(self, cursor: Cursor | None, send: Send) -> Cursor | None:
        instance = await self.api.instance()
        base, tags = self._base(instance), self._source.tags
        told, inbox = anyio.create_memory_object_stream[_Told](0)
        failure: Exception | None = None
        with told, inbox:
            async with anyio.create_task_group() as group:
                try:
                    for tag in sorted(tags)[:STREAMS_MOST]:
                        await group.start(self._hear, tag, base, self.place(instance), told)
                    cursor = await self._read(cursor, send)
                    group.start_soon(self._remind, told)
                    while self._source.tags == tags:
                        cursor = await self._deliver(await inbox.receive(), cursor, send)
                except Exception as error:  # noqa: BLE001 - raised below, outside the group, as it is
                    failure = error
                group.cancel_scope.cancel()
        if failure is not None:
            raise failure
        return cursor

    async def _deliver(self, told: _Told, cursor: Cursor | None, send: Send) -> Cursor | None:
        if told is None:
            return await self._read(cursor, send)
        if isinstance(told, SourceError):
            raise told
        await send(Page(items=told))
        return cursor

    async def _read(self, cursor: Cursor | None, send: Send) -> Cursor | None:
        """
        A whole turn of readings; the cursor behind it.
        """
        note = "more_tags_than_streams" if len(self._source.tags) > STREAMS_MOST else None
        more = True
        while more:
            page = await self._source.fetch(cursor)
            await send(replace(page, more=False, note=page.note or note))
            cursor, more = page.cursor or cursor, page.more
        return cursor

    async def _remind(self, told: MemoryObjectSendStream[_Told]) -> None:
        while True:
            await self._clock.sleep(READ_EVERY_S)
            await told.send(None)

    # ------------------------------------------------------------------------------------------- connections

    async def _hear(
        self,
        tag: str,
        base: str,
        place: Place,
        told: MemoryObjectSendStream[_Told],
        *,
        task_status: TaskStatus[None],
    ) -> None:
        """
        One connection, until it ends; its end is told behind what it said.
        """
        async with self._connected(tag, base) as pieces:
            task_status.started()
            read = self._events(place) if self._config.way == "sse" else self._messages(place)
            try:
                while True:
                    items = _latest(read(await pieces.next()))
                    if items:
                        await told.send(items)
            except SourceError as error:
                ended = error
        await told.send(ended)

    def _connected(self, tag: str, base: str) -> AbstractAsyncContextManager[Pieces]:
        named = quote(tag, safe="")
        if self._config.way == "sse":
            return self._reader.stream(
                f"{base}/api/v1/streaming/hashtag?tag={named}",
                headers={**self.api.headers, "accept": "text/event-stream"},
                idle_s=IDLE_S,
            )
        return self._reader.listen(
            f"{base}/api/v1/streaming?stream=hashtag&tag={named}",
            headers={name: value for name, value in self.api.headers.items() if name == "authorization"},
            idle_s=IDLE_S,
            most_bytes=EVENT_MAX,
        )

    def _base(self, instance: Instance) -> str:
        """
        Scheme, host and port of the streaming server.

        Raises:
            DocumentRefused: `streams_elsewhere`: it is on a host where a token was not meant to go.
        """
        scheme, _, place = self._config.endpoint.partition("://")
        streaming = instance.streaming or self._config.streaming_host or place
        allowed = self._config.streaming_host or self._config.host
        host = streaming.rpartition(":")[0] if streaming.rpartition(":")[2].isdecimal() else streaming
        if host != allowed:
            raise DocumentRefused(
                f'{self._config.host} streams from another host: set streaming_host = "{host}" if that is right',
                reason="streams_elsewhere",
            )
        secure = scheme == "https"
        if self._config.way == "sse":
            return f"{'https' if secure else 'http'}://{streaming}"
        return f"{'wss' if secure else 'ws'}://{streaming}"

    @staticmethod
    def _events(place: Place) -> Callable[[Sequence[bytes]], list[Item]]:
        cut = EventStream()

        def read(parts: Sequence[bytes]) -> list[Item]:
            events = [event for part in parts for event in cut.feed(part)]
            return [item for name, payload in events for item in items_of_event(name, payload, place)]

        return read

    @staticmethod
    def _messages(place: Place) -> Callable[[Sequence[bytes]], list[Item]]:
        def read(messages: Sequence[bytes]) -> list[Item]:
            return [item for message in messages for item in items_of_message(message, place)]

        return read


def _latest(items: Sequence[Item]) -> tuple[Item, ...]:
    """
    Without what the same batch replaces: of a post that was written and edited while nobody listened, the last words.
    """
    last = {item.native: number for number, item in enumerate(items) if isinstance(item, Post)}
    return tuple(
        item for number, item in enumerate(items) if not isinstance(item, Post) or last[item.native] == number
    )
