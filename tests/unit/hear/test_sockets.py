"""WebSockets that only receive: what comes is given whole, in order and once, and nothing is said."""

from __future__ import annotations

import asyncio
import itertools
import resource
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import anyio.from_thread
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from listener.adapter import Pieces, Reach
from listener.clock import SystemClock
from listener.errors import SourceUnavailable
from listener.hear import sockets
from listener.hear.handshake import READ_BYTES
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, ReadOnly, Web
from listener.hear.sockets import BUFFER_BYTES, SocketPieces
from tests.fakes.loopback import LOOPBACK, Resolver
from tests.fakes.talker import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    Talk,
    closing,
    frame,
    frames_in,
    talker,
)
from tests.fakes.tls import serving

pytestmark = pytest.mark.anyio

AGENT = "civic-listener/0 (+https://city.example/listener; City of Example)"
NAMED = (Reach("blog.example", path="/subscribe.*"), Reach("127.0.0.1"))


@asynccontextmanager
async def reading(
    *, tls: ssl.SSLContext | None = None, deadline_s: float = 5.0, pace: Pace | None = None
) -> AsyncIterator[ReadOnly]:
    """A reader of one source that may reach loopback, by name and by number."""
    web = Web(
        clock=SystemClock(),
        pace=pace or Pace(0.0, frozenset()),
        user_agent=AGENT,
        limits=ReaderLimits(deadline_s=deadline_s),
        allow=LOOPBACK,
        tls=tls,
        resolver=Resolver({"blog.example": [["127.0.0.1"]]}),
    )
    async with web as open_web:
        yield open_web.reader("stream", NAMED)


async def all_of(pieces: Pieces, count: int) -> list[bytes]:
    """So many messages, however they are batched."""
    got: list[bytes] = []
    while len(got) < count:
        got += await pieces.next()
    return got


# --------------------------------------------------------------------------------------------- beside websockets


async def test_messages_of_an_independent_server_come_whole_and_in_order() -> None:
    """Text, binary, long, empty and fragmented ones, as `websockets` sends them; its close ends it."""
    said: list[str | bytes | list[bytes]] = [
        "one",
        b"\x00\xff",
        "",
        "é" * 100,
        "x" * 70_000,
        [b"in ", b"three ", b"parts"],
    ]

    async def speak(connection: ServerConnection) -> None:
        for message in said:
            await connection.send(message)
        await connection.close(1001, "restarting")

    async with serve(speak, "127.0.0.1", 0) as server, reading() as reader:
        port = server.sockets[0].getsockname()[1]
        async with reader.listen(f"ws://127.0.0.1:{port}/", idle_s=5, most_bytes=100_000) as pieces:
            got = await all_of(pieces, len(said))
            with pytest.raises(SourceUnavailable) as ended:
                await pieces.next()

    assert got == [b"one", b"\x00\xff", b"", "é".encode() * 100, b"x" * 70_000, b"in three parts"]
    assert str(ended.value) == "stream: 127.0.0.1 closed the connection"


async def test_an_independent_server_finds_its_pings_answered_and_hears_nothing_else() -> None:
    """`websockets` with its keep-alive at 50 ms holds the connection for a second; no message ever reaches it."""
    heard: list[str | bytes] = []
    closed: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def speak(connection: ServerConnection) -> None:
        await asyncio.sleep(1.0)
        await connection.send("still here")
        with suppress(ConnectionClosed):
            heard.extend([message async for message in connection])
        closed.set_result(connection.close_code)

    options = {"ping_interval": 0.05, "ping_timeout": 0.5}
    async with serve(speak, "127.0.0.1", 0, **options) as server, reading() as reader:  # type: ignore[arg-type]
        port = server.sockets[0].getsockname()[1]
        async with reader.listen(f"ws://127.0.0.1:{port}/", idle_s=0.5, most_bytes=1_000) as pieces:
            got = list(await pieces.next())
        code = await closed

    assert (got, heard, code) == ([b"still here"], [], 1000)


async def test_a_busy_loop_is_handed_no_more_than_was_chosen() -> None:
    """While the loop is busy the kernel collects; one read brings no more of it than `READ_BYTES` twice, so the bound holds."""
    flood = b"".join(frame(b"x" * 646) for _ in range(100))

    async def speak(talk: Talk) -> None:
        while not talk.closed.is_set():
            await talk.say(flood)

    with (
        anyio.from_thread.start_blocking_portal() as elsewhere,
        elsewhere.wrap_async_context_manager(talker(speak)) as server,
    ):
        async with reading() as reader, reader.listen(server.at(), idle_s=5, most_bytes=1_000) as pieces:
            assert isinstance(pieces, SocketPieces)
            ear = pieces._ear
            reads = [len(ear.messages) * 646]
            while reads[-1] * (646 + 64) / 646 <= BUFFER_BYTES and len(reads) < 400:
                time.sleep(0.01)  # noqa: ASYNC251 a loop that is busy
                await asyncio.sleep(0)
                reads.append(len(ear.messages) * 646)
    most = max(after - before for before, after in itertools.pairwise(reads))

    assert reads[-1] * (646 + 64) / 646 > BUFFER_BYTES  # until reading has stopped
    assert most <= 2 * READ_BYTES
    assert reads[-1] <= BUFFER_BYTES + 2 * READ_BYTES


async def test_a_hundred_thousand_messages_come_without_loss_to_a_consumer_that_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two seconds in which nobody takes: the server waits, memory does not grow, and every message comes once."""
    monkeypatch.setattr(sockets, "BUFFER_BYTES", 2**18)
    count, filling = 100_000, b"x" * 640
    sent = 0

    async def speak(talk: Talk) -> None:
        nonlocal sent
        for start in range(0, count, 100):
            await talk.say(b"".join(frame(b"%06d" % n + filling) for n in range(start, start + 100)))
            sent = start + 100

    async with (
        talker(speak) as server,
        reading() as reader,
        reader.listen(server.at(), idle_s=5, most_bytes=1_000) as pieces,
    ):
        assert isinstance(pieces, SocketPieces)
        numbers = [int(message[:6]) for message in await pieces.next()]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await asyncio.sleep(2.0)
        sent_meanwhile, waiting = sent, len(pieces._ear.messages)
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        while len(numbers) < count:
            numbers += [int(message[:6]) for message in await pieces.next()]

    assert numbers == list(range(count))
    assert sent_meanwhile < count / 4  # the rest waited on the server's side
    assert waiting * 646 <= 2**18 + 2 * READ_BYTES
    assert grown_kib < 32 * 1024
    assert reader.meter.bytes >= count * 648


async def test_a_batch_is_all_that_has_come() -> None:
    """What came while nobody took is given at once, and nothing of it twice."""

    async def speak(talk: Talk) -> None:
        await talk.say(*(frame(b"%d" % n) for n in range(500)))

    async with (
        talker(speak) as server,
        reading() as reader,
        reader.listen(server.at(), idle_s=5, most_bytes=1_000) as pieces,
    ):
        await asyncio.sleep(0.2)
        batch = await pieces.next()
        with anyio.move_on_after(0.1):
            pytest.fail(f"again: {await pieces.next()!r}")

    assert list(batch) == [b"%d" % n for n in range(500)]


# --------------------------------------------------------------------------------------------------- what is said


async def test_the_handshake_says_who_asks_and_offers_nothing() -> None:
    """The address byte for byte, who asks, the credential that was given; no compression, no protocol, no cookie."""

    async def speak(talk: Talk) -> None:
        await talk.say(frame(b"hello"))

    async with talker(speak) as server, reading() as reader:
        address = server.at("/subscribe;v=1?wanted=a.b%2Ac&cursor=17~&&x=", host="blog.example")
        headers = {"Authorization": "Bearer abc"}
        async with reader.listen(address, headers=headers, idle_s=5, most_bytes=100) as pieces:
            await pieces.next()

    line, *rest = server.talks[0].head.decode().rstrip().split("\r\n")
    said = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)}
    said.pop("sec-websocket-key")
    assert line == "GET /subscribe;v=1?wanted=a.b%2Ac&cursor=17~&&x= HTTP/1.1"
    assert said == {
        "host": f"blog.example:{server.port}",
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec-websocket-version": "13",
        "user-agent": AGENT,
        "authorization": "Bearer abc",
    }


async def test_nothing_but_pong_and_close_ever_leaves() -> None:
    """Every frame the server received, from whatever it said: pongs that repeat its pings, and one close."""

    async def speak(talk: Talk) -> None:
        await talk.say(
            frame(b"a"), frame(b"p1", PING), frame(b"b", BINARY), frame(b"", PING), frame(b"?", PONG)
        )
        await talk.say(frame(b"c", fin=False), frame(b"p2", PING), frame(b"d", CONTINUATION))

    async with talker(speak) as server, reading() as reader:
        async with reader.listen(server.at(), idle_s=5, most_bytes=100) as pieces:
            got = await all_of(pieces, 3)
        await server.talks[0].closed.wait()

    assert got == [b"a", b"b", b"cd"]
    assert frames_in(bytes(server.talks[0].heard)) == [
        (PONG, b"p1"),
        (PONG, b""),
        (PONG, b"p2"),
        (CLOSE, (1000).to_bytes(2, "big")),
    ]


async def test_the_pieces_have_no_way_to_speak() -> None:
    """An adapter is handed `next` and nothing that sends."""

    async def speak(talk: Talk) -> None:
        await talk.say(frame(b"a"))

    async with (
        talker(speak) as server,
        reading() as reader,
        reader.listen(server.at(), idle_s=5, most_bytes=100) as pieces,
    ):
        offered = {name for name in dir(pieces) if not name.startswith("_")}

    assert offered == {"next", "aclose", "headers"}


async def test_tls_is_verified_as_for_reads(certificate: Path) -> None:
    """A certificate nobody vouches for ends it before the request; one that is trusted is listened to."""

    async def speak(talk: Talk) -> None:
        await talk.say(frame(b"over tls"), frame(b"x" * 300_000))

    trusting = ssl.create_default_context(cafile=str(certificate))
    async with talker(speak, tls=serving(certificate)) as server:
        address = server.at("/subscribe", host="blog.example")
        async with reading() as reader:
            with pytest.raises(
                SourceUnavailable, match=r"cannot be reached \(name, connection or certificate\)$"
            ):
                await reader.listen(address, idle_s=5, most_bytes=400_000).__aenter__()
        asked_untrusted = len(server.talks)
        async with (
            reading(tls=trusting) as reader,
            reader.listen(address, idle_s=5, most_bytes=400_000) as pieces,
        ):
            got = await all_of(pieces, 2)

    assert asked_untrusted == 0
    assert got == [b"over tls", b"x" * 300_000]


# ------------------------------------------------------------------------------------------------------- silence


async def test_silence_ends_it_and_pings_are_no_silence() -> None:
    """Pings of the server keep it open; when they stop too, it ends after `idle_s` and not before."""
    stopped_at = 0.0

    async def speak(talk: Talk) -> None:
        nonlocal stopped_at
        for _ in range(6):
            await talk.say(frame(b"", PING))
            await asyncio.sleep(0.1)
        stopped_at = time.monotonic()

    async with (
        talker(speak) as server,
        reading() as reader,
        reader.listen(server.at(), idle_s=0.3, most_bytes=100) as pieces,
    ):
        with pytest.raises(SourceUnavailable) as silent:
            await pieces.next()
        ended_at = time.monotonic()

    assert str(silent.value) == "stream: 127.0.0.1 said nothing for too long"
    assert 0.1 < ended_at - stopped_at < 2.0


async def test_a_message_that_drips_is_silence() -> None:
    """A byte of one message every now and then is not a message: half-open is found by whole frames."""

    async def speak(talk: Talk) -> None:
        whole = frame(b"x" * 1_000)
        for place in range(len(whole)):
            await talk.say(whole[place : place + 1])
            await asyncio.sleep(0.05)

    async with (
        talker(speak) as server,
        reading() as reader,
        reader.listen(server.at(), idle_s=0.3, most_bytes=2_000) as pieces,
    ):
        with pytest.raises(SourceUnavailable, match=r"said nothing for too long$"):
            await pieces.next()


async def test_a_consumer_that_is_slow_is_no_silence() -> None:
    """Whoever takes nothing for longer than `idle_s` finds all that came, and the connection as it was."""

    async def speak(talk: Talk) -> None:
        await talk.say(frame(b"early"))
        await asyncio.sleep(0.5)
        await talk.say(frame(b"late"))

    async with (
        talker(speak) as server,
        reading() as reader,
        reader.listen(server.at(), idle_s=0.2, most_bytes=100) as pieces,
    ):
        await asyncio.sleep(0.4)
        got = [*await pieces.next(), *await pieces.next()]

    assert got == [b"early", b"late"]


# --------------------------------------------------------------------------------------------------- turns, counts


async def test_a_turn_is_taken_for_the_handshake_only() -> None:
    """While one connection is open another may be opened at the same host, spaced."""

    async def speak(talk: Talk) -> None:
        await talk.say(frame(b"here"))

    async with talker(speak) as server, reading(pace=Pace(0.3, frozenset())) as reader:
        start = time.monotonic()
        async with (
            reader.listen(server.at("/a"), idle_s=5, most_bytes=100) as one,
            reader.listen(server.at("/b"), idle_s=5, most_bytes=100) as other,
        ):
            apart_s = time.monotonic() - start
            got = [*await one.next(), *await other.next()]

    assert got == [b"here", b"here"]
    assert apart_s >= 0.3
    assert (reader.meter.requests, reader.meter.status, reader.meter.hosts) == (2, 101, {"127.0.0.1"})
    assert reader.meter.bytes == 2 * (4 + 2)


async def test_what_came_before_the_end_is_given_before_the_end_is_told() -> None:
    """Messages, then the close: nobody loses the last ones."""

    async def speak(talk: Talk) -> None:
        await talk.say(frame(b"a"), frame(b"b"), closing(1000))

    async with talker(speak) as server, reading() as reader:
        async with reader.listen(server.at(), idle_s=5, most_bytes=100) as pieces:
            await asyncio.sleep(0.1)
            got = list(await pieces.next())
            for _ in range(2):
                with pytest.raises(SourceUnavailable, match=r"closed the connection$"):
                    await pieces.next()
        await server.talks[0].closed.wait()

    assert got == [b"a", b"b"]
    assert frames_in(bytes(server.talks[0].heard)) == [(CLOSE, (1000).to_bytes(2, "big"))]


async def test_empty_messages_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million messages without a byte in them are held back like long ones."""
    monkeypatch.setattr(sockets, "BUFFER_BYTES", 2**16)

    async def speak(talk: Talk) -> None:
        for _ in range(100):
            await talk.say(frame(b"") * 10_000)

    async with (
        talker(speak) as server,
        reading() as reader,
        reader.listen(server.at(), idle_s=5, most_bytes=100) as pieces,
    ):
        assert isinstance(pieces, SocketPieces)
        await asyncio.sleep(0.5)
        waiting = len(pieces._ear.messages)
        got = 0
        while got < 1_000_000:
            got += len(await pieces.next())

    assert waiting <= 2**16 / 64 + READ_BYTES / 2
    assert got == 1_000_000
