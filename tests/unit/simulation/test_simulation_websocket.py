"""
The WebSocket kit keeps to RFC 6455 as an independent client understands it, and breaks it exactly as told.
"""

from __future__ import annotations

import asyncio
import os
import socket as sockets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidHandshake, InvalidStatus

from listener.simulation import websocket as kit
from listener.simulation.exchange import Fault, Request, Response
from listener.simulation.server import Server, serve
from listener.simulation.websocket import WebSocket, WebSockets, close_payload, frame, message
from listener.testing.virtual_clock import START, VirtualClock

pytestmark = pytest.mark.anyio

HANDSHAKE = (
    b"GET /s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@asynccontextmanager
async def talking(
    converse: Callable[[WebSocket], Awaitable[None]], *, fault: Fault | None = None, answer: str | None = None
) -> AsyncIterator[tuple[Server, WebSockets]]:
    """A server whose only route holds this conversation."""
    held = WebSockets(VirtualClock())

    async def route(request: Request) -> Response:
        return held.accept(request, converse, fault=fault or Fault(), answer=answer)

    async with serve(route, clock=VirtualClock()) as server:
        yield server, held


def listening(server: Server, **options: object) -> connect:
    """The independent client, without the extension that no simulator agrees to."""
    address = server.address.replace("http://", "ws://") + "/s"
    return connect(address, proxy=None, **{"compression": None, **options})  # type: ignore[arg-type]


async def everything(client: ClientConnection) -> list[str | bytes]:
    """All messages until the server closes in order."""
    return [each async for each in client]


async def raw(server: Server, sent: bytes) -> bytes:
    """What the server says to these bytes until it hangs up."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(sent)
    received = b""
    while part := await reader.read(65_536):
        received += part
    writer.close()
    return received


async def say_nothing(socket: WebSocket) -> None:
    """Holds the line."""
    await asyncio.Event().wait()


async def test_the_handshake_byte_for_byte() -> None:
    """The key of RFC 6455's own example gets the answer of that example, and an idle route closes with 1000."""

    async def nothing(_socket: WebSocket) -> None:
        return

    mask = b"\x01\x02\x03\x04"
    async with talking(nothing) as (server, _):
        received = await raw(server, HANDSHAKE + frame(kit.CLOSE, close_payload(1000), mask=mask))

    assert received == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nDate: Mon, 05 Jan 2026 12:00:00 GMT\r\n\r\n"
        b"\x88\x02\x03\xe8"
    )


@pytest.mark.parametrize(
    ("broken", "status", "reason"),
    [
        (HANDSHAKE.replace(b"GET", b"POST"), 400, "not a GET"),
        (HANDSHAKE.replace(b"Upgrade: websocket", b"Upgrade: h2c"), 400, "no Upgrade: websocket"),
        (HANDSHAKE.replace(b"keep-alive, Upgrade", b"keep-alive"), 400, "no Connection: Upgrade"),
        (HANDSHAKE.replace(b"Sec-WebSocket-Version: 13\r\n", b""), 400, "no Sec-WebSocket-Version"),
        (HANDSHAKE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhl"), 400, "no proper Sec-WebSocket-Key"),
        (HANDSHAKE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"!"), 400, "no proper Sec-WebSocket-Key"),
        (HANDSHAKE.replace(b"Version: 13", b"Version: 8"), 426, "only version 13 is spoken"),
    ],
)
async def test_an_improper_handshake_is_refused_as_an_ordinary_answer(
    broken: bytes, status: int, reason: str
) -> None:
    """Each demand of RFC 6455, section 4.2.1 is checked, the reason told, and no conversation begins."""
    async with talking(say_nothing) as (server, held):
        received = await raw(server, broken)

    head, _, body = received.partition(b"\r\n\r\n")
    assert (head.split()[1], body) == (str(status).encode(), reason.encode() + b"\n")
    assert (b"Sec-WebSocket-Version: 13" in head) == (status == 426)
    assert held.opened == []


async def test_a_route_may_refuse_by_an_ordinary_answer() -> None:
    """A 503 reaches the client as a refused handshake with its body."""

    async def warming_up(_request: Request) -> Response:
        return Response(status=503, body=b"warming up\n")

    async with serve(warming_up) as server:
        with pytest.raises(InvalidStatus) as refused:
            await listening(server)

    assert (refused.value.response.status_code, refused.value.response.body) == (503, b"warming up\n")


async def test_messages_of_every_size_arrive_whole() -> None:
    """Text and binary, around the borders of the three ways to write a length, whole and in fragments."""
    sizes = (0, 1, 125, 126, 65_535, 65_536, 200_000)

    async def converse(socket: WebSocket) -> None:
        for size in sizes:
            await socket.send_text("x" * size)
            await socket.send_binary(b"\xff" * size, fragment_bytes=1000)
        await socket.send(message(kit.TEXT, b"one"), message(kit.TEXT, "zwö".encode(), fragment_bytes=1))

    async with talking(converse) as (server, _), listening(server) as client:
        received = await everything(client)

    whole = [each for size in sizes for each in ("x" * size, b"\xff" * size)]
    assert received == [*whole, "one", "zwö"]


async def test_every_frame_of_the_client_is_kept() -> None:
    """Unmasked, with opcode, end and time; data is told from control; a ping is answered; the close code is kept."""
    async with talking(say_nothing) as (server, held):
        async with listening(server) as client:
            await (await client.ping(b"there?"))
            await client.send(["he", "llo"])
            await client.send(bytes(range(256)))
            await client.close(4001, "enough")
        (socket,) = held.opened

    kept = [(each.opcode, each.payload, each.fin, each.masked, each.at) for each in socket.received]
    assert kept == [
        (kit.PING, b"there?", True, True, START),
        (kit.TEXT, b"he", False, True, START),
        (kit.CONTINUATION, b"llo", False, True, START),
        (kit.CONTINUATION, b"", True, True, START),
        (kit.BINARY, bytes(range(256)), True, True, START),
        (kit.CLOSE, close_payload(4001, "enough"), True, True, START),
    ]
    assert held.data_frames() == socket.received[1:5]
    assert (socket.close_code, socket.ended) == (4001, True)


async def test_pings_by_the_clock() -> None:
    """A ping after every thirty seconds of the simulator's clock, answered by the client."""
    clock = VirtualClock()
    held = WebSockets(clock)

    async def converse(socket: WebSocket) -> None:
        await socket.keep_pinging(30.0, payload=b"alive")

    async def route(request: Request) -> Response:
        return held.accept(request, converse)

    async with serve(route) as server, listening(server) as client:
        await clock.advance(89.0)
        await client.close()

    pongs = [each.payload for each in held.opened[0].received if each.opcode == kit.PONG]
    assert pongs == [b"alive", b"alive"]


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 4999])
async def test_close_codes_and_reasons_reach_the_client(code: int) -> None:
    """What the route closes with is what the client was told."""

    async def converse(socket: WebSocket) -> None:
        await socket.close(code, "slow reader")

    async with talking(converse) as (server, held), listening(server) as client:
        with pytest.raises((ConnectionClosedOK, ConnectionClosedError)) as closed:
            await client.recv()

    assert closed.value.rcvd == websockets.frames.Close(code, "slow reader")
    assert held.opened[0].close_code == code


async def broken_frame(socket: WebSocket) -> None:
    """Half a frame, then a reset."""
    await socket.send(frame(kit.TEXT, b"x" * 100)[:50])
    socket.cut()


async def half_message(socket: WebSocket) -> None:
    """The first fragment, then the end of the connection."""
    await socket.send(frame(kit.TEXT, b"x", fin=False))
    socket.hang_up()


async def masked_frame(socket: WebSocket) -> None:
    """What a server must not send."""
    await socket.send(frame(kit.TEXT, b"x", mask=b"abcd"))
    await say_nothing(socket)


async def oversize(socket: WebSocket) -> None:
    """A head that announces a terabyte."""
    await socket.send(frame(kit.BINARY, b"x", length=1 << 40))
    await say_nothing(socket)


async def garbage(socket: WebSocket) -> None:
    """Anything but a frame."""
    await socket.send(b"HTTP/1.1 500 Oops\r\n\r\n" * 20)
    await say_nothing(socket)


async def compressed(socket: WebSocket) -> None:
    """The bit of an extension nobody agreed to."""
    await socket.send(frame(kit.TEXT, b"x", reserved=4))
    await say_nothing(socket)


async def no_text(socket: WebSocket) -> None:
    """A text message that is not UTF-8."""
    await socket.send_text(b"\xff\xfe")
    await say_nothing(socket)


@pytest.mark.parametrize(
    ("converse", "code"),
    [
        (broken_frame, None),
        (half_message, None),
        (masked_frame, 1002),
        (oversize, 1009),
        (garbage, 1002),
        (compressed, 1002),
        (no_text, 1007),
    ],
)
async def test_misbehaviour_is_seen_by_the_client_as_what_it_is(
    converse: Callable[[WebSocket], Awaitable[None]], code: int | None
) -> None:
    """The independent client fails with the code the standard gives each fault; none where the line was cut."""
    async with talking(converse) as (server, _), listening(server) as client:
        with pytest.raises(ConnectionClosedError) as failed:
            await client.recv()

    assert (None if failed.value.sent is None else failed.value.sent.code) == code


async def test_a_cut_is_a_reset() -> None:
    """The client's system says that the connection was reset, not that it ended."""
    async with talking(broken_frame) as (server, _):
        with pytest.raises(ConnectionResetError):
            await raw(server, HANDSHAKE)


async def test_half_open_silence() -> None:
    """Nothing is answered any more, pings neither, until the client gives up."""

    async def converse(socket: WebSocket) -> None:
        await socket.send_text("last words")
        await socket.fall_silent()

    async with talking(converse) as (server, held), listening(server, close_timeout=0.05) as client:
        first = await client.recv()
        pong = await client.ping()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(pong), 0.05)

    assert first == "last words"
    assert [each.opcode for each in held.opened[0].received] == [kit.PING, kit.CLOSE]


async def test_a_wrong_answer_to_the_key() -> None:
    """A server that gets the handshake wrong is refused by the client."""
    async with talking(say_nothing, answer="s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") as (server, _):
        with pytest.raises(InvalidHandshake):
            await listening(server)


async def test_faults_of_an_answer_hold_for_a_handshake() -> None:
    """A reset instead of a 101."""
    async with talking(say_nothing, fault=Fault(reset=True)) as (server, held):
        with pytest.raises(ConnectionResetError):
            await raw(server, HANDSHAKE)

    assert held.opened == []


async def test_an_unmasked_frame_of_a_client_is_kept_and_refused() -> None:
    """A client that does not mask is closed with 1002."""
    async with talking(say_nothing) as (server, held):
        received = await raw(server, HANDSHAKE + frame(kit.TEXT, b"hello"))

    assert received.endswith(b"\x88\x02" + close_payload(1002))
    assert [(each.payload, each.masked) for each in held.opened[0].received] == [(b"hello", False)]


async def test_a_client_that_hangs_up_ends_the_conversation() -> None:
    """The route's function is cancelled and runs its clean-up."""
    began, ended = asyncio.Event(), asyncio.Event()

    async def converse(socket: WebSocket) -> None:
        began.set()
        try:
            await say_nothing(socket)
        finally:
            ended.set()

    async with talking(converse) as (server, held):
        _, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(HANDSHAKE)
        await asyncio.wait_for(began.wait(), 5)
        writer.close()
        await asyncio.wait_for(ended.wait(), 5)

    assert held.opened[0].received == []


async def test_a_conversation_that_fails_is_told_at_the_end() -> None:
    """The client sees a reset; `serve` raises what the route's function raised."""

    async def converse(_socket: WebSocket) -> None:
        raise LookupError("a fault of the simulator")

    async def fail() -> None:
        async with talking(converse) as (server, _):
            with pytest.raises(ConnectionResetError):
                await raw(server, HANDSHAKE)

    with pytest.raises(ExceptionGroup) as told:
        await fail()

    assert told.group_contains(LookupError, match="a fault of the simulator")


async def test_a_client_that_does_not_read_holds_the_writer() -> None:
    """`send` waits for the system's buffers, so that a simulator can find a slow reader."""
    written = 0

    async def converse(socket: WebSocket) -> None:
        nonlocal written
        for _ in range(400):
            await socket.send(frame(kit.BINARY, bytes(100_000)))
            written += 1

    async with talking(converse) as (server, _):
        slow = sockets.create_connection((server.host, server.port))
        await asyncio.to_thread(slow.sendall, HANDSHAKE)
        before = -1
        while written != before:
            before = written
            await asyncio.sleep(0.1)
        slow.close()

    assert 0 < written < 400


async def test_a_hundred_thousand_frames_in_a_moment() -> None:
    """Prepared frames go out by the thousand: a firehose of 100,000 leaves within a few seconds on a busy machine."""
    prepared = frame(kit.TEXT, os.urandom(400).hex().encode()[:500])
    batch = prepared * 1000

    async def converse(socket: WebSocket) -> None:
        for _ in range(100):
            await socket.send(batch)

    async with talking(converse) as (server, _):
        reader, writer = await asyncio.open_connection(server.host, server.port, limit=1 << 22)
        started = time.perf_counter()
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(prepared) * 100_000)
        took_s = time.perf_counter() - started
        writer.close()

    assert took_s < 5.0
