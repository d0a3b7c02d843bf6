"""Bodies that do not end: what comes is given as it comes, and nothing but a plain 200 is a stream."""

from __future__ import annotations

import asyncio
import resource
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from listener.adapter import Pieces, Reach
from listener.clock import SystemClock
from listener.errors import (
    AccessDenied,
    DocumentRefused,
    RateLimited,
    RequestRefused,
    SourceError,
    SourceUnavailable,
)
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, ReadOnly, Web
from tests.fakes.loopback import LOOPBACK, Asked, Said, answer, loopback

pytestmark = pytest.mark.anyio

AGENT = "civic-listener/0"
HERE = (Reach("127.0.0.1"),)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
SECRET = "S3CRET"

Speaks = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def reading(*, deadline_s: float = 5.0, pace: Pace | None = None) -> AsyncIterator[ReadOnly]:
    """A reader of one source that may reach loopback."""
    web = Web(
        clock=SystemClock(),
        pace=pace or Pace(0.0, frozenset()),
        user_agent=AGENT,
        limits=ReaderLimits(deadline_s=deadline_s),
        allow=LOOPBACK,
    )
    async with web as open_web:
        yield open_web.reader("stream", HERE)


def chunk(body: bytes) -> bytes:
    """One chunk of a body whose length nobody knows."""
    return b"%x\r\n%s\r\n" % (len(body), body)


def saying(*pieces: bytes, every_s: float = 0.0, then: str = "stay") -> Speaks:
    """A body of these pieces; then the connection stays, ends as it should, or is cut."""

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for piece in pieces:
            writer.write(chunk(piece))
            await writer.drain()
            await asyncio.sleep(every_s)
        if then == "stay":
            await asyncio.sleep(30)
        elif then == "end":
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        writer.close()

    return speak


async def until(pieces: Pieces, size: int) -> bytes:
    """So many bytes of the body."""
    got = b""
    while len(got) < size:
        got += b"".join(await pieces.next())
    return got


async def test_parts_come_as_they_are_said() -> None:
    """The first part is given while the body goes on; the request says that nothing encoded is wanted."""
    async with (
        loopback(lambda asked: saying(b": thump\n", b"data: 1\n\n", every_s=0.1)) as server,
        reading() as reader,
    ):
        headers = {"Authorization": "Bearer abc", "accept": "text/event-stream"}
        async with reader.stream(server.at("/api?tag=%7Eyyc"), headers=headers, idle_s=5) as pieces:
            first = b"".join(await pieces.next())
            second = b"".join(await pieces.next())

    assert (first, second) == (b": thump\n", b"data: 1\n\n")
    assert server.asked == [
        Asked(
            "GET /api?tag=%7Eyyc HTTP/1.1",
            {
                "host": f"127.0.0.1:{server.port}",
                "user-agent": AGENT,
                "accept-encoding": "identity",
                "authorization": "Bearer abc",
                "accept": "text/event-stream",
            },
        )
    ]
    assert (reader.meter.requests, reader.meter.status, reader.meter.bytes) == (1, 200, 17)


@pytest.mark.parametrize(
    ("then", "told"),
    [("end", "ended the stream"), ("cut", "broke the connection or does not speak HTTP")],
)
async def test_the_end_is_told_after_what_came(then: str, told: str) -> None:
    """A body that ends, or that is cut within, is a stream that broke; its last part is given first."""
    async with (
        loopback(lambda asked: saying(b"data: last\n\n", then=then)) as server,
        reading() as reader,
        reader.stream(server.at("/"), idle_s=5) as pieces,
    ):
        got = await until(pieces, 12)
        with pytest.raises(SourceUnavailable) as ended:
            await pieces.next()

    assert (got, str(ended.value)) == (b"data: last\n\n", f"stream: 127.0.0.1 {told}")


async def test_silence_ends_it_and_heartbeats_are_no_silence() -> None:
    """Six heartbeats a tenth of a second apart keep it open; then a silence of `idle_s` ends it."""
    async with loopback(lambda asked: saying(*[b":\n"] * 6, every_s=0.1)) as server, reading() as reader:
        start = time.monotonic()
        async with reader.stream(server.at("/"), idle_s=0.3) as pieces:
            got = await until(pieces, 12)
            with pytest.raises(SourceUnavailable, match=r"said nothing for too long$"):
                await pieces.next()
        lasted_s = time.monotonic() - start

    assert got == b":\n" * 6
    assert 0.75 < lasted_s < 3


async def test_a_consumer_that_stops_loses_nothing_and_holds_the_server_back() -> None:
    """A second in which nobody takes: the server waits, memory does not grow, every byte comes once."""
    count, sent = 2_000, 0
    parts = [b"%06d" % n + b"x" * 10_000 for n in range(count)]

    async def speak(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(HEAD)
        for part in parts:
            writer.write(chunk(part))
            await writer.drain()
            sent += 1
        await asyncio.sleep(30)

    async with (
        loopback(lambda asked: speak) as server,
        reading() as reader,
        reader.stream(server.at("/"), idle_s=5) as pieces,
    ):
        got = b"".join(await pieces.next())
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await asyncio.sleep(1.0)
        sent_meanwhile = sent
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
        got += await until(pieces, len(b"".join(parts)) - len(got))

    assert got == b"".join(parts)
    assert sent_meanwhile < count - 500
    assert grown_kib < 16 * 1024


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (answer(204), SourceUnavailable, "answered 204"),
        (answer(206, b"LEAKED"), SourceUnavailable, "answered 206"),
        (answer(302, location="/LEAKED"), SourceUnavailable, "answered 302"),
        (answer(304), SourceUnavailable, "answered 304"),
        (answer(401, b"LEAKED"), AccessDenied, "denies access (401)"),
        (answer(403, b"LEAKED"), AccessDenied, "denies access (403)"),
        (answer(404), SourceUnavailable, "answered 404"),
        (answer(410), SourceUnavailable, "answered 410"),
        (answer(429, retry_after="9"), RateLimited, "asked for a pause"),
        (answer(503), SourceUnavailable, "answered 503"),
        (answer(503, retry_after="9"), RateLimited, "asked for a pause"),
        (answer(200, b"LEAKED", content_encoding="gzip"), DocumentRefused, "encodes a stream"),
        (answer(200, b"LEAKED", content_encoding="br"), DocumentRefused, "encodes a stream"),
        (b"LEAKED\r\n\r\n", SourceUnavailable, "broke the connection or does not speak HTTP"),
    ],
)
async def test_only_a_plain_200_is_a_stream(said: bytes, kind: type[SourceError], told: str) -> None:
    """Everything else is judged like a read, no redirect is followed, and nothing of the answer is repeated."""
    async with loopback(lambda asked: said) as server, reading() as reader:
        with pytest.raises(SourceError) as raised:
            async with reader.stream(server.at(f"/?token={SECRET}"), idle_s=5):
                pytest.fail("that is no stream")
        shown = "".join(traceback.format_exception(raised.value))

    assert isinstance(raised.value, kind)
    assert told in str(raised.value)
    assert "LEAKED" not in shown
    assert SECRET not in shown
    assert len(server.asked) == 1


async def test_a_head_that_does_not_come_ends_at_the_deadline() -> None:
    """The deadline is for the head; a body may last as long as it speaks."""

    async def nothing(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with loopback(lambda asked: nothing) as server, reading(deadline_s=0.2) as reader:
        with pytest.raises(SourceUnavailable, match=r"did not answer in time$"):
            await reader.stream(server.at("/"), idle_s=5).__aenter__()
    async with (
        loopback(lambda asked: saying(*[b":\n"] * 5, every_s=0.1)) as server,
        reading(deadline_s=0.2) as reader,
        reader.stream(server.at("/"), idle_s=5) as pieces,
    ):
        got = await until(pieces, 10)

    assert got == b":\n" * 5


async def test_an_open_stream_does_not_block_its_host() -> None:
    """The turn is given back when the head has come: a read of the same host goes on while the stream is open."""
    script: dict[str, Said] = {"/stream": saying(b":\n"), "/page": answer(200, b"page")}
    async with (
        loopback(lambda asked: script[asked.target]) as server,
        reading() as reader,
        reader.stream(server.at("/stream"), idle_s=5) as pieces,
    ):
        await pieces.next()
        with anyio.fail_after(3):
            page = await reader.read(server.at("/page"))

    assert page.body == b"page"


async def test_streams_take_their_turn() -> None:
    """Two that are opened together start as far apart as the host's pace asks."""
    async with (
        loopback(lambda asked: saying(b":\n")) as server,
        reading(pace=Pace(0.3, frozenset())) as reader,
    ):
        start = time.monotonic()
        async with reader.stream(server.at("/"), idle_s=5), reader.stream(server.at("/"), idle_s=5):
            apart_s = time.monotonic() - start

    assert apart_s >= 0.3


@pytest.mark.parametrize("address", ["wss://127.0.0.1/", "https://elsewhere.example/", "ftp://127.0.0.1/"])
async def test_the_guard_holds_for_streams(address: str) -> None:
    """Undeclared hosts and other schemes are refused."""
    async with reading() as reader:
        with pytest.raises(RequestRefused):
            await reader.stream(address, idle_s=5).__aenter__()


async def test_cancelling_leaves_nothing_open() -> None:
    """In the head and in the body: the server sees the end at once."""

    async def nothing(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async def hold(reader: ReadOnly, address: str) -> None:
        async with reader.stream(address, idle_s=5) as pieces:
            while True:
                await pieces.next()

    for script in (nothing, saying(b":\n")):
        async with loopback(lambda asked, script=script: script) as server, reading() as reader:  # type: ignore[misc]
            tasks = len(asyncio.all_tasks())
            with anyio.move_on_after(0.2):
                await hold(reader, server.at("/"))
            await asyncio.sleep(0.05)

            assert len(asyncio.all_tasks()) == tasks + 1  # the server's
            assert reader.meter.requests == 1


async def test_leaving_the_block_closes_the_connection() -> None:
    """A stream is never put back for another request: the server finds its connection closed."""
    ended = asyncio.Event()

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b":\n"))
        await writer.drain()
        try:
            while not writer.transport.is_closing():
                writer.write(chunk(b":\n"))
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass
        ended.set()

    async with loopback(lambda asked: speak) as server, reading() as reader:
        async with reader.stream(server.at("/"), idle_s=5) as pieces:
            await pieces.next()
        with anyio.fail_after(3):
            await ended.wait()
