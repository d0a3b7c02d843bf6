"""
A small HTTP/1.1 server on loopback for simulators: it remembers every request verbatim and can misbehave.

Requests are parsed by h11; answers are written by hand, because half of what a simulator is for could not be said
through a library that keeps to the rules. Bodies may be async iterators, so that a stream of events is a route
like any other. Only addresses in 127.0.0.0/8 are ever bound.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network
from typing import Final

import anyio
import h11

from listener.clock import Clock, SystemClock
from listener.simulation.exchange import (
    NO_FAULT,
    Fault,
    Request,
    Response,
    Route,
    TakeOver,
    http_date,
    routes,
)

__all__ = [
    "NO_FAULT",
    "Fault",
    "Request",
    "Response",
    "Route",
    "Server",
    "http_date",
    "reset",
    "routes",
    "serve",
]

_LOOPBACK: Final = IPv4Network("127.0.0.0/8")
_READ_BYTES: Final = 65_536
_MAX_HEADER_BYTES: Final = 65_536
"""Chosen: as much as the common servers take; a client that sends more has a fault worth seeing."""

_BODILESS: Final = frozenset({101, 204, 304})


@dataclass(slots=True)
class Server:
    """
    A running server; made by `serve`.

    Args:
        host: Address in 127.0.0.0/8.
        port: As bound; the same through every outage.
        app: Answers requests; may be replaced while running.
        clock: Whose time is recorded and waited.
        requests: Everything that was asked, in order of arrival.
        connections: How many were opened so far.
        failures: What routes raised.
        tls: What it speaks TLS with; None for plain HTTP.
    """

    host: str
    port: int
    app: Route
    clock: Clock
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    failures: list[Exception] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    _listener: asyncio.Server | None = None
    _placeholder: socket.socket | None = None
    _open: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """
        Such as `http://127.0.0.1:40123`, without a slash at the end.
        """
        return f"{'http' if self.tls is None else 'https'}://{self.host}:{self.port}"

    @property
    def refusing(self) -> bool:
        """
        Whether connections are refused at the moment.
        """
        return self._listener is None

    async def refuse_connections(self) -> None:
        """
        New connections are refused and open ones reset, as when a machine goes down; the port stays ours.
        """
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        self._placeholder = _bound(self.host, self.port)
        await self._drop_connections()

    async def accept_connections(self) -> None:
        """
        The outage is over.
        """
        if self._listener is not None:
            return
        listening = self._placeholder or _bound(self.host, self.port)
        self._placeholder = None
        self.port = listening.getsockname()[1]
        self._listener = await asyncio.start_server(
            self._accept, sock=listening, limit=_READ_BYTES, ssl=self.tls
        )

    async def aclose(self) -> None:
        """
        Nothing listens and nothing runs any more.
        """
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._placeholder is not None:
            self._placeholder.close()
            self._placeholder = None
        await self._drop_connections()

    async def _drop_connections(self) -> None:
        talking = dict(self._open)
        for task, writer in talking.items():
            reset(writer)
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """
        A connection gets a task of its own, which ends with it or with the server.
        """
        task = asyncio.create_task(self._converse(reader, writer, self.connections))
        self.connections += 1
        self._open[task] = writer
        task.add_done_callback(self._open.pop)

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        """
        One connection, request after request.
        """
        pending, goes_on = b"", True
        try:
            while goes_on:
                request, pending = await self._next_request(reader, number, pending)
                if request is None:
                    break
                self.requests.append(request)
                response = await self._routed(request)
                goes_on = await self._answer(request, response, reader, writer)
                if goes_on and response.take_over is not None:
                    await self._hand_over(response.take_over, reader, writer, pending)
                    break
        except h11.RemoteProtocolError:
            refusal = Response(status=400, headers=(("Connection", "close"),))
            writer.write(_head(refusal, 0, self.clock.now()))
        except ConnectionError:
            pass  # the client has gone
        finally:
            writer.close()

    async def _routed(self, request: Request) -> Response:
        """
        What the route answers; a route that fails answers 500, and `serve` raises it when it ends.
        """
        try:
            return await self.app(request)
        except Exception as error:  # noqa: BLE001  told at the end, where the test can see it
            self.failures.append(error)
            return Response(status=500)

    async def _hand_over(
        self,
        take_over: TakeOver,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pending: bytes,
    ) -> None:
        """
        The connection is somebody else's until they are done with it; one who fails leaves a reset behind.
        """
        try:
            await take_over(reader, writer, pending)
        except Exception as error:  # noqa: BLE001  told at the end, where the test can see it
            self.failures.append(error)
            reset(writer)

    async def _next_request(
        self, reader: asyncio.StreamReader, number: int, pending: bytes
    ) -> tuple[Request | None, bytes]:
        """
        The next whole request (None where the client hung up), and what came after it.

        Raises:
            h11.RemoteProtocolError: the client does not speak HTTP.
        """
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEADER_BYTES)
        head: h11.Request | None = None
        body = bytearray()
        at = self.clock.now()
        parser.receive_data(pending or await reader.read(_READ_BYTES))
        while True:
            event = parser.next_event()
            if isinstance(event, h11.Request):
                head, at = event, self.clock.now()
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                headers = tuple(head.headers.raw_items())
                request = Request(head.method.decode("ascii"), head.target, headers, bytes(body), at, number)
                return request, parser.trailing_data[0]
            elif event is h11.NEED_DATA:
                parser.receive_data(await reader.read(_READ_BYTES))
            else:
                return None, b""

    async def _answer(
        self,
        request: Request,
        response: Response,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """
        Send the answer, faults included.

        Returns:
            Whether the connection goes on.
        """
        fault = response.fault
        await self.clock.sleep(fault.delay_s)
        if fault.silent:
            while await reader.read(_READ_BYTES):
                pass
            return False
        if fault.reset and fault.cut_after_bytes is None:
            reset(writer)
            return False
        if fault.garbage is not None:
            writer.write(fault.garbage)
            await writer.drain()
            return False
        whole = await self._send_while_heard(request, response, reader, writer)
        if whole and response.on_sent is not None:
            response.on_sent()
        if not whole and fault.reset:
            reset(writer)
        if response.take_over is not None:
            return whole
        closing = (request.header("connection") or "").lower() == "close" or response.has("connection")
        return whole and not closing and not fault.length_off_by

    async def _send_while_heard(
        self,
        request: Request,
        response: Response,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """
        Send; a streamed body is given up as soon as the client hangs up, even while there is nothing to send.

        Returns:
            False where the body was cut.
        """
        if isinstance(response.body, bytes):
            return await self._send(request, response, writer)
        whole = False
        async with anyio.create_task_group() as both:
            both.start_soon(_cancel_at_hangup, reader, both.cancel_scope)
            with suppress(ConnectionError):
                whole = await self._send(request, response, writer)
            both.cancel_scope.cancel()
        return whole

    async def _send(self, request: Request, response: Response, writer: asyncio.StreamWriter) -> bool:
        """
        Head and body on the wire.

        Returns:
            False where the body was cut.
        """
        bodiless = request.method == "HEAD" or response.status in _BODILESS
        if isinstance(response.body, bytes):
            body = gzip.compress(response.body, mtime=0) if response.gzip else response.body
            writer.write(_head(response, len(body), self.clock.now()))
            chunks, framed = _pieces(b"" if bodiless else body, response.fault.drip_bytes), False
        else:
            writer.write(_head(response, None, self.clock.now()))
            chunks, framed = response.body, True
        if bodiless:
            await writer.drain()
            return True
        return await self._send_body(chunks, response.fault, writer, framed=framed)

    async def _send_body(
        self, chunks: AsyncIterator[bytes], fault: Fault, writer: asyncio.StreamWriter, *, framed: bool
    ) -> bool:
        left = fault.cut_after_bytes
        await writer.drain()
        async with _closing(chunks):
            async for piece in chunks:
                await self.clock.sleep(fault.drip_every_s)
                kept = piece if left is None else piece[:left]
                writer.write(b"%x\r\n%b\r\n" % (len(kept), kept) if framed and kept else kept)
                await writer.drain()
                if left is not None:
                    left -= len(kept)
                    if left <= 0:
                        return False
        if framed:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        return True


@asynccontextmanager
async def serve(
    app: Route,
    *,
    clock: Clock | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Server]:
    """
    A server that listens until the block ends; then every connection is reset and nothing is left running.

    Args:
        app: Answers every request; see `routes` for more than one path.
        clock: Time of the records, delays and Date headers; the system's where None.
        host: Address in 127.0.0.0/8, written as numbers.
        port: 0 for a free one.
        tls: A server's context, for a server that is asked by https.

    Raises:
        ValueError: `host` is not a loopback address.
        OSError: the port is taken.
        ExceptionGroup: at the end, where a route failed.
    """
    if not _is_loopback(host):
        raise ValueError("a simulator listens on 127.0.0.0/8 only")
    server = Server(host, port, app, clock or SystemClock(), tls=tls)
    await server.accept_connections()
    try:
        yield server
    finally:
        await server.aclose()
    if server.failures:
        raise ExceptionGroup("routes of the simulator failed", server.failures)


def _is_loopback(host: str) -> bool:
    try:
        return IPv4Address(host) in _LOOPBACK
    except ValueError:
        return False


def _bound(host: str, port: int) -> socket.socket:
    """
    A socket that holds the port without listening: who connects is refused.
    """
    # The protocol by name, or asyncio leaves Nagle's algorithm on: a TLS handshake would take 40 ms more.
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setblocking(False)
        held.bind((host, port))
    except OSError:
        held.close()
        raise
    return held


def reset(writer: asyncio.StreamWriter) -> None:
    """
    Closed with a TCP reset: nothing lingers, what was not sent is dropped.
    """
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _cancel_at_hangup(reader: asyncio.StreamReader, scope: anyio.CancelScope) -> None:
    with suppress(ConnectionError):  # a reset is one, too
        while await reader.read(_READ_BYTES):
            pass
    scope.cancel()


@asynccontextmanager
async def _closing(chunks: AsyncIterator[bytes]) -> AsyncIterator[None]:
    """
    A body that is a generator runs its own clean-up, however the answer ended.
    """
    try:
        yield
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


def _head(response: Response, length: int | None, at: datetime) -> bytes:
    """
    Status line and headers.

    Args:
        length: Of the body as sent; None for one whose length nobody knows yet.
    """
    headers = list(response.headers)
    if not response.has("date"):
        headers.append(("Date", http_date(at)))
    if response.gzip and response.status not in _BODILESS:
        headers.append(("Content-Encoding", "gzip"))
    if length is None:
        headers.append(("Transfer-Encoding", "chunked"))
    elif response.status not in _BODILESS and not response.has("content-length"):
        headers.append(("Content-Length", str(length + response.fault.length_off_by)))
    if response.fault.padding_header_bytes:
        headers.append(("X-Padding", "p" * response.fault.padding_header_bytes))
    lines = [f"HTTP/1.1 {response.status} {_reason(response.status)}", *(f"{k}: {v}" for k, v in headers)]
    return "\r\n".join([*lines, "", ""]).encode()


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


async def _pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    step = size or max(1, len(body))
    for start in range(0, len(body), step):
        yield body[start : start + step]
