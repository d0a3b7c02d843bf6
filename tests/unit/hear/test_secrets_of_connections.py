"""
The canary for what stays open and for the exchange: a credential in a header, in the query or in a body, and whatever a
server says to it, stand in no log at any level, no error and nothing that is printed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import anyio
import pytest

from listener.adapter import Reach
from listener.clock import SystemClock
from listener.errors import SourceError
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, ReadOnly, Web
from listener.testing.canary import Canary
from tests.fakes.loopback import LOOPBACK, answer, loopback
from tests.fakes.talker import CLOSE, CONTINUATION, PING, closing, frame, switched, talker

pytestmark = pytest.mark.anyio


@dataclass
class Planted:
    """Markers, and where they go: what we say and what a server says."""

    canary: Canary = field(default_factory=lambda: Canary(seed=4))

    def __post_init__(self) -> None:
        self.header = self.canary.secret("token in a header")
        self.query = self.canary.secret("token in a query")
        self.body = self.canary.secret("password in a body")
        self.said = self.canary.trace("what the server says").encode()

    @property
    def headers(self) -> dict[str, str]:
        """As an adapter would give them."""
        return {"authorization": f"Bearer {self.header}"}

    def path(self, path: str = "/") -> str:
        """With a token in it."""
        return f"{path}?access_token={self.query}"


@asynccontextmanager
async def reading(*exchanges: str) -> AsyncIterator[ReadOnly]:
    """A reader of one source that may reach loopback."""
    web = Web(
        clock=SystemClock(),
        pace=Pace(0.0, frozenset()),
        user_agent="civic-listener/0",
        limits=ReaderLimits(deadline_s=0.5),
        allow=LOOPBACK,
    )
    async with web as open_web:
        yield open_web.reader("source", (Reach("127.0.0.1"),), exchanges=exchanges)


async def shown_by(act: Callable[[], Awaitable[object]]) -> str:
    """Everything an act lets anybody see: its error with all its causes."""
    shown = ""
    try:
        with anyio.move_on_after(1.0):
            await act()
    except SourceError as error:
        shown = "".join(traceback.format_exception(error)) + repr(error)
    gc.collect()  # what asyncio would complain of only then
    await asyncio.sleep(0.05)
    return shown


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Every logger there is, at its most talkative."""
    for name in (None, "asyncio", "aiohttp", "picows", "picows.client"):
        caplog.set_level(1, logger=name)
    logging.getLogger("picows.client").log(1, "a line that is caught")
    assert "a line that is caught" in caplog.text
    return caplog


async def test_sockets_show_nothing(everything_logged: pytest.LogCaptureFixture) -> None:
    """A good connection, every way of breaking the protocol, handshakes that are refused or garbage, and cancelling."""
    here = Planted()
    said = here.said
    shakes: list[Callable[[bytes], bytes]] = [
        switched,
        lambda head: answer(403, said, x=said.decode()),
        lambda head: answer(429, said, x=said.decode()),
        lambda head: b"HTTP/1.1 101 " + said + b"\r\nx: " + said + b"\r\n\r\n",
        lambda head: said + b"\r\n\r\n",
        lambda head: b"HTTP/1.1 200 OK\r\n" + said + b"\r\n\r\n",
        lambda head: b"HTTP/1.1 101 " + said,
        lambda head: switched(head, Sec_WebSocket_Protocol=said.decode()),
    ]
    ends = [
        frame(said, PING) + closing(1000, said.decode()),
        frame(b"\x03" + said, CLOSE),
        frame(said, CONTINUATION),
        frame(said, rsv=7),
        frame(said, mask=True),
        frame(said * 100),
        frame(said, fin=False),
        frame(said[:1], CLOSE),
        frame(b"\x03\xe8\xff" + said, CLOSE),
        b"",
    ]
    shown = []
    for shake, end in [(shake, b"") for shake in shakes[1:]] + [(switched, end) for end in ends]:

        async def speak(talk: object, end: bytes = end) -> None:
            await talk.say(frame(said) + end)  # type: ignore[attr-defined]

        async with talker(speak, shake=shake) as server, reading() as reader:

            async def act(reader: ReadOnly = reader, address: str = server.at(here.path())) -> None:
                options = {"idle_s": 0.3, "most_bytes": 500}
                async with reader.listen(address, headers=here.headers, **options) as pieces:  # type: ignore[arg-type]
                    shown.append(repr(pieces))
                    while True:
                        await pieces.next()

            shown.append(await shown_by(act))
            shown.append(repr(reader))
        heard = server.talks[0].head

    assert here.header.encode() in heard
    assert here.query.encode() in heard
    assert sum("SourceUnavailable" in text for text in shown) >= len(ends)
    assert (
        here.canary.search({"log": everything_logged.text.encode(), "shown": "".join(shown).encode()}) == ()
    )


async def test_streams_show_nothing(everything_logged: pytest.LogCaptureFixture) -> None:
    """A good stream, one that is refused, one that is cut, one that is garbage, one that never starts."""
    here = Planted()
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx: " + here.said + b"\r\n\r\n"
    part = b"%x\r\n%s\r\n" % (len(here.said), here.said)
    scripts = [
        head + part + b"0\r\n\r\n",
        head + part + here.said + b"\r\n\r\n",
        answer(403, here.said),
        answer(429, here.said),
        answer(500, here.said),
        answer(302, location="/" + here.said.decode()),
        answer(200, here.said, content_encoding="br"),
        here.said + b"\r\n\r\n",
        b"",
    ]
    shown = []
    for script in scripts:
        async with loopback(lambda asked, script=script: script) as server, reading() as reader:  # type: ignore[misc]

            async def act(reader: ReadOnly = reader, address: str = server.at(here.path())) -> None:
                async with reader.stream(address, headers=here.headers, idle_s=0.3) as pieces:
                    shown.append(repr(pieces))
                    while True:
                        await pieces.next()

            shown.append(await shown_by(act))
        asked = server.asked[0]

    assert (here.header in str(asked), here.query in str(asked)) == (True, True)
    assert sum("listener.errors." in text for text in shown) == len(scripts)
    assert (
        here.canary.search({"log": everything_logged.text.encode(), "shown": "".join(shown).encode()}) == ()
    )


async def test_exchanges_show_nothing(everything_logged: pytest.LogCaptureFixture) -> None:
    """Traded, refused, held back, redirected, garbage, too large, never answered."""
    here = Planted()
    body = f'{{"password":"{here.body}"}}'.encode()
    scripts = [
        answer(200, here.said),
        *(answer(status, here.said) for status in (400, 401, 403, 429, 500)),
        answer(307, location="/" + here.said.decode()),
        answer(200, here.said * 10_000),
        here.said + b"\r\n\r\n",
        b"",
    ]
    shown = []
    for script in scripts:
        async with loopback(lambda asked, script=script: script) as server:  # type: ignore[misc]
            address = server.at(here.path("/token"))
            async with reading(address) as reader:

                async def act(reader: ReadOnly = reader, address: str = address) -> None:
                    shown.append(repr(await reader.exchange(address, body=body, headers=here.headers)))

                shown.append(await shown_by(act))
                shown.append(await shown_by(partial(reader.exchange, address + "x", body=body)))
        asked = server.asked[0]

    assert (here.header in str(asked), here.query in str(asked)) == (True, True)
    assert sum("listener.errors." in text for text in shown) == 2 * len(scripts) - 1
    assert (
        here.canary.search({"log": everything_logged.text.encode(), "shown": "".join(shown).encode()}) == ()
    )
