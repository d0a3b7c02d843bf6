"""
Events as they come, over Server-Sent Events (`GET /v1/events/stream`).

Takes entries from `listener.queues.base.Queue` by way of `events.chosen`; gives bytes to one client each. Every
client reads the queue for itself, so that nothing is buffered for it but what the kernel holds, and a slow one
delays nobody: `serve.py` hangs up on a connection that takes nothing for a while, and the client resumes exactly.

A plain streaming response instead of sse-starlette 3.7: bytes go through undecoded and many events in one write
(230,000 to 300,000 events per CPU second against 37,000 to 44,000, loopback client included, 3 runs each, Python
3.11, 2026-11-24), and a heartbeat can carry the position.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6 (a block without data sets
the last event id and dispatches nothing).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import anyio
from starlette.types import Receive, Scope, Send

from listener.clock import Clock
from listener.queues.base import Position, Queue, Resync
from listener.telemetry import Telemetry
from listener.tell.api.events import Told, chosen, resync_event
from listener.tell.api.problems import Refusal
from listener.tell.api.query import Selection, is_position

HEARTBEAT_S: Final = 15.0
"""From the specification's authoring note: "every 15 seconds or so", so that proxies keep the connection."""

MAX_STREAMS: Final = 256
"""Chosen: far beyond the dashboards of one public body; keeps file descriptors for health checks."""

_RETRY_MS: Final = 2000
_READ_AT_ONCE: Final = 64
_HEADERS: Final = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]


@dataclass(slots=True)
class Streams:
    """
    The open streams of one door.

    Args:
        most: Refuse to open more than these.
        heartbeat_s: Between two signs of life.
        ending: Set once, when the door closes: every stream then ends in order.
    """

    most: int = MAX_STREAMS
    heartbeat_s: float = HEARTBEAT_S
    ending: anyio.Event = field(default_factory=anyio.Event)
    open: int = 0

    def check_room(self) -> None:
        """
        Raises:
            Refusal: there are as many as there may be.
        """
        if self.open >= self.most:
            raise Refusal(
                503,
                "too-many-streams",
                "Too many streams are open; read /v1/events in pages, or come back later.",
                headers={"retry-after": "30"},
            )


def sse(told: Told) -> bytes:
    """
    One event as a block of the stream. The line is JSON, which never holds a raw line break.
    """
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (told.position.encode(), told.type.encode(), told.line)


def sign_of_life(position: Position) -> bytes:
    """
    A block that dispatches nothing but moves the position, so that a reader whose filter is rarely met does not
    come back with a position that is long gone.
    """
    return b": heartbeat\nid: %s\n\n" % position.encode()


async def starting_point(
    queue: Queue, *, last_event_id: str | None, after: Position | str, clock: Clock
) -> tuple[Position, Told | None]:
    """
    Where a stream begins, and the resync to begin with where the position sent cannot be one of ours.

    Args:
        queue: The engine.
        last_event_id: Of the header, which wins, because a client that reconnects repeats its first address.
        after: A position, `start` or `now`.
        clock: Dates the resync.
    """
    if last_event_id:
        if is_position(last_event_id):
            return Position(last_event_id), None
        stats = await queue.stats()
        told = resync_event(Resync("unknown_epoch", stats.oldest, stats.newest), now=clock.now())
        return told.position, told
    if after in ("start", "now"):
        stats = await queue.stats()
        return (stats.oldest if after == "start" else stats.newest), None
    return Position(after), None


@dataclass(slots=True, kw_only=True)
class EventStream:
    """
    One client's stream, as an ASGI response.

    Args:
        queue, selection, clock, telemetry, streams: What it works with.
        position: Everything up to here has been sent.
        first: A resync to begin with.
    """

    queue: Queue
    selection: Selection
    clock: Clock
    telemetry: Telemetry
    streams: Streams
    position: Position
    first: Told | None = None
    _lock: anyio.Lock = field(default_factory=anyio.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Return when the client has gone or the door closes, whichever is first.
        """
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        self._opened()
        try:
            await self._serve(receive, send)
        finally:
            self._closed()
        await send({"type": "http.response.body", "body": b""})

    async def _serve(self, receive: Receive, send: Send) -> None:
        """
        Four things wait at once; whichever returns first ends the others.
        """
        async with anyio.create_task_group() as group:

            async def first_to_return(work: Callable[[], Awaitable[None]]) -> None:
                await work()
                group.cancel_scope.cancel()

            group.start_soon(first_to_return, lambda: self._tell(send))
            group.start_soon(first_to_return, lambda: self._stay_alive(send))
            group.start_soon(first_to_return, lambda: _gone(receive))
            group.start_soon(first_to_return, self.streams.ending.wait)

    async def _tell(self, send: Send) -> None:
        opening = b"retry: %d\n" % _RETRY_MS + (
            sign_of_life(self.position) if self.first is None else b"\n" + sse(self.first)
        )
        await self._write(send, opening)
        while True:
            batch = await self.queue.read(self.position, limit=_READ_AT_ONCE, live=True)
            now = self.clock.now()
            if batch.resync is not None:
                told = resync_event(batch.resync, now=now)
                await self._write(send, sse(told), position=told.position)
                continue
            blocks = b"".join(map(sse, chosen(batch.entries, self.selection, now=now)))
            await self._write(send, blocks, position=batch.next)

    async def _stay_alive(self, send: Send) -> None:
        while True:
            await self.clock.sleep(self.streams.heartbeat_s)
            async with self._lock:
                await _send_body(send, sign_of_life(self.position))

    async def _write(self, send: Send, blocks: bytes, *, position: Position | None = None) -> None:
        """
        The position moves only once the blocks before it are written; a heartbeat cannot come in between.
        """
        async with self._lock:
            if blocks:
                await _send_body(send, blocks)
            if position is not None:
                self.position = position

    def _opened(self) -> None:
        self.streams.open += 1
        self.telemetry.streams.inc()

    def _closed(self) -> None:
        self.streams.open -= 1
        self.telemetry.streams.dec()


async def _send_body(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
