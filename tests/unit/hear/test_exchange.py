"""The one POST: a credential for a token, at exactly the addresses that were declared."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from listener.adapter import Reach, Reply
from listener.clock import SystemClock
from listener.errors import (
    AccessDenied,
    DocumentRefused,
    RateLimited,
    RequestRefused,
    SourceError,
    SourceUnavailable,
)
from listener.hear.pace import Pace
from listener.hear.reader import EXCHANGE_MOST_BYTES, ReaderLimits, ReadOnly, Web
from tests.fakes.loopback import LOOPBACK, answer, loopback

pytestmark = pytest.mark.anyio

SECRET = "S3CRET"
BODY = f'{{"identifier":"city","password":"{SECRET}"}}'.encode()


@asynccontextmanager
async def reading(*exchanges: str, pace: Pace | None = None) -> AsyncIterator[ReadOnly]:
    """A reader of one source that may trade at these addresses and read nothing."""
    web = Web(
        clock=SystemClock(),
        pace=pace or Pace(0.0, frozenset()),
        user_agent="civic-listener/0",
        limits=ReaderLimits(deadline_s=5),
        allow=LOOPBACK,
    )
    async with web as open_web:
        yield open_web.reader("source", (), exchanges=exchanges)


class Post:
    """A server that keeps whole requests, bodies included."""

    def __init__(self, said: bytes) -> None:
        self.said = said
        self.came: list[bytes] = []
        self.port = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Post]:
        """While the block runs."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    def at(self, path: str) -> str:
        """An address here."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        self.came.append(head + await reader.readexactly(length))
        writer.write(self.said)
        await writer.drain()
        writer.close()


async def test_a_credential_is_traded_for_a_token() -> None:
    """One POST with the JSON that was given, and the answer whole; nothing else is said."""
    said = answer(200, b'{"accessJwt":"token"}', content_type="application/json", set_cookie="id=1")
    async with Post(said).serving() as server:
        address = server.at("/xrpc/com.atproto.server.createSession")
        async with reading(address) as reader:
            reply = await reader.exchange(address, body=BODY, headers={"Accept": "application/json"})

    head, _, body = server.came[0].partition(b"\r\n\r\n")
    line, *rest = head.decode().split("\r\n")
    assert reply == Reply(200, {"content-type": "application/json"}, b'{"accessJwt":"token"}', address)
    assert line == "POST /xrpc/com.atproto.server.createSession HTTP/1.1"
    assert {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)} == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "civic-listener/0",
        "accept-encoding": "gzip",
        "accept": "application/json",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
    }
    assert body == BODY
    assert (reader.meter.requests, reader.meter.status) == (1, 200)


async def test_an_empty_body_goes_without_a_type() -> None:
    """A token is refreshed with a header alone; a type without a body is refused by some servers."""
    async with Post(answer(200, b"{}")).serving() as server, reading(server.at("/refresh")) as reader:
        await reader.exchange(server.at("/refresh"), body=b"", headers={"authorization": "Bearer x"})

    head = server.came[0].decode().lower()
    assert "content-type" not in head
    assert "authorization: bearer x\r\n" in head
    assert "content-length: 0\r\n" in head


@pytest.mark.parametrize(
    "path",
    ["/token?", "/token?x=1", "/token#x", "/token/", "/Token", "/%74oken", "/other", "//token", "/token;x"],
)
async def test_only_the_declared_address_word_for_word(path: str) -> None:
    """Whatever differs by a character is refused before a byte leaves."""
    async with Post(answer(200, b"{}")).serving() as server, reading(server.at("/token")) as reader:
        with pytest.raises(RequestRefused, match=r"no declared exchange; nothing was sent$"):
            await reader.exchange(server.at(path), body=BODY)

    assert server.came == []


async def test_what_may_be_read_may_not_be_posted_to() -> None:
    """A reach is for GET; a declared exchange is for POST, and neither stands for the other."""
    async with Post(answer(200, b"{}")).serving() as server, reading(server.at("/token")) as trading:
        reading_only = trading._web.reader("source", (Reach("127.0.0.1"),))
        with pytest.raises(RequestRefused, match="no declared exchange"):
            await reading_only.exchange(server.at("/token"), body=BODY)
        with pytest.raises(RequestRefused, match="outside what the source declared"):
            await trading.read(server.at("/token"))
        async with httpx.AsyncClient(transport=trading) as client:
            with pytest.raises(RequestRefused, match="only reads"):
                await client.post(server.at("/token"), content=BODY)

    assert server.came == []


@pytest.mark.parametrize(
    "body", [b"status=hello", b"{", b"null", b"\xff", b'"' + b"x" * EXCHANGE_MOST_BYTES + b'"'], ids=range(5)
)
async def test_only_a_small_json_document_is_handed_over(body: bytes) -> None:
    """A form, half a document, nothing, or a novel is not a credential."""
    async with Post(answer(200, b"{}")).serving() as server, reading(server.at("/token")) as reader:
        with pytest.raises(RequestRefused, match=r"small JSON document; nothing was sent$"):
            await reader.exchange(server.at("/token"), body=body)

    assert server.came == []


@pytest.mark.parametrize("name", ["content-type", "cookie", "x-http-method-override", "content-length"])
async def test_only_headers_that_may_be_said_are_said(name: str) -> None:
    """As for reads."""
    async with Post(answer(200, b"{}")).serving() as server, reading(server.at("/token")) as reader:
        with pytest.raises(RequestRefused, match="may not carry the header"):
            await reader.exchange(server.at("/token"), body=BODY, headers={name: "x"})

    assert server.came == []


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (answer(307, location="/elsewhere"), SourceUnavailable, "answered 307"),
        (answer(301, location="/elsewhere"), SourceUnavailable, "answered 301"),
        (answer(304), SourceUnavailable, "answered 304"),
        (answer(400, b"S3CRET"), SourceUnavailable, "answered 400"),
        (answer(401, b"S3CRET"), AccessDenied, "denies access (401)"),
        (answer(404, b"S3CRET"), SourceUnavailable, "answered 404"),
        (answer(429, b"S3CRET", retry_after="60"), RateLimited, "asked for a pause"),
        (answer(200, b"S3CRET" * 20_000), DocumentRefused, "larger than 65536 bytes"),
        (b"S3CRET\r\n\r\n", SourceUnavailable, "does not speak HTTP"),
    ],
)
async def test_a_refusal_is_judged_like_a_read_and_repeats_nothing(
    said: bytes, kind: type[SourceError], told: str
) -> None:
    """No redirect is followed, nothing is sent twice, and neither body nor answer stands in the error."""
    async with Post(said).serving() as server, reading(server.at("/token")) as reader:
        with pytest.raises(SourceError) as raised:
            await reader.exchange(
                server.at("/token"), body=BODY, headers={"authorization": f"Bearer {SECRET}"}
            )

    assert isinstance(raised.value, kind)
    assert told in str(raised.value)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert len(server.came) == 1


async def test_an_exchange_takes_its_turn() -> None:
    """While the host is held nothing is traded either."""
    pace = Pace(0.0, frozenset())
    async with (
        loopback(lambda asked: answer(429, retry_after="60")) as server,
        reading(server.at("/token"), pace=pace) as reader,
    ):
        for _ in range(2):
            with pytest.raises(RateLimited):
                await reader.exchange(server.at("/token"), body=b"")

    assert len(server.asked) == 1
