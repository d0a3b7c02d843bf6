"""Waiting for one's turn: one in flight per host, spaced, first come first served, and never for long."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from listener.adapter import Reach
from listener.errors import RateLimited
from listener.hear.pace import Pace
from listener.hear.reader import Web
from listener.hear.turns import Turns
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.loopback import LOOPBACK, Asked, answer, loopback

pytestmark = pytest.mark.anyio

HOST = "blog.example"


async def test_requests_to_one_host_start_spaced_and_in_order() -> None:
    """Ten that come together start two seconds apart, each after the one before has ended."""
    clock = VirtualClock()
    turns = Turns(clock, Pace(2.0, frozenset()), most_s=60)
    starts: list[tuple[int, float]] = []
    in_flight = 0

    async def ask(number: int) -> None:
        nonlocal in_flight
        await turns.take(HOST, source=f"blog {number}")
        in_flight += 1
        starts.append((number, clock.monotonic()))
        assert in_flight == 1
        await clock.sleep(0.5 if number != 3 else 5)
        in_flight -= 1
        turns.give_back(HOST)

    async with clock.autojump(), anyio.create_task_group() as group:
        for number in range(6):
            group.start_soon(ask, number)

    assert starts == [(0, 0), (1, 2), (2, 4), (3, 6), (4, 11), (5, 13)]


async def test_hosts_do_not_wait_for_each_other_and_own_hosts_need_no_spacing() -> None:
    """A fault of one host stays there; the organisation's own is only asked one by one."""
    clock = VirtualClock()
    turns = Turns(clock, Pace(2.0, frozenset({"own.example"})), most_s=60)
    for host in ("a.example", "b.example", "own.example", "own.example"):
        await turns.take(host, source="blog")
        turns.give_back(host)

    assert clock.monotonic() == 0


async def test_a_turn_that_is_far_away_is_told_and_not_waited_for() -> None:
    """The sixth in a line of two seconds each would wait longer than nine."""
    clock = VirtualClock()
    turns = Turns(clock, Pace(2.0, frozenset()), most_s=9)
    outcomes: list[float | str | None] = []

    async def ask() -> None:
        try:
            await turns.take(HOST, source="blog")
        except RateLimited as limited:
            outcomes.append(limited.wait_s)
        else:
            await clock.sleep(0.1)
            turns.give_back(HOST)
            outcomes.append("read")

    async with clock.autojump(), anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(ask)

    assert outcomes == [10.0, "read", "read", "read", "read", "read"]


async def test_a_hold_refuses_at_once_and_those_in_line_as_soon_as_it_is_said() -> None:
    """Nobody sleeps for hours in a line; the wait is told, and it ends by itself."""
    clock = VirtualClock()
    pace = Pace(2.0, frozenset())
    turns = Turns(clock, pace, most_s=60)
    told: list[RateLimited] = []

    async def ask() -> None:
        try:
            await turns.take(HOST, source="blog")
        except RateLimited as limited:
            told.append(limited)

    async with clock.autojump():
        await turns.take(HOST, source="first")
        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            group.start_soon(ask)
            await clock.sleep(1)
            pace.hold(HOST, clock.now().replace(hour=15))
            turns.give_back(HOST)
        await ask()
        await clock.sleep(3 * 3600)
        await turns.take(HOST, source="blog")

    waits = [limited.wait_s for limited in told]
    assert str(told[0]) == "blog: blog.example asked for a pause; it goes on by itself"
    assert waits == [pytest.approx(3 * 3600 - 1, abs=2)] * 3


@pytest.mark.parametrize("most_s", [0.02, 60.0])
async def test_one_who_leaves_the_line_leaves_no_trace(most_s: float) -> None:
    """Cancelled or out of patience, waiting for the lock or for the spacing: the next one gets the turn."""
    clock = VirtualClock()
    turns = Turns(clock, Pace(0.015, frozenset()), most_s=most_s)
    await turns.take(HOST, source="first")
    waiting = asyncio.create_task(turns.take(HOST, source="second"))
    await asyncio.sleep(0.05)
    if most_s < 1:
        with pytest.raises(RateLimited, match=r"others of ours are asking blog\.example"):
            await waiting
    else:
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    turns.give_back(HOST)
    spaced = asyncio.create_task(turns.take(HOST, source="third"))
    await asyncio.sleep(0.01)
    spaced.cancel()
    with pytest.raises(asyncio.CancelledError):
        await spaced
    await clock.advance(0.015)
    await turns.take(HOST, source="fourth")
    turns.give_back(HOST)

    assert turns._queues == {}


async def test_every_hop_takes_its_own_turn() -> None:
    """A redirect is another request: it starts a spacing later, and the deadline does not run meanwhile."""
    clock = VirtualClock()
    at: list[float] = []
    steps = {"/feed": answer(301, location="/new"), "/new": answer(204)}

    def script(asked: Asked) -> bytes:
        at.append(clock.monotonic())
        return steps[asked.target]

    async with loopback(script) as server:
        pace = Pace(2.0, frozenset())
        web = Web(clock=clock, pace=pace, user_agent="civic-listener/0", allow=LOOPBACK)
        async with web, clock.autojump():
            reader = web.reader("blog", (Reach("127.0.0.1"),))
            await reader.read(server.at("/feed"))
            await reader.read(server.at("/new"))

    assert at == [0, 2, 4]


async def test_an_own_host_keeps_the_room_its_network_asks_for() -> None:
    """Three requests to an own host whose network sets a limit start as far apart as it says."""
    clock = VirtualClock()
    turns = Turns(clock, Pace(2.0, frozenset({HOST}), least_s={HOST: 1.5}), most_s=60)
    starts = []
    async with clock.autojump():
        for _ in range(3):
            await turns.take(HOST, source="blog")
            starts.append(clock.monotonic())
            turns.give_back(HOST)

    assert starts == [0.0, 1.5, 3.0]
