"""
A scripted HTTP server on 127.0.0.1 that keeps what it was sent, byte for byte, and a resolver that says what it is
told. For tests of the reader; a real server in real sockets, without a framework's tidying up.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

LOOPBACK: Final = (ip_network("127.0.0.0/8"),)
"""What the guard must be handed so that a test may connect; there is no switch."""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One request as it came.

    Args:
        line: The request line, such as `GET /feed?x=%7E HTTP/1.1`.
        headers: Lower-case names.
    """

    line: str
    headers: Mapping[str, str]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


Said = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
"""A whole answer, or what writes one."""

Script = Callable[[Asked], Said]


@dataclass(slots=True)
class Loopback:
    """
    A running server.

    Args:
        port: Where it listens.
        asked: Every request so far.
        opened: Connections accepted so far.
        closed: Of these, how many have ended.
        changed: Told after each change of these.
    """

    port: int = 0
    scheme: str = "http"
    asked: list[Asked] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def at(self, path: str, *, host: str = "127.0.0.1") -> str:
        """
        An address on this server.
        """
        return f"{self.scheme}://{host}:{self.port}{path}"

    async def until_closed(self) -> None:
        """
        Every connection that was opened has ended.
        """
        async with self.changed:
            await self.changed.wait_for(lambda: self.closed == self.opened)

    async def until_asked(self, count: int) -> None:
        """
        So many requests have come.
        """
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.asked) >= count)

    async def tell(self) -> None:
        """
        Wake those who wait for a change.
        """
        async with self.changed:
            self.changed.notify_all()


def answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """
    A whole answer; `content_length` and the like become header names. A body's length is told.
    """
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    if status not in {204, 304}:
        told.setdefault("content-length", str(len(body)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body


def zipped(body: bytes, **headers: str) -> bytes:
    """
    A 200 whose body is compressed.
    """
    return answer(200, gzip.compress(body), content_encoding="gzip", **headers)


@asynccontextmanager
async def loopback(
    script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Loopback]:
    """
    A server that answers each request with what `script` gives: bytes, or a function that writes by itself.
    """
    here = Loopback(scheme="http" if tls is None else "https")
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here.opened += 1
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while not writer.is_closing():
                    asked = _asked(await reader.readuntil(b"\r\n\r\n"))
                    here.asked.append(asked)
                    await here.tell()
                    said = script(asked)
                    if isinstance(said, bytes):
                        writer.write(said)
                        await writer.drain()
                    else:
                        await said(writer)
        except asyncio.CancelledError:
            pass
        finally:
            here.closed += 1
            talks.discard(task)
            writer.close()
            await here.tell()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
        for talk in tuple(talks):
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await asyncio.sleep(0)  # let the transports of the closed writers go


def _asked(head: bytes) -> Asked:
    line, *rest = head.decode("utf-8", "surrogateescape").rstrip("\r\n").split("\r\n")
    return Asked(
        line, {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    )


class Resolver(AbstractResolver):
    """
    Says the given addresses of a name, one answer after the other; the last one from then on.

    Args:
        answers: Host name to answers; each answer is a list of IP addresses.
    """

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._answers = {name: list(given) for name, given in answers.items()}
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        given = self._answers.get(host)
        if given is None:
            raise OSError(f"no such name {host}")
        addresses = given.pop(0) if len(given) > 1 else given[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        self.closed = True
