"""
The server kit keeps to HTTP when told to, and breaks it exactly as told.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import http.client
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from listener.simulation.server import Fault, Request, Response, Route, Server, http_date, routes, serve
from listener.simulation.server import reset as reset_by
from listener.testing.virtual_clock import START, VirtualClock

pytestmark = pytest.mark.anyio

GET = b"GET /a?b=%C3%A9&&c HTTP/1.1\r\nHost: x\r\nX-Odd:  two  blanks \r\nAccept-Encoding: gzip\r\n\r\n"


async def hello(_request: Request) -> Response:
    """
    A plain answer.
    """
    return Response(headers=(("Content-Type", "text/plain"),), body=b"hello")


def always(response: Response) -> Route:
    """
    A route with one answer.
    """

    async def route(_request: Request) -> Response:
        return response

    return route


async def exchange(server: Server, sent: bytes = GET) -> bytes:
    """
    Everything the server says until it closes; the request asks it to close.
    """
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(sent.replace(b"Host: x\r\n", b"Host: x\r\nConnection: close\r\n"))
    received = b""
    try:
        while part := await reader.read(65_536):
            received += part
    finally:
        writer.close()
    return received


async def test_a_plain_answer_byte_for_byte() -> None:
    """Status line, headers in order, Date by the server's clock, body."""
    async with serve(hello, clock=VirtualClock()) as server:
        received = await exchange(server)

    assert received == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Mon, 05 Jan 2026 12:00:00 GMT\r\n"
        b"Content-Length: 5\r\n\r\nhello"
    )


async def test_requests_are_recorded_verbatim() -> None:
    """Method, target bytes, header case and order, arrival by the shared clock, and the number of the connection."""
    async with serve(hello, clock=VirtualClock()) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(GET + b"POST /next HTTP/1.1\r\nHOST: y\r\nContent-Length: 3\r\n\r\nxyz")
        for _ in range(2):
            await reader.readuntil(b"hello")
        writer.close()
        await exchange(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

    assert server.requests == [
        Request(
            "GET",
            b"/a?b=%C3%A9&&c",
            ((b"Host", b"x"), (b"X-Odd", b"two  blanks"), (b"Accept-Encoding", b"gzip")),
            b"",
            START,
            0,
        ),
        Request("POST", b"/next", ((b"HOST", b"y"), (b"Content-Length", b"3")), b"xyz", START, 0),
        Request("GET", b"/", ((b"Host", b"x"), (b"Connection", b"close")), b"", START, 1),
    ]
    assert (server.requests[0].path, server.requests[0].query) == ("/a", "b=%C3%A9&&c")
    assert (server.requests[0].header("x-odd"), server.requests[0].header("accept")) == ("two  blanks", None)
    assert [request.accepts_gzip for request in server.requests] == [True, False, False]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::1", "localhost", "example.org", ""])
async def test_only_loopback_is_bound(host: str) -> None:
    """Anything but a numeric address in 127.0.0.0/8 is refused before a socket is made."""
    with pytest.raises(ValueError, match=r"127\.0\.0\.0/8"):
        async with serve(hello, host=host):
            pass


async def test_other_loopback_addresses_are_other_hosts() -> None:
    """Two servers on two loopback addresses may share a port."""
    async with serve(hello, host="127.0.0.2") as one, serve(hello, host="127.0.0.3", port=one.port) as two:
        received = [await exchange(server) for server in (one, two)]

    assert two.address == f"http://127.0.0.3:{one.port}"
    assert [part.endswith(b"hello") for part in received] == [True, True]


async def test_routes_prefer_the_exact_and_then_the_longest() -> None:
    """Exact path, longest prefix, else 404."""
    table = {path: always(Response(body=path.encode())) for path in ("/a", "/a/*", "/a/b/*")}
    async with serve(routes(table)) as server:
        bodies = {
            path: (await exchange(server, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())).split(
                b"\r\n\r\n"
            )[1]
            for path in ("/a", "/a?q", "/a/x", "/a/b/c", "/z")
        }

    assert bodies == {"/a": b"/a", "/a?q": b"/a", "/a/x": b"/a/*", "/a/b/c": b"/a/b/*", "/z": b"not found\n"}


async def answered(response: Response, sent: bytes = GET) -> tuple[bytes, bytes]:
    """
    Head and body that a client receives for one answer.
    """
    async with serve(always(response), clock=VirtualClock()) as server:
        head, _, body = (await exchange(server, sent)).partition(b"\r\n\r\n")
    return head, body


async def test_gzip_is_named_and_measured() -> None:
    """The body is compressed, and the length is of what is sent."""
    head, body = await answered(Response(body=b"a" * 1000, gzip=True))

    assert gzip.decompress(body) == b"a" * 1000
    assert f"Content-Encoding: gzip\r\nContent-Length: {len(body)}".encode() in head


@pytest.mark.parametrize("status", [204, 304])
async def test_some_answers_have_no_body(status: int) -> None:
    """204 and 304 carry no body, no length and no encoding, whatever the route said."""
    head, body = await answered(Response(status=status, body=b"not sent", gzip=True))

    assert (body, b"Content-Length" in head, b"Content-Encoding" in head) == (b"", False, False)


async def test_a_stream_is_sent_as_it_comes() -> None:
    """An async iterator becomes chunks with an end."""

    async def events() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        yield b"data: 2\n\n"

    head, body = await answered(Response(body=events()))

    assert b"Transfer-Encoding: chunked" in head
    assert body == b"9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n"


async def test_a_stream_ends_when_the_client_hangs_up() -> None:
    """A silent stream is given up, and cleans up, although it has nothing to send."""
    ended = asyncio.Event()

    async def events() -> AsyncIterator[bytes]:
        try:
            yield b": hello\n\n"
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with serve(always(Response(body=events()))) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(GET)
        await reader.readuntil(b"hello")
        writer.close()
        async with asyncio.timeout(5):
            await ended.wait()


async def test_a_client_that_resets_a_stream_has_hung_up(caplog: pytest.LogCaptureFixture) -> None:
    """The stream is given up like any other, and no task of the server fails over it."""
    ended = asyncio.Event()

    async def events() -> AsyncIterator[bytes]:
        try:
            yield b": hello\n\n"
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with serve(always(Response(body=events()))) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(GET)
        await reader.readuntil(b"hello")
        reset_by(writer)
        async with asyncio.timeout(5):
            await ended.wait()
        for _ in range(20):  # until the task has ended
            await asyncio.sleep(0)
        gc.collect()

    assert caplog.records == []


async def test_sent_is_told_only_of_whole_answers() -> None:
    """What was cut did not arrive, and is not counted as shown."""
    told: list[str] = []
    whole = Response(body=b"12345", on_sent=lambda: told.append("whole"))
    cut = Response(body=b"12345", fault=Fault(cut_after_bytes=3), on_sent=lambda: told.append("cut"))
    reset = Response(
        body=b"12345", fault=Fault(cut_after_bytes=0, reset=True), on_sent=lambda: told.append("reset")
    )

    bodies = [(await answered(response))[1] for response in (whole, cut)]
    with pytest.raises(ConnectionResetError):
        await answered(reset)

    assert (bodies, told) == ([b"12345", b"123"], ["whole"])


async def test_a_cut_body_is_noticed_by_a_plain_client() -> None:
    """The stated length is not met, which a correct client reports."""

    def read() -> bytes:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read()
        finally:
            connection.close()

    async with serve(always(Response(body=b"12345", fault=Fault(cut_after_bytes=3)))) as server:
        with pytest.raises(http.client.IncompleteRead) as caught:
            await asyncio.to_thread(read)

    assert caught.value.partial == b"123"


@pytest.mark.parametrize("difference", [-2, 7])
async def test_a_wrong_length_is_stated_and_the_connection_ends(difference: int) -> None:
    """The length lies, the body does not, and no further answer can be confused with the rest."""
    head, body = await answered(Response(body=b"12345", fault=Fault(length_off_by=difference)))

    assert f"Content-Length: {5 + difference}".encode() in head
    assert body == b"12345"


async def test_garbage_instead_of_an_answer() -> None:
    """The bytes go out as they are, then nothing."""
    async with serve(always(Response(fault=Fault(garbage=b"\x16\x03\x01")))) as server:
        assert await exchange(server) == b"\x16\x03\x01"


async def test_a_reset_instead_of_an_answer() -> None:
    """The client sees the connection reset, not closed."""
    with pytest.raises(ConnectionResetError):
        await answered(Response(fault=Fault(reset=True)))


async def test_huge_headers() -> None:
    """An extra header of the size asked for."""
    head, body = await answered(Response(body=b"x", fault=Fault(padding_header_bytes=100_000)))

    assert head.endswith(b"X-Padding: " + b"p" * 100_000)
    assert body == b"x"


async def test_delay_and_drip_take_the_time_of_the_clock() -> None:
    """A minute before the first byte and a second before each piece pass on the shared clock, not in the test."""
    clock = VirtualClock()
    fault = Fault(delay_s=60, drip_bytes=2, drip_every_s=1)
    async with serve(always(Response(body=b"12345", fault=fault)), clock=clock) as server, clock.autojump():
        received = await exchange(server)

    assert received.endswith(b"\r\n\r\n12345")
    assert b"Date: Mon, 05 Jan 2026 12:01:00 GMT" in received
    assert clock.monotonic() == 63


async def test_silence_lasts_until_the_client_gives_up() -> None:
    """Nothing is answered, and leaving the block still ends everything."""
    async with serve(always(Response(fault=Fault(silent=True)))) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(GET)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await reader.read(1)
        writer.close()

    assert len(server.requests) == 1


async def test_an_outage_refuses_and_ends_on_the_same_port() -> None:
    """Connections are refused while it lasts, open ones are reset, and afterwards the address is the same."""
    async with serve(hello) as server:
        port = server.port
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(GET)
        await reader.readuntil(b"hello")
        await server.refuse_connections()
        await server.refuse_connections()
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        writer.close()
        refused = server.refusing
        with pytest.raises(ConnectionRefusedError):
            await exchange(server)
        await server.accept_connections()
        received = await exchange(server)

    assert (refused, server.port, received[-5:]) == (True, port, b"hello")
    with pytest.raises(ConnectionRefusedError):
        await exchange(server)


async def test_what_is_no_http_is_told_so() -> None:
    """A client that does not speak HTTP gets 400 and the end of the connection; nothing is recorded."""
    async with serve(hello) as server:
        received = await exchange(server, b"\x16\x03\x01 hello\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert server.requests == []


async def test_dates_are_written_as_http_wants() -> None:
    """Whole seconds, GMT, English names whatever the locale."""
    assert http_date(datetime(2026, 2, 1, 3, 4, 5, 999_999, tzinfo=UTC)) == "Sun, 01 Feb 2026 03:04:05 GMT"


async def test_a_route_that_fails_is_told_at_the_end() -> None:
    """The client gets 500, the server goes on, and leaving the block raises what went wrong."""

    async def broken(_request: Request) -> Response:
        raise KeyError("a fault of the simulator")

    with pytest.raises(ExceptionGroup) as caught:
        async with serve(broken) as server:
            heads = [(await exchange(server))[:25] for _ in range(2)]

    assert heads == [b"HTTP/1.1 500 Internal Ser"] * 2
    assert [type(error) for error in caught.value.exceptions] == [KeyError, KeyError]
