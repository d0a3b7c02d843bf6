"""
The stream: exact resumption, filters, signs of life, and clients that stall, leave, or are too many.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from listener.queues.base import Batch, Position
from listener.telemetry import Telemetry
from listener.tell.api import Access, Token, build_api
from listener.tell.api.serve import Listening, Patience
from listener.tell.api.stream import Streams
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.api_client import get, served, streaming
from tests.fakes.daemon import KEPT_UNTIL, FakeControl, gone, name, post, put
from tests.fakes.memory_queue import MemoryQueue

pytestmark = pytest.mark.anyio


class House:
    """
    A stream over a queue in memory.
    """

    def __init__(self, folder: Path) -> None:
        self.queue, self.clock, self.telemetry = MemoryQueue(), VirtualClock(), Telemetry()
        self.folder, self.streams = folder, Streams(most=3)

    @asynccontextmanager
    async def open(self, access: Access | None = None, **options: Any) -> AsyncIterator[Listening]:
        app = build_api(
            queue=self.queue,
            control=FakeControl(),
            telemetry=self.telemetry,
            clock=self.clock,
            access=access or Access(door="loopback"),
            version="1",
            streams=self.streams,
        )
        async with served(app, folder=self.folder, **options) as where:
            yield where

    async def settled(self, *, streams: int) -> None:
        """
        Return once that many streams are open.
        """
        with anyio.fail_after(5):
            while self.streams.open != streams:  # noqa: ASYNC110 - the count belongs to the server
                await anyio.sleep(0.005)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_live_from_now(house: House) -> None:
    """
    Without a position a stream tells only what comes after it was opened, and names where that is at once.
    """
    await put(house.queue, post(1))
    async with house.open() as where, streaming(where) as stream:
        opening = await stream.block()
        await put(house.queue, post(2))
        told = await stream.event()

    assert opening == {"retry": "2000", "": "heartbeat", "id": "m1-1"}
    assert told[:2] == ("m1-2", "listener.post.created")
    assert told[2]["subject"] == name(2).hex()


async def test_stored_bytes(house: House) -> None:
    """
    The data of a block is what the queue holds, byte for byte, on one line.
    """
    await put(house.queue, post(1, "two\nlines and \u2028 and \r too"))
    (entry,) = (await house.queue.read(None)).entries
    async with house.open() as where, streaming(where, "/v1/events/stream?after=start") as stream:
        await stream.block()
        fields = await stream.block()

    assert fields == {"id": "m1-1", "event": entry.type, "data": entry.line.decode()}


async def test_resumes_exactly(house: House) -> None:
    """
    Whatever a client last saw, it gets everything after it exactly once, however often it is cut off.
    """
    await put(house.queue, *(post(number) for number in range(1, 101)))
    got: list[int] = []
    last_id = ""
    async with house.open() as where:
        while len(got) < 100:
            async with streaming(where, "/v1/events/stream?after=start", last_event_id=last_id) as stream:
                for _ in range(min(17, 100 - len(got))):
                    last_id, _, event = await stream.event()
                    got.append(int(event["subject"], 16))

    assert got == list(range(1, 101))


async def test_header_wins(house: House) -> None:
    """
    A browser repeats its first address when it comes back; the header says where it really was.
    """
    await put(house.queue, post(1), post(2), post(3))
    async with (
        house.open() as where,
        streaming(where, "/v1/events/stream?after=m1-1", last_event_id="m1-2") as stream,
    ):
        told = await stream.event()

    assert told[0] == "m1-3"


@pytest.mark.parametrize("last_id", ["other-7", "m1-99", "m1-1", "garbage", "m1-1; x", "x" * 500])
async def test_resync(house: House, last_id: str) -> None:
    """
    A position that cannot be continued from is answered by a resync, and everything that is kept follows.
    """
    await put(house.queue, post(1), post(2))
    await put(house.queue, gone(1), gone(2), commit_id="removals")
    await house.queue.expire(KEPT_UNTIL)
    await put(house.queue, post(5, expirytime=None), commit_id="later")
    async with house.open() as where, streaming(where, last_event_id=last_id) as stream:
        resync = await stream.event()
        after = await stream.event()

    assert resync[:2] == ("m1-4", "listener.queue.resync")
    assert (resync[2]["data"]["oldest"], resync[2]["data"]["newest"]) == ("m1-4", "m1-5")
    assert after[2]["subject"] == name(5).hex()


async def test_filters(house: House) -> None:
    """
    A stream has the filters of a page; what they leave out still moves the position.
    """
    async with house.open() as where, streaming(where, "/v1/events/stream?hashtag=%23BUS") as stream:
        await stream.block()
        await put(house.queue, post(1), post(2, hashtags=("bus",)), post(3))
        told = await stream.event()
        await house.clock.advance(15)
        alive = await stream.block()

    assert (told[0], told[2]["subject"]) == ("m1-2", name(2).hex())
    assert alive == {"": "heartbeat", "id": "m1-3"}


async def test_signs_of_life(house: House) -> None:
    """
    Every fifteen seconds a quiet stream shows that it lives.
    """
    async with house.open() as where, streaming(where) as stream:
        await stream.block()
        for _ in range(3):
            await house.clock.advance(14)
            await house.clock.advance(1)
            assert await stream.block() == {"": "heartbeat", "id": "m1-0"}


async def test_too_many(house: House) -> None:
    """
    One stream too many is refused with the time to come back; when one ends, there is room again.
    """
    async with house.open() as where:
        async with streaming(where), streaming(where):
            async with streaming(where):
                await house.settled(streams=3)
                refused = await get(where, "/v1/events/stream")
            await house.settled(streams=2)
            async with streaming(where) as again:
                assert again.head.startswith(b"HTTP/1.1 200")
        await house.settled(streams=0)
        metrics = await get(where, "/metrics")

    assert (refused.status, refused.headers["retry-after"]) == (503, "30")
    assert refused.json()["title"] == "Too many streams"
    assert b"listener_api_streams 0.0" in metrics.body


async def test_head(house: House) -> None:
    """
    HEAD tells the type of a stream without opening one.
    """
    async with house.open() as where, await anyio.connect_tcp(where.host, where.port) as stream:
        await stream.send(b"HEAD /v1/events/stream HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
        raw = b"".join([chunk async for chunk in stream])

    assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-type: text/event-stream; charset=utf-8" in raw
    assert house.streams.open == 0


class _Crowd:
    """
    Posts enough to fill every buffer between the queue and a client that does not read.
    """

    BYTES = 100_000
    COUNT = 120


async def test_slow_client_is_alone(house: House) -> None:
    """
    A client that reads nothing delays nobody, is hung up on, and leaves nothing behind.
    """
    async with house.open(patience=Patience(taking_s=0.3)) as where:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect((where.host, where.port))
            deaf.sendall(b"GET /v1/events/stream?after=start HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            await house.settled(streams=1)
            async with streaming(where, "/v1/events/stream?after=start") as quick:
                for number in range(1, _Crowd.COUNT + 1):
                    await put(house.queue, post(number, "x" * _Crowd.BYTES))
                got = [(await quick.event())[0] for _ in range(_Crowd.COUNT)]
                await house.settled(streams=1)

    assert got == [f"m1-{number}" for number in range(1, _Crowd.COUNT + 1)]


async def test_ends_with_the_door(house: House) -> None:
    """
    When the daemon stops, an open stream is ended in order, at once, and every place is free.
    """
    closed = anyio.Event()
    async with anyio.create_task_group() as group:
        async with house.open() as where:

            async def listen() -> None:
                async with streaming(where) as stream:
                    await stream.block()
                    with pytest.raises(EOFError):
                        await stream.block()
                    closed.set()

            group.start_soon(listen)
            await house.settled(streams=1)
        with anyio.fail_after(1):
            await closed.wait()

    assert house.streams.open == 0


async def test_stops_in_time_with_a_deaf_client(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """
    A client that does not read cannot keep the daemon from stopping within five seconds, and is no fault.
    """
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        async with house.open() as where:
            deaf.connect((where.host, where.port))
            deaf.sendall(b"GET /v1/events/stream?after=start HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            for number in range(1, _Crowd.COUNT + 1):
                await put(house.queue, post(number, "x" * _Crowd.BYTES))
            await house.settled(streams=1)
            started = anyio.current_time()
        took_s = anyio.current_time() - started
        hung_up = _is_closed(deaf)

    assert took_s < 5
    assert hung_up
    assert house.streams.open == 0
    assert caplog.messages == []


def _is_closed(client: socket.socket) -> bool:
    """
    Whether the server has let go of the connection, once everything that its kernel still holds is read. The
    server's loop stands still meanwhile: what only the loop would send or close does not come.
    """
    client.settimeout(0.5)
    try:
        while client.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    return True


class _Breaking(MemoryQueue):
    async def read(self, after: Position | None, *, limit: int = 256, live: bool = False) -> Batch:
        if live:
            raise RuntimeError("canary")
        return await super().read(after, limit=limit)


async def test_fault_ends_one_stream(tmp_path: Path) -> None:
    """
    A fault while streaming ends the stream and is told by type; the next request is answered.
    """
    house = House(tmp_path)
    house.queue = _Breaking()
    async with house.open() as where:
        async with streaming(where) as stream:
            await stream.block()
            with pytest.raises((EOFError, anyio.IncompleteRead, anyio.EndOfStream)):
                await stream.block()
        after = await get(where, "/healthz")

    assert after.status == 200
    assert house.streams.open == 0


async def test_needs_a_token_beyond_loopback(house: House) -> None:
    """
    On a network a stream opens with the scope `read`, and with no other.
    """
    tokens = tuple(
        Token(scope, hashlib.sha256(scope.encode()).hexdigest(), frozenset({scope}))
        for scope in ("read", "operate")
    )
    async with house.open(Access(door="network", tokens=tokens)) as where:
        bare = await get(where, "/v1/events/stream")
        wrong = await get(where, "/v1/events/stream", authorization="Bearer operate")
        async with streaming(where, authorization="Bearer read") as stream:
            head = stream.head

    assert (bare.status, wrong.status) == (401, 403)
    assert head.startswith(b"HTTP/1.1 200 OK")
