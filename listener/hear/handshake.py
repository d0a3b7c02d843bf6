"""
The handshake of a WebSocket: from a checked address to `listener.hear.sockets.SocketPieces`, or to one error of ours.

`listener.hear.reader` calls `opened` in the turn of the host. `listener.hear.dialing` connects, picows shakes hands on
that line: no proxy, no redirect, no extension, a logger that is off, and its own connecting never used.

Invariants: what was checked is what is sent, or nothing is; an attempt that failed or was cancelled leaves no socket
and no task; no line of a log and no error holds a byte of what a server said or of the address.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import anyio
from picows import (
    WSError,
    WSHandshakeError,
    WSInvalidURL,
    WSParsedURL,
    WSProtocolError,
    WSTransport,
    ws_connect,
)

from listener.errors import RequestRefused, SourceUnavailable
from listener.hear.dialing import Dialer
from listener.hear.guard import AddressRefused, Target
from listener.hear.reads import Meter
from listener.hear.sockets import CLOSING_S, Ear, Options, SocketPieces, gone

READ_BYTES: Final = 65_536
"""
Chosen: what is taken off the wire at once, so about a hundred frames come in one batch. picows doubles its buffer whenever a read
fills it, and a kernel that has waited for a busy loop may hand over megabytes; so on a bare line the kernel may keep no more
than that, either. Under TLS asyncio takes 256 KiB at once, however much there is (`SSLProtocol.max_size`), and the kernel keeps
the window that a distant server needs.
"""

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

_SWITCHING: Final = 101

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
        if not secure:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_BYTES)
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
    What `_connected` gives; if that is nothing, or if we are cancelled, the line is dead. Shielded, so that whatever
    picows still finds out is heard here, and not told by asyncio to a log.
    """
    try:
        transport = await asyncio.shield(opening)
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
        await gone(opening.result())


def _resource(target: Target) -> str:
    query = str(target.url).partition("?")
    return (target.path or "/") + query[1] + query[2]


def _nothing_extra(transport: WSTransport) -> None:
    """
    Raises:
        WSHandshakeError: the server chose an extension or a protocol, and none was offered (RFC 6455, section 4.1).
    """
    if {"sec-websocket-extensions", "sec-websocket-protocol"} & {
        name.lower() for name in transport.response.headers
    }:
        raise WSHandshakeError("chose what was not offered")


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
