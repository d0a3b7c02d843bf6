"""Every foreign error becomes one of ours, once, and takes no address along."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterator

import aiohttp
import httpx
import picows
import pytest

from listener.adapter import Reach
from listener.clock import SystemClock
from listener.errors import SourceError, SourceUnavailable
from listener.hear.handshake import FAILURES, failed_because
from listener.hear.judging import UNAVAILABLE, unavailable_because
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web
from listener.hear.transport import TRANSLATIONS, translated
from tests.fakes.loopback import LOOPBACK, Resolver, loopback

HERE = (Reach("127.0.0.1"),)


def web(resolver: Resolver | None = None) -> Web:
    """A web without spacing."""
    pace = Pace(0.0, frozenset())
    limits = ReaderLimits(deadline_s=5)
    return Web(
        clock=SystemClock(),
        pace=pace,
        user_agent="civic-listener/0",
        limits=limits,
        allow=LOOPBACK,
        resolver=resolver,
    )


def below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    """Every class derived from `kind`, itself left out."""
    for derived in kind.__subclasses__():
        yield derived
        yield from below(derived)


def errors_of(module: object) -> set[type[Exception]]:
    """The exceptions a library exports, warnings left out."""
    exported = (getattr(module, name) for name in dir(module))
    return {
        one
        for one in exported
        if isinstance(one, type) and issubclass(one, Exception) and not issubclass(one, Warning)
    }


def test_every_exception_of_aiohttp_has_a_translation() -> None:
    """Those a request can end with, whether exported or not; the root alone is what nothing else fits."""
    known = tuple(foreign for foreign, _ in TRANSLATIONS)
    # Of aiohttp's WebSockets (ours are picows's) and of reading a stream to its end by hand; and the root.
    elsewhere = {aiohttp.WebSocketError, aiohttp.WSMessageTypeError, aiohttp.EofStream, aiohttp.ClientError}
    found = errors_of(aiohttp) | {
        one for one in below(aiohttp.ClientError) if one.__module__.startswith("aiohttp")
    }

    assert len(found) > 20
    assert {one.__name__ for one in found - elsewhere if not issubclass(one, known)} == set()


def test_every_exception_of_httpx_has_a_meaning() -> None:
    """Those an exchange can end with, and those only a client could raise."""
    known = tuple(kind for kind, _ in UNAVAILABLE)
    found = errors_of(httpx) - {httpx.HTTPError}

    assert len(found) > 20
    assert {one.__name__ for one in found if not issubclass(one, known)} == set()


def test_every_exception_of_picows_has_a_meaning() -> None:
    """Those a handshake or a frame can end with, exported or not, and each says only what we wrote."""
    known = tuple(kind for kind, _ in FAILURES)
    found = errors_of(picows) | {
        one for one in below(Exception) if one.__module__.startswith("picows") and one.__name__[0] != "_"
    }
    made = (one("token=S3CRET", "token=S3CRET") for one in found)
    secret = [error for error in made if isinstance(error, Exception)]

    assert len(found) >= 7
    assert {one.__name__ for one in found if not issubclass(one, known)} == set()
    assert not any("S3CRET" in failed_because(error) for error in secret)


@pytest.mark.parametrize(
    "table", [TRANSLATIONS, UNAVAILABLE, FAILURES], ids=["transport", "reader", "sockets"]
)
def test_the_most_specific_error_comes_first(table: tuple[tuple[type[Exception], object], ...]) -> None:
    """No line is hidden behind an earlier, wider one."""
    kinds = [kind for kind, _ in table]
    hidden = [
        later.__name__
        for place, later in enumerate(kinds)
        for earlier in kinds[:place]
        if issubclass(later, earlier)
    ]

    assert hidden == []


def test_an_unknown_error_is_still_told() -> None:
    """A class that a later version adds ends the read, not the source's task."""

    class NewError(aiohttp.ClientError):
        """Not known today."""

    told = translated(NewError("http://blog.example/?key=secret"))

    assert (type(told), str(told)) == (httpx.TransportError, "NewError")
    assert unavailable_because(RuntimeError("key=secret")) == "cannot be read"


SECRET = "token=S3CRET"
PERSONAL = f"/u/jane?{SECRET}"


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.close()


async def cut(writer: asyncio.StreamWriter) -> None:
    """Close in the middle of a body."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<rss")
    await writer.drain()
    writer.close()


async def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection in the middle of a body."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<rss")
    await writer.drain()
    await asyncio.sleep(0.01)
    writer.transport.abort()


@pytest.mark.anyio
@pytest.mark.parametrize(
    "script",
    [
        hang_up,
        cut,
        reset,
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 999999 What\r\n\r\n",
        b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
    ],
)
async def test_whatever_a_server_says_becomes_an_error_of_ours(script: object) -> None:
    """And no line of its traceback, causes included, holds the query of the address."""
    async with loopback(lambda asked: script) as server, web() as open_web:  # type: ignore[arg-type,return-value]  # bytes or a writer
        with pytest.raises(SourceUnavailable) as raised:
            await open_web.reader("blog", HERE).read(server.at(PERSONAL))

    printed = "".join(traceback.format_exception(raised.value))
    assert str(raised.value).startswith("blog: 127.0.0.1 ")
    assert SECRET not in printed
    assert "jane" not in printed


@pytest.mark.anyio
async def test_a_host_that_cannot_be_reached_becomes_an_error_of_ours() -> None:
    """No such name, nobody listening, a name that no resolver can be asked for."""
    async with loopback(lambda asked: b"") as server:
        pass
    long_name = "a" * 70 + ".example"
    reaches = (*HERE, Reach("nowhere.example"), Reach(long_name))
    addresses = [server.at(f"/?{SECRET}"), f"http://nowhere.example/?{SECRET}"]
    told = []
    async with web(Resolver({})) as open_web:
        for address in addresses:
            with pytest.raises(SourceUnavailable) as raised:
                await open_web.reader("blog", reaches).read(address)
            assert SECRET not in "".join(traceback.format_exception(raised.value))
            told.append(str(raised.value))
    async with web() as open_web:
        with pytest.raises(SourceError):
            await open_web.reader("blog", reaches).read(f"http://{long_name}/?{SECRET}")

    because = "cannot be reached (name, connection or certificate)"
    assert told == [f"blog: 127.0.0.1 {because}", f"blog: nowhere.example {because}"]
