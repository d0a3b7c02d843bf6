"""
WebSockets (RFC 6455) from the server's side, for simulators: kept to the letter, or broken exactly as told.

A route of `listener.simulation.server` answers a request with what `WebSockets.accept` returns. Frames are made as
plain bytes by `frame`, so that a simulator can prepare many and send them in one write, and so that what the
standard forbids (a masked frame, a length that is a lie, half a frame) is said like anything else. Every frame a
client sends is kept, for tests that assert that it never sends data. No extension is ever agreed to.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import anyio

from listener.clock import Clock, SystemClock
from listener.simulation.exchange import NO_FAULT, Fault, Request, Response
from listener.simulation.server import reset

__all__ = [
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "PING",
    "PONG",
    "TEXT",
    "Frame",
    "WebSocket",
    "WebSockets",
    "close_payload",
    "frame",
    "message",
]

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

_ACCEPT_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""

_KEY_BYTES: Final = 16
_READ_BYTES: Final = 65_536
_MAX_FROM_CLIENT_BYTES: Final = 16 * 1024 * 1024
"""Chosen: Jetstream takes option messages up to 10 MB; nobody who talks to a simulator has more to say."""

_PROTOCOL_ERROR: Final = 1002


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """
    One frame as a client sent it.

    Args:
        opcode: 0 to 15.
        payload: Unmasked.
        fin: Whether the message ends with it.
        masked: What every frame of a client must be (RFC 6455, section 5.3).
        at: When it had been read whole, by the clock of `WebSockets`.
    """

    opcode: int
    payload: bytes
    fin: bool
    masked: bool
    at: datetime

    @property
    def is_data(self) -> bool:
        """
        Whether it carries a message: neither ping, pong nor close.
        """
        return self.opcode < CLOSE


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    mask: bytes | None = None,
    reserved: int = 0,
    length: int | None = None,
) -> bytes:
    """
    The bytes of one frame.

    Args:
        opcode: 0 to 15; those between 3 and 7 and above 10 are reserved.
        payload: As it is before masking.
        fin: Whether the message ends here.
        mask: Four bytes; a server must not have one.
        reserved: The three reserved bits, 0 to 7; 4 is what permessage-deflate sets.
        length: What the head says; None for the truth.
    """
    told = len(payload) if length is None else length
    first, masked = (fin << 7) | (reserved << 4) | opcode, 0x80 if mask else 0
    if told < 126:
        head = struct.pack("!BB", first, masked | told)
    elif told < 65_536:
        head = struct.pack("!BBH", first, masked | 126, told)
    else:
        head = struct.pack("!BBQ", first, masked | 127, told)
    return head + payload if mask is None else head + mask + _masked(payload, mask)


def message(opcode: int, payload: bytes, *, fragment_bytes: int = 0) -> bytes:
    """
    The bytes of one message, in one frame or in fragments of at most so many bytes (0: whole).
    """
    if fragment_bytes <= 0 or len(payload) <= fragment_bytes:
        return frame(opcode, payload)
    starts = range(0, len(payload), fragment_bytes)
    return b"".join(
        frame(
            CONTINUATION if start else opcode,
            payload[start : start + fragment_bytes],
            fin=start + fragment_bytes >= len(payload),
        )
        for start in starts
    )


def close_payload(code: int, reason: str = "") -> bytes:
    """
    What a close frame carries; any number is taken, those the standard forbids too.
    """
    return struct.pack("!H", code) + reason.encode()


@dataclass(slots=True, eq=False)
class WebSocket:
    """
    One conversation, handed to the function that holds it; made by `WebSockets`.

    Args:
        request: What asked for it.
        clock: Time of the records.
        received: Every frame of the client, in order; complete ones only.
        close_code: What the client's close frame said; 1005 for one without a code, None before it came.
        answers: False for a peer that seems dead: neither pings nor a close are answered.
    """

    request: Request
    clock: Clock
    received: list[Frame] = field(default_factory=list)
    close_code: int | None = None
    answers: bool = True
    _writer: asyncio.StreamWriter | None = None
    _ended: anyio.Event = field(default_factory=anyio.Event)
    _closing: bool = False

    @property
    def ended(self) -> bool:
        """
        Whether the client has closed or hung up, or this side has cut.
        """
        return self._ended.is_set()

    async def send(self, *prepared: bytes) -> None:
        """
        Bytes as they stand, in one write: frames by the thousand, or whatever is to arrive instead of frames.

        Returns once the system has taken nearly all of them; waits for a client that does not read.

        Raises:
            ConnectionError: the client has gone.
        """
        writer = self._open_writer()
        writer.write(prepared[0] if len(prepared) == 1 else b"".join(prepared))
        await writer.drain()

    async def send_text(self, text: str | bytes, *, fragment_bytes: int = 0) -> None:
        """
        One text message; bytes are taken for UTF-8 and not checked.
        """
        payload = text.encode() if isinstance(text, str) else text
        await self.send(message(TEXT, payload, fragment_bytes=fragment_bytes))

    async def send_binary(self, payload: bytes, *, fragment_bytes: int = 0) -> None:
        """
        One binary message.
        """
        await self.send(message(BINARY, payload, fragment_bytes=fragment_bytes))

    async def ping(self, payload: bytes = b"") -> None:
        """
        A ping; the pong is found in `received` when it comes.
        """
        await self.send(frame(PING, payload))

    async def keep_pinging(self, every_s: float, *, payload: bytes = b"") -> None:
        """
        A ping after every so many seconds of the clock, for ever; to be run beside what is told.
        """
        while True:
            await self.clock.sleep(every_s)
            await self.ping(payload)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """
        A close frame; what follows is the client's answer or its hanging up, which ends the conversation.
        """
        self._closing = True
        with suppress(ConnectionError):
            await self.send(frame(CLOSE, close_payload(code, reason)))
            await self._ended.wait()

    async def fall_silent(self) -> None:
        """
        A half-open connection: nothing is sent or answered any more, until the client hangs up.
        """
        self.answers = False
        await self._ended.wait()

    def cut(self) -> None:
        """
        A TCP reset, with whatever was not sent yet dropped.
        """
        reset(self._open_writer())
        self._ended.set()

    def hang_up(self) -> None:
        """
        The end of the connection without a close frame, after what was sent.
        """
        self._open_writer().close()
        self._ended.set()

    def end(self) -> None:
        """
        The conversation is over; called by whoever hears it first.
        """
        self._ended.set()

    @property
    def closing(self) -> bool:
        """
        Whether this side has sent a close frame.
        """
        return self._closing

    def data_frames(self) -> list[Frame]:
        """
        What the client sent besides pings, pongs and closes.
        """
        return [each for each in self.received if each.is_data]

    def _open_writer(self) -> asyncio.StreamWriter:
        if self._writer is None or self._writer.is_closing():
            raise ConnectionResetError("the connection of the WebSocket has ended")
        return self._writer


Conversation = Callable[[WebSocket], Awaitable[None]]


@dataclass(slots=True)
class WebSockets:
    """
    Every conversation a simulator held.

    Args:
        clock: Time of the records and of pings.
        opened: In order of the handshakes, those that ended included.
    """

    clock: Clock = field(default_factory=SystemClock)
    opened: list[WebSocket] = field(default_factory=list)

    def accept(
        self,
        request: Request,
        converse: Conversation,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        fault: Fault = NO_FAULT,
        answer: str | None = None,
    ) -> Response:
        """
        What a route returns to turn a request into a WebSocket, or to refuse one that is not a proper handshake.

        Args:
            converse: Holds the conversation. Cancelled as soon as the client closes or hangs up; where it returns,
                the connection is closed with 1000; where it raises, with a reset, and `serve` tells at its end.
            headers: Added to those of the handshake.
            fault: As in every answer; those of a body have no meaning here.
            answer: `Sec-WebSocket-Accept`, for a server that gets it wrong; None for the right one.

        Returns:
            101; or 400 (426 for another version) with the reason as text.
        """
        fault_found = _fault_of(request)
        if fault_found is not None:
            return fault_found

        async def take_over(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pending: bytes
        ) -> None:
            socket = WebSocket(request, self.clock, _writer=writer)
            self.opened.append(socket)
            await _hold(socket, converse, _Bytes(reader, bytearray(pending)))

        told = _accept_of(request.header("sec-websocket-key") or "") if answer is None else answer
        upgrade = (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", told))
        return Response(status=101, headers=(*upgrade, *headers), fault=fault, take_over=take_over)

    def data_frames(self) -> list[Frame]:
        """
        Every frame of a message that any client sent.
        """
        return [each for socket in self.opened for each in socket.data_frames()]


async def _hold(socket: WebSocket, converse: Conversation, heard: _Bytes) -> None:
    """
    One conversation, with somebody who listens beside it; over when either side has ended it.
    """
    async with anyio.create_task_group() as both:
        both.start_soon(_listen, socket, heard, both.cancel_scope)
        with suppress(ConnectionError):
            await converse(socket)
            if not socket.ended:
                await socket.close()
        both.cancel_scope.cancel()


async def _listen(socket: WebSocket, heard: _Bytes, scope: anyio.CancelScope) -> None:
    """
    Keep and answer what the client sends, until it closes, hangs up or breaks the rules.
    """
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while not socket.ended:
            received = await _next_frame(heard, socket.clock)
            socket.received.append(received)
            await _answer(socket, received)
    socket.end()
    scope.cancel()


async def _answer(socket: WebSocket, received: Frame) -> None:
    if received.opcode == CLOSE:
        code = received.payload[:2]
        socket.close_code = int.from_bytes(code) if len(code) == 2 else 1005
    if not socket.answers:
        return
    if not received.masked:
        await socket.send(frame(CLOSE, close_payload(_PROTOCOL_ERROR)))
        socket.end()
    elif received.opcode == PING:
        await socket.send(frame(PONG, received.payload))
    elif received.opcode == CLOSE:
        if not socket.closing:
            await socket.send(frame(CLOSE, received.payload[:2]))
        socket.end()


@dataclass(slots=True)
class _Bytes:
    """
    What the client sent: first what came with the handshake, then what arrives.
    """

    reader: asyncio.StreamReader
    pending: bytearray

    async def take(self, count: int) -> bytes:
        """
        Raises:
            IncompleteReadError: the client hung up before.
        """
        while len(self.pending) < count:
            part = await self.reader.read(_READ_BYTES)
            if not part:
                raise asyncio.IncompleteReadError(bytes(self.pending), count)
            self.pending += part
        taken = bytes(self.pending[:count])
        del self.pending[:count]
        return taken


async def _next_frame(heard: _Bytes, clock: Clock) -> Frame:
    """
    Raises:
        IncompleteReadError: the client hung up.
        ConnectionAbortedError: a frame longer than anybody needs.
    """
    first, second = await heard.take(2)
    length = second & 0x7F
    if length >= 126:
        length = int.from_bytes(await heard.take(2 if length == 126 else 8))
    if length > _MAX_FROM_CLIENT_BYTES:
        raise ConnectionAbortedError("a client's frame is longer than a simulator takes")
    masked = bool(second & 0x80)
    mask = await heard.take(4) if masked else b""
    payload = await heard.take(length)
    return Frame(
        opcode=first & 0x0F,
        payload=_masked(payload, mask) if masked else payload,
        fin=bool(first & 0x80),
        masked=masked,
        at=clock.now(),
    )


def _masked(payload: bytes, mask: bytes) -> bytes:
    """
    Masking and unmasking are the same (RFC 6455, section 5.3); one big number is faster than many small ones.
    """
    if not payload:
        return b""
    keys = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(keys)).to_bytes(len(payload))


def _accept_of(key: str) -> str:
    """
    Source: RFC 6455, section 4.2.2, item 5.
    """
    digest = hashlib.sha1(key.encode("latin-1") + _ACCEPT_GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def _fault_of(request: Request) -> Response | None:
    """
    The refusal of what is not an opening handshake (RFC 6455, section 4.2.1); None for one that is.
    """
    if (request.header("sec-websocket-version") or "13") != "13":
        return _refusal(426, "only version 13 is spoken", (("Sec-WebSocket-Version", "13"),))
    found = {
        "not a GET": request.method == "GET",
        "no Host": request.header("host") is not None,
        "no Upgrade: websocket": "websocket" in _tokens(request, "upgrade"),
        "no Connection: Upgrade": "upgrade" in _tokens(request, "connection"),
        "no Sec-WebSocket-Version": request.header("sec-websocket-version") is not None,
        "no proper Sec-WebSocket-Key": _is_key(request.header("sec-websocket-key")),
    }
    wrong = next((reason for reason, right in found.items() if not right), None)
    return None if wrong is None else _refusal(400, wrong)


def _refusal(status: int, reason: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    told = (("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close"), *headers)
    return Response(status=status, headers=told, body=f"{reason}\n".encode())


def _tokens(request: Request, name: str) -> set[str]:
    return {token.strip().lower() for token in (request.header(name) or "").split(",")}


def _is_key(key: str | None) -> bool:
    try:
        return key is not None and len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False
