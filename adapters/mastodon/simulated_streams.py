"""
What happens, told as it happens: server-sent events and WebSockets, heartbeats, and streams that say nothing.

Takes news from `simulated_instance`; gives bytes to `simulator`.

Sources: Mastodon, streaming/index.js (read 2026-11): `:)` first and `:thump` every fifteen seconds, both without an empty
line after them; a WebSocket is pinged every thirty seconds; payloads are JSON within JSON, except that of `delete`, which is
an id, and that of `filters_changed`, which is nothing (server-sent: the word `undefined`). docs.joinmastodon.org,
methods/streaming.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import anyio

from adapters.mastodon.simulated_entities import status
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_instance import Instance, Listening, News
from listener.simulation.websocket import WebSocket

THUMP_S: Final = 15.0
PING_S: Final = 30.0

_ENDING: Final = frozenset({"cut", "reset", "outage", "401", "403", "429", "500", "503", "502-html"})


class TokenRevoked(Exception):
    """
    Raised inside of a stream whose token is no longer good; the stream ends in order.
    """


@dataclass(slots=True)
class Feed:
    """
    One open stream, and when its next heartbeat is due.

    Args:
        every_s: Between two heartbeats.
    """

    world: Fediverse
    here: Instance
    listening: Listening
    every_s: float
    _beat_at_s: float = 0.0

    def open(self) -> None:
        """
        From now on it hears.
        """
        self.here.listening.append(self.listening)
        self._beat_at_s = self.world.clock.monotonic() + self.every_s

    def close(self) -> None:
        """
        It no longer does.
        """
        self.here.listening.remove(self.listening)

    async def next(self) -> list[News]:
        """
        What has been told; nothing where it is time for a heartbeat. Never, once the connection is half open.

        Raises:
            ConnectionResetError: the instance is in trouble that ends streams.
            TokenRevoked: the token is no longer good.
        """
        while True:
            self.world.turn()
            self._suffer()
            if self.listening.news:
                told, self.listening.news = self.listening.news, []
                return told
            if self.world.clock.monotonic() >= self._beat_at_s:
                self._beat_at_s += self.every_s
                return []
            self.listening.woken = anyio.Event()
            await self._wait()

    def _suffer(self) -> None:
        token = self.listening.token
        if token is not None and token not in self.here.tokens.values():
            raise TokenRevoked
        trouble = self.here.trouble("stream", self.world.clock.now())
        if trouble is None:
            return
        if trouble.manner in _ENDING:
            raise ConnectionResetError("the stream is cut")
        if trouble.manner == "half_open":
            self.listening.news.clear()
            self._beat_at_s = float("inf")
            self.listening.deaf = True
        if trouble.manner == "mute":
            self.listening.news.clear()

    async def _wait(self) -> None:
        """
        Until somebody tells something, something planned happens, a trouble begins or ends, or a heartbeat is due.
        """
        if self.listening.deaf:
            await anyio.sleep_forever()
        now = self.world.clock.now()
        edges = [each for one in self.here.troubles for each in (one.start_at, one.end_at) if each > now]
        waits = [(each - now).total_seconds() for each in edges]
        waits.append(self._beat_at_s - self.world.clock.monotonic())
        due_s = self.world.next_due_s()
        if due_s is not None:
            waits.append(due_s)
        await self._until_woken(min(waits))

    async def _until_woken(self, delay_s: float) -> None:
        async with anyio.create_task_group() as group:

            async def time_is_up() -> None:
                await self.world.clock.sleep(delay_s)
                group.cancel_scope.cancel()

            group.start_soon(time_is_up)
            await self.listening.woken.wait()
            group.cancel_scope.cancel()

    def payload(self, news: News) -> str | None:
        """
        What is sent of it: JSON in a string, a bare id, or nothing.
        """
        if news.event == "delete":
            return news.local_id
        if news.copy is None:
            return None
        shown = status(self.here, news.copy, viewer=None, now=self.world.clock.now())
        return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))

    def sent(self, news: News) -> None:
        """
        It has left; a post counts as shown.
        """
        if news.copy is not None and news.event != "delete":
            self.world.shown({news.copy.toot.post: news.copy.words.revision})


async def server_sent(feed: Feed) -> AsyncIterator[bytes]:
    """
    The body of an event stream.
    """
    feed.open()
    try:
        yield b":)\n"
        while True:
            told = await feed.next()
            if not told:
                yield b":thump\n"
            for news in told:
                payload = feed.payload(news)
                shown = "undefined" if payload is None else payload
                yield f"event: {news.event}\ndata: {shown}\n\n".encode()
                feed.sent(news)
    except TokenRevoked:
        return
    finally:
        feed.close()


async def by_websocket(feed: Feed, stream: list[str], socket: WebSocket) -> None:
    """
    A conversation in which only the server speaks; it ends when the client hangs up.
    """
    feed.open()
    try:
        while True:
            told = await feed.next()
            if not told:
                await socket.ping()
            for news in told:
                message: dict[str, object] = {"stream": stream, "event": news.event}
                payload = feed.payload(news)
                if payload is not None:
                    message["payload"] = payload
                await socket.send_text(json.dumps(message, ensure_ascii=False))
                feed.sent(news)
    except ConnectionResetError:
        if not socket.ended:
            socket.cut()
    except TokenRevoked:
        await socket.close()
    finally:
        feed.close()
