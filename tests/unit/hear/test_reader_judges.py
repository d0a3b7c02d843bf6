"""Errors whose body says what happened: an adapter may judge them, and nothing else of the reader changes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from listener.adapter import Reach
from listener.clock import SystemClock
from listener.errors import AccessDenied, RateLimited, SourceUnavailable
from listener.hear.pace import Pace
from listener.hear.reader import JUDGED_MOST_BYTES, ReaderLimits, Web
from tests.fakes.loopback import LOOPBACK, answer, loopback

pytestmark = pytest.mark.anyio

HERE = (Reach("127.0.0.1"),)


def web() -> Web:
    """A web without spacing."""
    return Web(
        clock=SystemClock(),
        pace=Pace(0.0, frozenset()),
        user_agent="civic-listener/0",
        limits=ReaderLimits(deadline_s=5),
        allow=LOOPBACK,
    )


@pytest.mark.parametrize("status", [400, 402, 403, 429, 503])
async def test_an_error_that_is_judged_comes_back_with_its_body(status: int) -> None:
    """Status, headers and body; the same status is raised where nobody judges it."""
    async with loopback(lambda asked: answer(status, b'{"error":1}')) as server, web() as open_web:
        reader = open_web.reader("channel", HERE)
        reply = await reader.read(server.at("/a"), judges=frozenset({status}))
        with pytest.raises((AccessDenied, RateLimited, SourceUnavailable)):
            await open_web.reader("other", HERE).read(server.at("/a"), judges=frozenset({418}))

    assert (reply.status, reply.body) == (status, b'{"error":1}')


async def test_the_pause_that_a_judged_answer_asks_for_holds_the_host() -> None:
    """The adapter says what it means; the host is left alone for as long as it asked (P15)."""
    said = answer(429, b"{}", retry_after="120")
    async with loopback(lambda asked: said) as server, web() as open_web:
        reader = open_web.reader("channel", HERE)
        before = open_web.clock.now()
        reply = await reader.read(server.at("/a"), judges=frozenset({429}))
        with pytest.raises(RateLimited, match="asked for a pause"):
            await reader.read(server.at("/a"), judges=frozenset({429}))
        held = open_web.pace.held_until("127.0.0.1", before)

    assert (reply.status, len(server.asked)) == (429, 1)
    assert held is not None
    assert timedelta(seconds=119) <= held - before <= timedelta(seconds=125)


async def test_an_error_page_that_is_long_is_not_read() -> None:
    """What says more than 64 KiB is a page for people: the status alone comes back."""
    pages = iter([b"x" * JUDGED_MOST_BYTES, b"x" * (JUDGED_MOST_BYTES + 1)])
    async with loopback(lambda asked: answer(403, next(pages))) as server, web() as open_web:
        reader = open_web.reader("channel", HERE)
        replies = [await reader.read(server.at("/a"), judges=frozenset({403})) for _ in range(2)]

    assert [(reply.status, len(reply.body)) for reply in replies] == [(403, JUDGED_MOST_BYTES), (403, 0)]
