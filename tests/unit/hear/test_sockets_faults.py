"""WebSockets whose server breaks the rules, refuses, or goes away: one error of ours each, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest

from listener.adapter import Reach
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
from listener.hear.reader import ReaderLimits, ReadOnly, Web
from tests.fakes.loopback import LOOPBACK, Resolver, answer, loopback
from tests.fakes.talker import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    Talk,
    closing,
    frame,
    frames_in,
    switched,
    talker,
)

pytestmark = pytest.mark.anyio

SECRET = "S3CRET"
LEAK = b"LEAKED-BYTES"
NAMED = (Reach("blog.example"), Reach("127.0.0.1"), Reach("10.0.0.1"), Reach("inside.example"))


@asynccontextmanager
async def reading(*, deadline_s: float = 5.0, pace: Pace | None = None) -> AsyncIterator[ReadOnly]:
    """A reader of one source that may reach loopback; one name leads to an address that is refused."""
    web = Web(
        clock=SystemClock(),
        pace=pace or Pace(0.0, frozenset()),
        user_agent="civic-listener/0",
        limits=ReaderLimits(deadline_s=deadline_s),
        allow=LOOPBACK,
        resolver=Resolver({"blog.example": [["127.0.0.1"]], "inside.example": [["10.0.0.7"]]}),
    )
    async with web as open_web:
        yield open_web.reader("stream", NAMED)


async def listened(
    reader: ReadOnly, address: str, *, most_bytes: int = 1_000
) -> tuple[list[bytes], SourceError]:
    """All that came, and how it ended."""
    got: list[bytes] = []
    with anyio.fail_after(10):
        try:
            async with reader.listen(address, idle_s=5, most_bytes=most_bytes) as pieces:
                while True:
                    got += await pieces.next()
        except SourceError as error:
            return got, error


def shown(error: BaseException) -> str:
    """All a log could ever show of it."""
    return "".join(traceback.format_exception(error))


def sending(*pieces: bytes, hang_up: bool = False) -> Callable[[Talk], Awaitable[None]]:
    """A script that says this, and perhaps closes without a word."""

    async def speak(talk: Talk) -> None:
        await talk.say(*pieces)
        if hang_up:
            await asyncio.sleep(0.05)
            talk.writer.close()

    return speak


def open_sockets() -> int:
    """Descriptors of this process, which holds both ends of every connection."""
    return len(list(Path("/dev/fd").iterdir()))


# ---------------------------------------------------------------------------------------------------------- frames


@pytest.mark.parametrize(
    ("said", "ends", "code"),
    [
        pytest.param(frame(LEAK, mask=True), "broke the WebSocket protocol", 1002, id="masked"),
        pytest.param(frame(LEAK, rsv=4), "broke the WebSocket protocol", 1002, id="compressed"),
        pytest.param(frame(LEAK, rsv=1), "broke the WebSocket protocol", 1002, id="reserved bit"),
        pytest.param(
            frame(LEAK, PING, rsv=2), "broke the WebSocket protocol", 1002, id="reserved bit of a ping"
        ),
        pytest.param(frame(LEAK, 0x3), "broke the WebSocket protocol", 1002, id="unknown kind"),
        pytest.param(frame(LEAK, 0xB), "broke the WebSocket protocol", 1002, id="unknown control"),
        pytest.param(
            frame(LEAK, PING, fin=False), "broke the WebSocket protocol", 1002, id="fragmented ping"
        ),
        pytest.param(frame(b"x" * 126, PING), "broke the WebSocket protocol", 1002, id="long ping"),
        pytest.param(frame(LEAK, CONTINUATION), "broke the WebSocket protocol", 1002, id="rest of nothing"),
        pytest.param(
            frame(LEAK, fin=False) + frame(LEAK),
            "broke the WebSocket protocol",
            1002,
            id="message in a message",
        ),
        pytest.param(b"\x81\x7e\x00\x05abcde", "broke the WebSocket protocol", 1002, id="length not minimal"),
        pytest.param(
            b"\x81\x7f" + b"\xff" * 8, "broke the WebSocket protocol", 1002, id="length beyond reason"
        ),
        pytest.param(frame(b"\x03", CLOSE), "broke the WebSocket protocol", 1002, id="half a close code"),
        pytest.param(closing(1005), "broke the WebSocket protocol", 1002, id="close code that is none"),
        pytest.param(
            frame(b"\x03\xe8\xff", CLOSE), "broke the WebSocket protocol", 1007, id="close without text"
        ),
        pytest.param(closing(1000, "LEAKED-BYTES"), "closed the connection", 1000, id="closed"),
        pytest.param(closing(1008, "LEAKED-BYTES"), "closed the connection", 1000, id="closed for a reason"),
        pytest.param(closing(4000), "closed the connection", 1000, id="closed with a code of its own"),
        pytest.param(frame(b"", CLOSE), "closed the connection", 1000, id="closed without a code"),
    ],
)
async def test_a_frame_that_breaks_the_rules_ends_it(said: bytes, ends: str, code: int) -> None:
    """What came before is given, the server is told with a close frame, and no byte of its own is repeated."""
    async with talker(sending(frame(b"before") + said)) as server, reading() as reader:
        got, error = await listened(reader, server.at(f"/?token={SECRET}"))
        await server.talks[0].closed.wait()

    assert (got, type(error), str(error)) == ([b"before"], SourceUnavailable, f"stream: 127.0.0.1 {ends}")
    assert [(kind, payload[:2]) for kind, payload in frames_in(bytes(server.talks[0].heard))] == [
        (CLOSE, code.to_bytes(2, "big"))
    ]
    assert LEAK.decode() not in shown(error)
    assert SECRET not in shown(error)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(frame(b"x" * 1_001), id="one frame"),
        pytest.param(frame(b"x" * 1_000_000)[:5_000], id="announced"),
        pytest.param(frame(b"x" * 600, fin=False) + frame(b"x" * 401, CONTINUATION), id="in parts"),
        pytest.param(
            frame(b"x" * 999, fin=False) + frame(b"x", CONTINUATION, fin=False) * 9_999, id="in crumbs"
        ),
    ],
)
async def test_a_message_above_the_cap_is_refused(said: bytes) -> None:
    """Whole, announced or in parts; the message says the cap and nothing of what came."""
    async with talker(sending(frame(b"x" * 1_000), said)) as server, reading() as reader:
        got, error = await listened(reader, server.at())
        await server.talks[0].closed.wait()

    assert got == [b"x" * 1_000]
    assert isinstance(error, DocumentRefused)
    assert (error.reason, str(error)) == (
        "too_large",
        "stream: 127.0.0.1 sent a message larger than 1000 bytes",
    )
    assert frames_in(bytes(server.talks[0].heard))[0][1][:2] == (1009).to_bytes(2, "big")


@pytest.mark.parametrize(
    "said", [b"", frame(b"half of it")[:5], b"\x81", frame(b"first part", fin=False)], ids=str
)
async def test_a_connection_that_is_cut_is_told(said: bytes) -> None:
    """Between frames, in the middle of one, or within a message: what was whole is given, the rest is not."""
    async with talker(sending(frame(b"whole"), said, hang_up=True)) as server, reading() as reader:
        got, error = await listened(reader, server.at())

    assert (got, str(error)) == ([b"whole"], "stream: 127.0.0.1 broke the connection")


async def test_a_connection_that_is_reset_is_told() -> None:
    """Broken hard, it is told like one that was closed without a word."""

    async def speak(talk: Talk) -> None:
        await talk.say(frame(b"whole"))
        await asyncio.sleep(0.05)
        talk.writer.transport.abort()

    async with talker(speak) as server, reading() as reader:
        got, error = await listened(reader, server.at())

    assert (got, str(error)) == ([b"whole"], "stream: 127.0.0.1 broke the connection")


async def test_a_flood_of_pings_is_answered_as_far_as_the_server_listens() -> None:
    """A server that pings without reading cannot fill our memory: the latest ping is answered when it reads again."""
    filler = b"p" * 121

    async def speak(talk: Talk) -> None:
        talk.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for start in range(0, 100_000, 1_000):
            await talk.say(
                b"".join(frame(b"%04d" % (n // 100) + filler, PING) for n in range(start, start + 1_000))
            )
        await talk.say(frame(b"after"))
        await asyncio.sleep(0.3)
        talk.writer.transport.resume_reading()  # type: ignore[attr-defined]

    async with (
        talker(speak) as server,
        reading() as reader,
        reader.listen(server.at(), idle_s=5, most_bytes=100) as pieces,
    ):
        got = list(await pieces.next())
        transport = pieces._transport.underlying_transport  # type: ignore[attr-defined]
        unsent = transport.get_write_buffer_size()
        heard = server.talks[0].heard
        with anyio.fail_after(5):
            while not heard or frames_in(bytes(heard[: len(heard) // 131 * 131]))[-1][1] != b"0999" + filler:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    assert got == [b"after"]
    assert unsent < 128 * 1024
    assert {kind for kind, _ in frames_in(bytes(heard[: len(heard) // 131 * 131]))} == {PONG}


# ------------------------------------------------------------------------------------------------------- handshakes


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (answer(400, b"LEAKED-BYTES"), SourceUnavailable, "answered 400; tried again later"),
        (answer(401, b"LEAKED-BYTES"), AccessDenied, "denies access (401); look at credential and terms"),
        (answer(403, b"LEAKED-BYTES"), AccessDenied, "denies access (403); look at credential and terms"),
        (answer(404), SourceUnavailable, "answered 404; tried again later"),
        (answer(410), SourceUnavailable, "answered 410; tried again later"),
        (answer(200, b"LEAKED-BYTES"), SourceUnavailable, "answered 200; tried again later"),
        (
            answer(302, location="ws://127.0.0.1/LEAKED-BYTES"),
            SourceUnavailable,
            "answered 302; tried again later",
        ),
        (answer(503), SourceUnavailable, "answered 503; tried again later"),
        (answer(522, b"LEAKED-BYTES"), SourceUnavailable, "answered 522; tried again later"),
        (b"HTTP/1.0 502 LEAKED-BYTES\r\n\r\n", SourceUnavailable, "answered 502; tried again later"),
    ],
)
async def test_a_handshake_that_is_answered_otherwise_is_judged_like_a_read(
    said: bytes, kind: type[SourceError], told: str
) -> None:
    """The status is told, never a byte of the answer; no redirect is followed."""
    async with talker(sending(), shake=lambda _head: said) as server, reading() as reader:
        got, error = await listened(reader, server.at(f"/?token={SECRET}"))

    assert (got, type(error), str(error)) == ([], kind, f"stream: 127.0.0.1 {told}")
    assert getattr(error, "status", None) in {None, reader.meter.status}
    assert reader.meter.status == int(said[9:12])
    assert LEAK.decode() not in shown(error)
    assert SECRET not in shown(error)
    assert len(server.talks) == 1


@pytest.mark.parametrize(
    ("status", "headers"), [(429, {}), (429, {"retry_after": "7"}), (503, {"retry_after": "7"})]
)
async def test_a_pause_that_is_asked_for_holds_the_host(status: int, headers: dict[str, str]) -> None:
    """A handshake refused for going too fast is a wait, and the next one is not even tried."""
    pace = Pace(0.0, frozenset())
    said = answer(status, **headers)  # type: ignore[arg-type]  # header names
    shake = lambda _head: said  # noqa: E731
    async with talker(sending(), shake=shake) as server, reading(pace=pace) as reader:
        _, error = await listened(reader, server.at())
        held = pace.held_until("127.0.0.1", SystemClock().now())
        again = None if held is None else (await listened(reader, server.at()))[1]

    assert isinstance(error, RateLimited)
    assert error.wait_s == (7.0 if headers else None)
    assert (held is not None, isinstance(again, RateLimited)) == (bool(headers), bool(headers))
    assert len(server.talks) == 1


async def test_a_spent_quota_in_a_good_handshake_holds_the_host() -> None:
    """The connection stands; other requests to the host wait (P28)."""
    pace = Pace(0.0, frozenset())
    shake = lambda head: switched(head, X_RateLimit_Remaining="0", X_RateLimit_Reset="60")  # noqa: E731
    async with (
        talker(sending(frame(b"a")), shake=shake) as server,
        reading(pace=pace) as reader,
        reader.listen(server.at(), idle_s=5, most_bytes=100) as pieces,
    ):
        got = list(await pieces.next())

    assert got == [b"a"]
    assert pace.held_until("127.0.0.1", SystemClock().now()) is not None


@pytest.mark.parametrize(
    "shake",
    [
        lambda _head: b"SSH-2.0-LEAKED-BYTES\r\n\r\n",
        lambda _head: b"\x00\xff" * 1_000 + b"\r\n\r\n",
        lambda _head: b"HTTP/1.1 101 LEAKED-BYTES\r\n\r\n",
        lambda head: switched(head).replace(b"Accept: ", b"Accept: LEAKED-BYTES"),
        lambda head: switched(head).replace(b"websocket", b"LEAKED-BYTES"),
        lambda head: switched(head, content_length="12") + b"LEAKED-BYTES",
        lambda head: switched(head, Sec_WebSocket_Extensions="permessage-deflate"),
        lambda head: switched(head, Sec_WebSocket_Protocol="LEAKED-BYTES"),
        lambda head: switched(head, x="LEAKED-BYTES" * 2_000),
        lambda head: switched(head, **{f"x{n}": "LEAKED-BYTES" for n in range(200)}),
        lambda _head: b"HTTP/1.1 999999 LEAKED-BYTES\r\n\r\n",
        lambda _head: answer(101),
    ],
)
async def test_garbage_for_a_handshake_is_no_websocket(shake: Callable[[bytes], bytes]) -> None:
    """Whatever a server says instead becomes one error of ours that repeats none of it."""
    async with talker(sending(), shake=shake) as server, reading() as reader:
        got, error = await listened(reader, server.at(f"/?token={SECRET}"))
        with anyio.fail_after(5):
            await server.talks[0].closed.wait()

    assert (got, type(error)) == ([], SourceUnavailable)
    assert str(error) == "stream: 127.0.0.1 does not open a WebSocket"
    assert LEAK.decode() not in shown(error)
    assert SECRET not in shown(error)


async def test_a_handshake_that_is_never_finished_ends_at_the_deadline() -> None:
    """Silence, or a head that drips, costs the deadline and no more; the host's turn is given back."""

    async def drip(talk: Talk) -> None:
        for byte in b"HTTP/1.1 101 Switching Protocols\r\n" * 100:
            await talk.say(bytes((byte,)))
            await asyncio.sleep(0.02)

    async with talker(drip, shake=lambda _head: b"") as server, reading(deadline_s=0.3) as reader:
        ends = [(await listened(reader, server.at()))[1] for _ in range(2)]
        for talk in server.talks:
            await talk.closed.wait()

    assert [str(end) for end in ends] == ["stream: 127.0.0.1 did not answer in time"] * 2


async def test_a_server_that_hangs_up_or_is_not_there_is_unavailable() -> None:
    """Closed before an answer, nobody listening, a name without an address."""

    async def hang_up(talk: Talk) -> None:
        talk.writer.close()

    async with talker(hang_up, shake=lambda _head: b"") as server, reading() as reader:
        ends = [(await listened(reader, server.at()))[1]]
    async with reading() as reader:
        ends.append((await listened(reader, server.at()))[1])
    unreachable = "stream: 127.0.0.1 cannot be reached (name, connection or certificate)"

    assert [str(end) for end in ends] == [unreachable, unreachable]
    assert [type(end) for end in ends] == [SourceUnavailable] * 2


# ----------------------------------------------------------------------------------------------------- the guard


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ws://10.0.0.1/", "stream: 10.0.0.1 was not asked: the address is private"),
        ("ws://inside.example/", "stream: inside.example was not asked: the address is private"),
        ("wss://elsewhere.example/", "outside what the source declared"),
        ("http://127.0.0.1/", "only ws and wss addresses"),
        ("wss://user:pw@blog.example/", "user name or password"),
        ("wss://blog.example/a/../b", "dot segments"),
        ("wss://0x7f.1/", "outside what the source declared"),
    ],
)
async def test_the_guard_holds_for_sockets(address: str, told: str) -> None:
    """Private addresses, literal or behind a name, undeclared hosts, other schemes and disguises are refused."""
    async with reading() as reader:
        _, error = await listened(reader, address)

    assert isinstance(error, RequestRefused)
    assert told in str(error)


async def test_an_address_that_would_be_sent_otherwise_is_refused() -> None:
    """The library would drop an empty query; then nothing is sent at all."""
    async with talker(sending()) as server, reading() as reader:
        _, error = await listened(reader, server.at("/subscribe?"))

    assert isinstance(error, RequestRefused)
    assert "unchanged" in str(error)
    assert server.talks == []


async def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says, the connection is made to the server itself."""
    async with loopback(lambda asked: answer(500)) as proxy, talker(sending(frame(b"direct"))) as server:
        for name in ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.at(""))
        async with (
            reading() as reader,
            reader.listen(server.at(), idle_s=5, most_bytes=100) as pieces,
        ):
            got = list(await pieces.next())

    assert (got, proxy.opened) == ([b"direct"], 0)


@pytest.mark.parametrize("name", ["sec-websocket-protocol", "sec-websocket-extensions", "cookie", "x-token"])
async def test_only_headers_that_may_be_said_are_said(name: str) -> None:
    """A protocol or an extension cannot be smuggled into the handshake."""
    async with talker(sending()) as server, reading() as reader:
        with pytest.raises(RequestRefused, match="may not carry the header"):
            async with reader.listen(server.at(), headers={name: "x"}, idle_s=5, most_bytes=100):
                pass

    assert server.talks == []


# ---------------------------------------------------------------------------------------------------- leaving


async def left_behind(act: Callable[[ReadOnly], Awaitable[None]]) -> tuple[int, int]:
    """How many sockets and tasks more there are after an act that is cancelled after a while."""
    async with reading() as reader:
        tasks, sockets = len(asyncio.all_tasks()), open_sockets()
        with anyio.move_on_after(0.2):
            await act(reader)
        await asyncio.sleep(0.1)
        gc.collect()
        return open_sockets() - sockets, len(asyncio.all_tasks()) - tasks


async def test_cancelling_leaves_nothing_open() -> None:
    """While connecting, in the handshake, while waiting, and with a server that floods: no socket, no task, no warning."""

    async def flood(talk: Talk) -> None:
        while True:
            await talk.say(frame(b"x" * 900) * 100)

    async def hold(address: str, reader: ReadOnly) -> None:
        async with reader.listen(address, idle_s=5, most_bytes=1_000) as pieces:
            await pieces.next()
            await anyio.sleep_forever()

    async with (
        talker(sending(), shake=lambda _head: b"HTTP/1.1 101") as unfinished,
        talker(sending()) as silent,
        talker(flood) as flooding,
    ):
        for server in (unfinished, silent, flooding):
            before = len(server.talks)
            sockets, tasks = await left_behind(partial(hold, server.at()))
            with anyio.fail_after(5):
                await server.talks[-1].closed.wait()

            assert len(server.talks) == before + 1
            assert (sockets, tasks) == (0, 0)


@pytest.mark.parametrize("rounds", [0, 2])
async def test_garbage_that_comes_while_we_leave_is_heard_by_nobody(
    rounds: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Cancelled in the very moment in which the handshake fails, nothing of it is left for asyncio to complain of."""
    scope = anyio.CancelScope()

    async def leave(talk: Talk) -> None:
        scope.cancel()
        for _ in range(rounds):
            await asyncio.sleep(0)
        talk.writer.write(b"HTTP/1.1 101 Switching\r\n" + LEAK + b"\r\n\r\n")

    async with talker(leave, shake=lambda _head: b"") as server, reading() as reader:
        with scope:
            await listened(reader, server.at())
        await server.talks[0].closed.wait()
    await asyncio.sleep(0.05)
    gc.collect()

    assert scope.cancelled_caught
    assert caplog.text == ""


async def test_leaving_the_block_closes_at_once() -> None:
    """The socket is gone when the block has ended, not some time later; the server was told."""
    async with talker(sending(frame(b"a"))) as server, reading() as reader:
        async with reader.listen(server.at(), idle_s=5, most_bytes=100) as pieces:
            await pieces.next()
            raw = pieces._transport.underlying_transport.get_extra_info("socket")  # type: ignore[attr-defined]
            assert raw.fileno() >= 0
        gone = raw.fileno()
        await server.talks[0].closed.wait()

    assert gone == -1
    assert [kind for kind, _ in frames_in(bytes(server.talks[0].heard))] == [CLOSE]


async def test_an_error_of_the_consumer_closes_too() -> None:
    """What the block raises passes through as it is."""

    class Ours(Exception):
        """Not the reader's."""

    async def fail(reader: ReadOnly, address: str) -> None:
        async with reader.listen(address, idle_s=5, most_bytes=100) as pieces:
            await pieces.next()
            raise Ours

    async with talker(sending(frame(b"a", BINARY))) as server, reading() as reader:
        with pytest.raises(Ours):
            await fail(reader, server.at())
        with anyio.fail_after(5):
            await server.talks[0].closed.wait()
