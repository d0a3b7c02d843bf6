"""
A WebSocket server written by hand, byte for byte, on 127.0.0.1: it can break every rule of RFC 6455, and it keeps all
that comes after the handshake.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

TEXT: Final = 0x1
BINARY: Final = 0x2
CONTINUATION: Final = 0x0
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(
    payload: bytes = b"", kind: int = TEXT, *, fin: bool = True, rsv: int = 0, mask: bool = False
) -> bytes:
    """
    One frame as a server sends it, or as no server may. Source: RFC 6455, section 5.2.
    """
    size = len(payload)
    first = (0x80 if fin else 0) | rsv << 4 | kind
    bit = 0x80 if mask else 0
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 65_536:
        head = bytes((first, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, bit | 127)) + size.to_bytes(8, "big")
    return head + (b"\0\0\0\0" if mask else b"") + payload


def closing(code: int, reason: str = "") -> bytes:
    """
    A close frame.
    """
    return frame(code.to_bytes(2, "big") + reason.encode(), CLOSE)


def switched(head: bytes, **headers: str) -> bytes:
    """
    The answer that a handshake asks for.
    """
    key = next(
        line.split(b":", 1)[1].strip()
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key:")
    )
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()).encode()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n" + more + b"\r\n"
    )


def frames_in(data: bytes) -> list[tuple[int, bytes]]:
    """
    Kind and payload of every frame a client sent; each has to be masked.
    """
    found = []
    at = 0
    while at < len(data):
        kind, size = data[at] & 0x0F, data[at + 1]
        assert size & 0x80, "a client masks what it sends"
        size, at = size & 0x7F, at + 2
        assert size < 126, "nothing a listener sends is as long"
        mask, payload = data[at : at + 4], data[at + 4 : at + 4 + size]
        found.append((kind, bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))))
        at += 4 + size
    return found


@dataclass(slots=True)
class Talk:
    """
    One connection, as the server sees it.

    Args:
        head: The request.
        heard: All that came after it.
        closed: The client is gone.
    """

    head: bytes
    writer: asyncio.StreamWriter
    heard: bytearray = field(default_factory=bytearray)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def say(self, *pieces: bytes) -> None:
        """
        These bytes, as they are.
        """
        for piece in pieces:
            self.writer.write(piece)
        await self.writer.drain()


@dataclass(slots=True)
class Talker:
    """
    A running server.
    """

    port: int = 0
    scheme: str = "ws"
    talks: list[Talk] = field(default_factory=list)

    def at(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        """
        An address on this server.
        """
        return f"{self.scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def talker(
    script: Callable[[Talk], Awaitable[None]],
    *,
    tls: ssl.SSLContext | None = None,
    shake: Callable[[bytes], bytes] = switched,
) -> AsyncIterator[Talker]:
    """
    A server that answers the handshake with what `shake` makes of it, and then does what the script says. When the
    script ends the connection stays until the client closes it.
    """
    here = Talker(scheme="ws" if tls is None else "wss")
    tasks: set[asyncio.Task[None]] = set()

    async def hear(talk: Talk, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(65_536):
                talk.heard += piece
        talk.closed.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        hearing: asyncio.Task[None] | None = None
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                talk = Talk(await reader.readuntil(b"\r\n\r\n"), writer)
                here.talks.append(talk)
                await talk.say(shake(talk.head))
                hearing = asyncio.create_task(hear(talk, reader))
                await script(talk)
                await talk.closed.wait()
        except asyncio.CancelledError:
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()
            if hearing is not None:
                await asyncio.gather(hearing, return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
