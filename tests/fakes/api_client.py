"""
A small HTTP client for tests: one request, or a stream read block by block, over TCP or a Unix socket.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import orjson
from anyio.abc import ByteStream
from anyio.streams.buffered import BufferedByteReceiveStream
from starlette.applications import Starlette

from listener.tell.api.serve import Listening, serve


@dataclass(frozen=True, slots=True)
class Got:
    """
    A whole answer.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


@asynccontextmanager
async def served(
    app: Starlette, socket_app: Starlette | None = None, *, folder: Path, **options: Any
) -> AsyncIterator[Listening]:
    """
    The applications behind real doors, until the block ends.
    """
    opened = anyio.Event()
    where: list[Listening] = []

    def ready(listening: Listening) -> None:
        where.append(listening)
        opened.set()

    async with anyio.create_task_group() as group:

        async def run() -> None:
            await serve(
                app,
                socket_app or app,
                host="127.0.0.1",
                port=0,
                socket_path=folder / "s",
                ready=ready,
                **options,
            )

        group.start_soon(run)
        await opened.wait()
        yield where[0]
        group.cancel_scope.cancel()


async def get(where: Listening, path: str, **headers: str) -> Got:
    """
    One answer over TCP, the connection closed behind it.
    """
    async with await anyio.connect_tcp(where.host, where.port) as stream:
        return await exchange(stream, f"GET {path} HTTP/1.1", {"host": "127.0.0.1"} | headers)


async def exchange(stream: ByteStream, line: str, headers: dict[str, str], body: bytes = b"") -> Got:
    """
    Send one request and read until the server closes.
    """
    head = [
        line,
        *(f"{key.replace('_', '-')}: {value}" for key, value in headers.items()),
        "connection: close",
    ]
    await stream.send("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
    raw = b""
    async for chunk in stream:
        raw += chunk
    return parse(raw)


def parse(raw: bytes) -> Got:
    """
    The bytes of an answer, chunks joined.
    """
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines[1:])}
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join(_chunks(body))
    return Got(int(lines[0].split()[1]), headers, body)


def _chunks(body: bytes) -> list[bytes]:
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        parts.append(body[:length])
        body = body[length + 2 :]
    return parts


class Listener:
    """
    A client of the stream.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = BufferedByteReceiveStream(stream)
        self._text = b""
        self.head = b""

    async def start(self) -> None:
        """
        Read the head of the answer.
        """
        self.head = await self._stream.receive_until(b"\r\n\r\n", 65536)

    async def block(self) -> dict[str, str]:
        """
        The fields of the next block; comments under the empty name.
        """
        while b"\n\n" not in self._text:
            size = await self._stream.receive_until(b"\r\n", 100)
            if not int(size, 16):
                raise EOFError
            self._text += await self._stream.receive_exactly(int(size, 16))
            await self._stream.receive_exactly(2)
        text, _, self._text = self._text.partition(b"\n\n")
        return dict(line.split(": ", 1) for line in text.decode().split("\n") if line)

    async def event(self) -> tuple[str, str, Any]:
        """
        The next block with data: position, type, event.
        """
        while "data" not in (fields := await self.block()):
            pass
        return fields["id"], fields["event"], orjson.loads(fields["data"])


@asynccontextmanager
async def streaming(
    where: Listening, path: str = "/v1/events/stream", **headers: str
) -> AsyncIterator[Listener]:
    """
    An open stream, its first block still unread.
    """
    async with await anyio.connect_tcp(where.host, where.port) as stream:
        head = {"host": "127.0.0.1"} | headers
        lines = [
            f"GET {path} HTTP/1.1",
            *(f"{key.replace('_', '-')}: {value}" for key, value in head.items()),
        ]
        await stream.send("\r\n".join(lines).encode() + b"\r\n\r\n")
        client = Listener(stream)
        await client.start()
        yield client
