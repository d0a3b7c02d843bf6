"""
A WebSocket that only receives: what the server says is kept in order until it is taken; nothing of ours can be said.

`listener.hear.reader` opens one in its turn (`opened`) and hands the adapter the `SocketPieces`, which have no method
that sends. What leaves after the handshake is pong (an answer to ping is the protocol, not speech) and one close frame.

Invariants: no message is lost, doubled or reordered between wire and `next`; above `BUFFER_BYTES` that nobody has taken
the socket is not read, so that the server waits and nothing grows; what is not a frame of RFC 6455, unmasked and
unextended, ends the connection; no line of a log and no error holds a byte of what came or of the address.

picows does the framing, because Python does it a tenth as fast (measured 2026-11-24). It is given a connected socket
of ours, no proxy, no redirect and a logger that is off; its own connecting is not used.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import anyio
from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSHandshakeError,
    WSInvalidURL,
    WSListener,
    WSMsgType,
    WSParsedURL,
    WSProtocolError,
    WSTransport,
    ws_connect,
)

from listener.errors import DocumentRefused, RequestRefused, SourceError, SourceUnavailable
from listener.hear.dialing import Dialer
from listener.hear.guard import AddressRefused, Target
from listener.hear.reads import Meter

BUFFER_BYTES: Final = 4 * 2**20
"""Chosen: what may wait to be taken before the socket is no longer read; six thousand frames of a firehose."""

_MESSAGE_BYTES: Final = 64
"""What a message costs beside its bytes: an object and a place in a list."""

READ_BYTES: Final = 65_536
"""Chosen: most that is taken off the wire at once, so about a hundred frames come in one batch."""

CLOSING_S: Final = 1.0
"""Chosen: longest wait for the socket to be gone; it is only ever the loop that has to come round."""

FAILURES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (WSHandshakeError, "does not open a WebSocket"),
    (WSProtocolError, "broke the WebSocket protocol"),
    (WSInvalidURL, "has an address that cannot be parsed"),
    (WSError, "cannot be listened to"),
    (TimeoutError, "did not answer in time"),
    (OSError, "cannot be reached (name, connection or certificate)"),
    (UnicodeError, "cannot be reached (name, connection or certificate)"),  # a name that IDNA cannot encode
)
"""What is said of a host for each error of picows, most specific first. A test walks picows's exceptions."""

Fault = Literal["closed", "broken", "invalid", "too_large", "silent"]

_SAID: Final[Mapping[Fault, str]] = {
    "closed": "closed the connection",
    "broken": "broke the connection",
    "invalid": "broke the WebSocket protocol",
    "silent": "said nothing for too long",
}

_CODES: Final[Mapping[Fault, WSCloseCode]] = {
    "invalid": WSCloseCode.PROTOCOL_ERROR,
    "too_large": WSCloseCode.MESSAGE_TOO_BIG,
}

_SWITCHING: Final = 101

_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY

_SILENT: Final = logging.Logger("picows", logging.CRITICAL + 1)  # noqa: LOG001  nobody can turn it on by name
"""Not in the tree of loggers: at its most talkative picows writes whole handshakes."""


class HandshakeAnswered(Exception):
    """
    The server answered the handshake as any request; raised by `opened`, judged by the reader.

    Args:
        status: Of the answer.
        headers: Names in lower case.
    """

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        self.status, self.headers = status, headers
        super().__init__(status)


class Ear(WSListener):
    """
    What picows calls for each frame. Everything happens in the loop; nothing waits here.

    Args:
        most_bytes: Of one message.
    """

    def __init__(self, most_bytes: int) -> None:
        self.messages: list[bytes] = []
        self.bytes = 0  # taken off the wire so far, without the longer forms of frame headers
        self.fault: Fault | None = None
        self.most_bytes = most_bytes
        self._taken = 0
        self._parts: bytearray | None = None  # of a message that comes in fragments
        self._usual = True  # no fragments are open and nothing has ended
        self._paused = False
        self._choked = False
        self._owed: bytes | None = None
        self._transport: WSTransport | None = None
        self._waiter: asyncio.Future[None] | None = None

    # ------------------------------------------------------------------------------------------------- picows

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind, size = frame.msg_type, frame.payload_size
        self.bytes += size + 2
        if (
            (kind is _TEXT or kind is _BINARY)
            and self._usual
            and frame.fin
            and size <= self.most_bytes
            and not (frame.rsv1 or frame.rsv2 or frame.rsv3)
        ):
            self.messages.append(frame.get_payload_as_bytes())
        elif self.fault is None:
            self._unusual(transport, frame)
        if frame.last_in_buffer:
            self._read_on(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._over("broken")

    def pause_writing(self) -> None:
        self._choked = True

    def resume_writing(self) -> None:
        self._choked = False
        if self._owed is not None and self._transport is not None:
            owed, self._owed = self._owed, None
            self._transport.send_pong(owed)

    # ------------------------------------------------------------------------------------------------- frames

    def _unusual(self, transport: WSTransport, frame: WSFrame) -> None:
        """
        A frame that is not a whole message. Source: RFC 6455, sections 5.2, 5.4 and 5.5.
        """
        kind = frame.msg_type
        if frame.rsv1 or frame.rsv2 or frame.rsv3:  # of extensions, and none was offered
            self._hang_up(transport, "invalid")
        elif kind is WSMsgType.PING:
            self._answer(transport, frame.get_payload_as_bytes())
        elif kind is WSMsgType.CLOSE:
            self._hang_up(transport, "closed")
        elif kind is not WSMsgType.PONG:
            self._join(transport, frame, opens=kind is not WSMsgType.CONTINUATION)

    def _answer(self, transport: WSTransport, ping: bytes) -> None:
        """
        Pong. To a server that does not take what we send, only the latest is owed (RFC 6455, section 5.5.3), or a flood
        of pings would fill our memory.
        """
        if self._choked:
            self._owed = ping
        else:
            transport.send_pong(ping)

    def _join(self, transport: WSTransport, frame: WSFrame, *, opens: bool) -> None:
        if opens != (self._parts is None):  # a message within another, or the rest of none
            self._hang_up(transport, "invalid")
            return
        parts = self._parts = bytearray() if self._parts is None else self._parts
        self._usual = False
        if len(parts) + frame.payload_size > self.most_bytes:
            self._hang_up(transport, "too_large")
            return
        parts += frame.get_payload_as_bytes()
        if frame.fin:
            self.messages.append(bytes(parts))
            self._parts, self._usual = None, True

    def _hang_up(self, transport: WSTransport, fault: Fault) -> None:
        self._over(fault)
        transport.send_close(_CODES.get(fault, WSCloseCode.OK))
        transport.disconnect()

    def _over(self, fault: Fault) -> None:
        """
        Nothing that comes from now on counts.
        """
        self._usual, self._parts = False, None
        self.fault = self.fault or fault
        self._wake()

    # ---------------------------------------------------------------------------------------------- hand-over

    def _read_on(self, transport: WSTransport) -> None:
        """
        All of what was read is parsed: whoever waits may have it, and more is read only while there is room.
        """
        if not self.messages:  # a flood of pings, say: nothing waits to be taken
            self._taken = self.bytes
        waits = self.bytes - self._taken + _MESSAGE_BYTES * len(self.messages)
        if waits > BUFFER_BYTES and not self._paused:
            self._paused = True
            transport.underlying_transport.pause_reading()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, most_s: float) -> None:
        """
        Until something came, be it a ping, or so long.
        """
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        alarm = loop.call_later(most_s, self._over, "silent")
        try:
            await self._waiter
        finally:
            alarm.cancel()
            self._waiter = None

    def take(self) -> list[bytes]:
        """
        All that waits; there is room again.
        """
        messages, self.messages = self.messages, []
        self._taken = self.bytes
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.underlying_transport.resume_reading()
        return messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Of one WebSocket.

    Args:
        whose: Source and host, for messages.
        idle_s: Longest silence.
        most_bytes: Of one message.
    """

    whose: str
    idle_s: float
    most_bytes: int


class SocketPieces:
    """
    `listener.adapter.Pieces` of a WebSocket: whole messages.
    """

    def __init__(self, ear: Ear, transport: WSTransport, options: Options, *, meter: Meter) -> None:
        self._ear, self._transport, self._options, self._meter = ear, transport, options, meter
        self._counted = 0

    def __repr__(self) -> str:
        return "SocketPieces()"

    @property
    def headers(self) -> Mapping[str, str]:
        """
        Of the answer to the handshake; names in lower case.
        """
        said = self._transport.response.headers
        return {name.lower(): ", ".join(said.getall(name)) for name in said}

    async def next(self) -> Sequence[bytes]:
        """
        See `listener.adapter.Pieces.next`. What came before the end is given before the end is told.
        """
        ear = self._ear
        while not ear.messages:
            if ear.fault is not None:
                raise await self._ended(ear.fault)
            await ear.wait(self._options.idle_s)
        self._meter.bytes += ear.bytes - self._counted
        self._counted = ear.bytes
        return ear.take()

    async def _ended(self, fault: Fault) -> SourceError:
        """
        What the end means. What picows itself objected to, it tells only here.
        """
        if fault == "broken":
            try:
                await self._transport.wait_disconnected()
            except WSProtocolError as error:
                fault = "too_large" if error.code == WSCloseCode.MESSAGE_TOO_BIG else "invalid"
        whose, most_bytes = self._options.whose, self._options.most_bytes
        if fault == "too_large":
            return DocumentRefused(
                f"{whose} sent a message larger than {most_bytes} bytes", reason="too_large"
            )
        return SourceUnavailable(f"{whose} {_SAID[fault]}")

    async def aclose(self) -> None:
        """
        The connection ends, at once and with a close frame.
        """
        self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect(graceful=False)
        await _gone(self._transport)


# --------------------------------------------------------------------------------------------------- opening


async def opened(
    target: Target,
    headers: Mapping[str, str],
    options: Options,
    *,
    dialer: Dialer,
    tls: ssl.SSLContext,
    meter: Meter,
) -> SocketPieces:
    """
    A WebSocket after its handshake; the caller's to close. Cancelled, it leaves nothing behind.

    Args:
        target: A ws or wss address.
        headers: All that is said beside the handshake itself.
        options: See there.
        dialer: Connects.
        tls: For wss; verifies.
        meter: Told of what comes.

    Raises:
        RequestRefused: the guard let no address of the host be connected to, or the address cannot be sent as it is.
        HandshakeAnswered: the server answered with another status.
        SourceUnavailable: no connection, or nobody who speaks the protocol.
    """
    ear, secure = Ear(options.most_bytes), target.scheme == "wss"
    try:
        line = await dialer.connected(target.host, target.url.port or (443 if secure else 80))
        opening = asyncio.ensure_future(_connected(ear, line, target, headers, tls if secure else None))
        return SocketPieces(ear, await _shaken(opening, line), options, meter=meter)
    except AddressRefused as error:
        raise RequestRefused(f"{options.whose} was not asked: {error}") from None
    except tuple(kind for kind, _ in FAILURES) as error:
        raise SourceUnavailable(f"{options.whose} {failed_because(error)}") from None


def failed_because(error: Exception) -> str:
    """
    What a failure of picows or of the line means; never its own message, which may hold what a server said.
    """
    return next(meaning for kind, meaning in FAILURES if isinstance(error, kind))


async def _connected(
    ear: Ear, line: socket.socket, target: Target, headers: Mapping[str, str], tls: ssl.SSLContext | None
) -> WSTransport:
    """
    Raises:
        RequestRefused: picows parses the address itself, and would send another.
        ConnectionResetError: the server closed before it answered, of which picows makes no error.
    """

    def hand_over(parsed: WSParsedURL) -> socket.socket:
        if (parsed.resource_name, parsed.is_secure) != (_resource(target), tls is not None):
            line.close()
            raise RequestRefused("the address holds what a WebSocket handshake does not carry unchanged")
        return line

    transport, listener = await ws_connect(
        lambda _request, _response: ear,
        str(target.url),
        ssl_context=tls,
        websocket_handshake_timeout=None,  # the reader's deadline is the only clock
        logger_name=_SILENT,
        enable_auto_pong=False,  # a ping is a sign of life, so the ear wants to hear it
        max_frame_size=ear.most_bytes,
        extra_headers=dict(headers),
        max_redirects=0,
        proxy=None,
        read_buffer_init_size=READ_BYTES,
        socket_factory=hand_over,
        use_aiofastnet=False,
    )
    if listener is None:
        raise ConnectionResetError
    return transport


async def _shaken(opening: asyncio.Future[WSTransport], line: socket.socket) -> WSTransport:
    """
    What `_connected` gives; if that is nothing, or if we are cancelled, the line is dead.
    """
    try:
        transport = await asyncio.shield(opening)  # cancelled, `ws_connect` would leave its connection behind
        _nothing_extra(transport)
    except WSHandshakeError as error:
        await _given_up(opening, line)
        status, told = _head(error.raw_header or b"")
        if status in {0, _SWITCHING}:
            raise
        raise HandshakeAnswered(status, told) from None
    except BaseException:
        await _given_up(opening, line)
        raise
    return transport


async def _gone(transport: WSTransport) -> None:
    """
    The socket is closed; what picows has to say of that is heard and dropped, or asyncio would log it.
    """
    with anyio.move_on_after(CLOSING_S, shield=True), suppress(Exception):
        await transport.wait_disconnected()


async def _given_up(opening: asyncio.Future[WSTransport], line: socket.socket) -> None:
    """
    End an attempt from outside: the line is dead, so picows finds out, tidies up and returns.
    """
    with suppress(OSError):  # it is closed already
        line.shutdown(socket.SHUT_RDWR)
    with anyio.move_on_after(CLOSING_S, shield=True):
        await asyncio.wait([opening])
    if not opening.done():
        opening.cancel()
    elif opening.exception() is None:
        opening.result().disconnect(graceful=False)
        await _gone(opening.result())


def _resource(target: Target) -> str:
    query = str(target.url).partition("?")
    return (target.path or "/") + query[1] + query[2]


def _nothing_extra(transport: WSTransport) -> None:
    """
    Raises:
        WSError: the server chose an extension or a protocol, and none was offered (RFC 6455, section 4.1).
    """
    if {"sec-websocket-extensions", "sec-websocket-protocol"} & {
        name.lower() for name in transport.response.headers
    }:
        raise WSError("chose what was not offered")


def _head(raw: bytes) -> tuple[int, dict[str, str]]:
    """
    Status and headers of an answer that is no handshake; 0 where it is not HTTP. Read here, because picows does not
    tell a status that the standard library has no name for.
    """
    first, *lines = raw.split(b"\r\n")
    status = re.match(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: |$)", first)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            key, told = name.strip().lower(), value.strip()
            headers[key] = f"{headers[key]}, {told}" if key in headers else told
    return (0 if status is None else int(status[1])), headers
