"""What one read may cost: time, bytes, memory."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import httpx
import pytest

from listener.adapter import Reach
from listener.clock import SystemClock
from listener.errors import DocumentRefused, SourceUnavailable
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web
from listener.hear.transport import MEMBERS_MOST, Gunzip
from tests.fakes.loopback import LOOPBACK, Said, answer, loopback

pytestmark = pytest.mark.anyio

HERE = (Reach("127.0.0.1"),)
MOST = 100_000
Writing = Callable[[asyncio.StreamWriter], Awaitable[None]]


def web(*, deadline_s: float = 5.0, max_bytes: int = MOST) -> Web:
    """A web with small caps."""
    limits = ReaderLimits(deadline_s=deadline_s, max_bytes=max_bytes)
    pace = Pace(0.0, frozenset())
    return Web(clock=SystemClock(), pace=pace, user_agent="civic-listener/0", limits=limits, allow=LOOPBACK)


async def refusal(said: Said, *, closes: bool = True) -> DocumentRefused:
    """What is raised by reading that answer, once its connection is closed (one whose body is all here is kept)."""
    async with loopback(lambda asked: said) as server, web() as open_web:
        with pytest.raises(DocumentRefused) as raised:
            await open_web.reader("blog", HERE).read(server.at("/feed?key=1"))
        if closes:
            await server.until_closed()
    return raised.value


def chunked(*pieces: bytes, headers: str = "") -> Writing:
    """An answer that tells no length, and ends."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n{headers}\r\n".encode())
        for piece in (*filter(None, pieces), b""):
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        try:
            await writer.drain()
        except ConnectionError:
            return

    return write


async def test_a_declared_length_over_the_cap_is_refused_before_the_body_is_read() -> None:
    """The server is still waiting to send it when the connection is closed."""
    said = b"HTTP/1.1 200 OK\r\ncontent-length: 100001\r\n\r\n"
    refused = await refusal(said)

    assert refused.reason == "too_large"
    assert str(refused) == "blog: the answer is larger than 100000 bytes; raise the limit if that is right"


@pytest.mark.parametrize("length", ["9" * 18, "100001"])
async def test_a_length_of_any_size_is_understood(length: str) -> None:
    """A number too large to be one is too large."""
    refused = await refusal(f"HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n".encode())

    assert refused.reason == "too_large"


async def test_an_undeclared_body_over_the_cap_is_refused_on_the_way() -> None:
    """Plain, and compressed data that hardly shrinks."""
    noise = b"".join(zlib.crc32(number.to_bytes(4, "big")).to_bytes(4, "big") for number in range(40_000))
    plain = await refusal(chunked(b"x" * MOST, b"x"), closes=False)
    packed = await refusal(
        chunked(gzip.compress(noise, 1, mtime=0), headers="content-encoding: gzip\r\n"), closes=False
    )

    assert [plain.reason, packed.reason] == ["too_large", "too_large"]


@pytest.mark.parametrize("body", [b"x" * MOST, b"", b"x"])
async def test_a_body_up_to_the_cap_is_read(body: bytes) -> None:
    """To the byte, plain and compressed."""
    whole = chunked(gzip.compress(body, mtime=0), headers="content-encoding: gzip\r\n")
    answers: Iterator[Said] = iter([answer(200, body), whole, chunked(body)])
    async with loopback(lambda asked: next(answers)) as server, web() as open_web:
        reader = open_web.reader("blog", HERE)
        bodies = [(await reader.read(server.at("/feed"))).body for _ in range(3)]

    assert bodies == [body, body, body]


def test_a_bomb_is_noticed_a_step_after_the_cap() -> None:
    """Not a slice of the wire later, which may decode to a megabyte."""
    wire = gzip.compress(bytes(10_000_000), mtime=0)
    gunzip = Gunzip(10_000, source="blog")
    tracemalloc.start()
    try:
        with pytest.raises(DocumentRefused):
            gunzip.feed(wire)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak_bytes < 300_000


async def test_a_bomb_is_refused_within_a_few_megabytes() -> None:
    """200 MB in 0.2 MB: refused at a cap of 1 MB with a peak near the cap."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    megabyte = bytes(2**20)
    bomb = b"".join([packer.compress(megabyte) for _ in range(200)] + [packer.flush()])
    said = answer(200, bomb, content_encoding="gzip")
    async with loopback(lambda asked: said) as server, web(max_bytes=2**20) as open_web:
        reader = open_web.reader("blog", HERE)
        tracemalloc.start()
        try:
            with pytest.raises(DocumentRefused) as raised:
                await reader.read(server.at("/feed"))
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert raised.value.reason == "too_large"
    assert len(bomb) < 220_000
    assert peak_bytes < 4 * 2**20


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "compress"])
async def test_an_encoding_that_was_not_offered_is_refused(encoding: str) -> None:
    """Only gzip is offered, because only its decoder is bounded."""
    refused = await refusal(answer(200, b"x", content_encoding=encoding), closes=False)

    assert refused.reason == "bad_encoding"
    assert str(refused) == "blog: the answer is encoded in a way that was not offered"


@pytest.mark.parametrize(
    "body", [b"not gzip at all", gzip.compress(b"x" * 1000, mtime=0)[:-9], gzip.compress(b"x", mtime=0)[:5]]
)
async def test_a_body_that_is_not_wholly_gzip_is_no_answer(body: bytes) -> None:
    """Wrong and truncated alike: asked again later."""
    async with (
        loopback(lambda asked: answer(200, body, content_encoding="gzip")) as server,
        web() as open_web,
    ):
        with pytest.raises(SourceUnavailable, match="cannot be decompressed"):
            await open_web.reader("blog", HERE).read(server.at("/feed"))


@pytest.mark.parametrize("tail", [b"", b"\0" * 9, b"garbage"])
@pytest.mark.parametrize("step", [1, 7, 1_024, 10**6])
def test_gzip_is_undone_however_it_is_cut(tail: bytes, step: int) -> None:
    """Two members, padding after them, and any cut of the wire give the same document."""
    whole = b"".join(number.to_bytes(4, "big") for number in range(60_000)) + bytes(300_000)
    wire = gzip.compress(whole[:1000], mtime=0) + gzip.compress(whole[1000:], mtime=0) + tail
    gunzip = Gunzip(len(whole), source="blog")
    for start in range(0, len(wire), step):
        gunzip.feed(wire[start : start + step])

    assert gunzip.finish() == whole


def test_very_many_members_are_refused() -> None:
    """They would cost time and decode to nothing."""
    gunzip = Gunzip(MOST, source="blog")
    gunzip.feed(gzip.compress(b"", mtime=0) * MEMBERS_MOST)
    with pytest.raises(DocumentRefused, match="very many parts"):
        gunzip.feed(gzip.compress(b"", mtime=0))


def test_a_bomb_of_zeros_ends_where_the_document_does() -> None:
    """One byte less of cap and the same bytes are refused."""
    wire = gzip.compress(bytes(5_000_000), mtime=0)
    enough, short = Gunzip(5_000_000, source="blog"), Gunzip(4_999_999, source="blog")
    enough.feed(wire)
    with pytest.raises(DocumentRefused):
        short.feed(wire)

    assert len(enough.finish()) == 5_000_000


async def test_a_slow_drip_ends_at_the_deadline() -> None:
    """A byte every few milliseconds resets no clock: the deadline is for the whole answer."""

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        with suppress(ConnectionError):
            for _ in range(1000):
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)

    async with loopback(lambda asked: drip) as server, web(deadline_s=0.3) as open_web:
        began_s = time.monotonic()
        with pytest.raises(SourceUnavailable, match=r"^blog: 127\.0\.0\.1 did not answer in time$"):
            await open_web.reader("blog", HERE).read(server.at("/feed"))
        took_s = time.monotonic() - began_s
        await server.until_closed()

    assert 0.28 < took_s < 5  # the body would take ten


async def test_hops_share_one_deadline() -> None:
    """Each of them is in time, both together are not."""

    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(answer(302, location="/new"))

    async def late_too(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(answer(204))

    scripts = {"/feed": late, "/new": late_too}
    async with loopback(lambda asked: scripts[asked.target]) as server, web(deadline_s=0.16) as open_web:
        with pytest.raises(SourceUnavailable, match="did not answer in time"):
            await open_web.reader("blog", HERE).read(server.at("/feed"))


async def test_a_silent_server_ends_at_the_deadline() -> None:
    """Also for the httpx door, in httpx's words."""

    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with loopback(lambda asked: silent) as server, web(deadline_s=0.05) as open_web:
        reader = open_web.reader("blog", HERE)
        with pytest.raises(SourceUnavailable, match="did not answer in time"):
            await reader.read(server.at("/feed"))
        with pytest.raises(httpx.ReadTimeout):
            await reader.handle_async_request(httpx.Request("GET", server.at("/feed")))

    assert len(server.asked) == 2


async def test_a_redirects_body_is_not_read() -> None:
    """However long it says it is; the connection is closed and the hop goes on."""

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: /feed\r\ncontent-length: 1000000000\r\n\r\nxxxx")

    scripts: list[Said] = [answer(204), endless]
    async with loopback(lambda asked: scripts.pop()) as server, web() as open_web:
        reply = await open_web.reader("blog", HERE).read(server.at("/old"))

    assert (reply.status, server.opened) == (204, 2)
