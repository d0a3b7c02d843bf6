"""
Behaviour of the clock that simulated weeks run on.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from listener.clock import Clock
from listener.testing.virtual_clock import START, VirtualClock, everybody_waits

pytestmark = pytest.mark.anyio


Log = list[tuple[str, float]]


async def note(clock: Clock, log: Log, name: str, *delays_s: float) -> None:
    """
    Sleep so long, write it down, and again.
    """
    for delay_s in delays_s:
        await clock.sleep(delay_s)
        log.append((name, clock.monotonic()))


async def test_time_stands_still_until_told() -> None:
    """Real time and other tasks at work move nothing."""
    clock = VirtualClock()

    await asyncio.sleep(0.01)

    assert (clock.now(), clock.monotonic(), clock.next_wake_s) == (START, 0.0, None)


async def test_advance_runs_everybody_in_the_order_of_their_times() -> None:
    """Sleepers wake by time, ties by who slept first, and late-comers within the span are woken too."""
    clock, log = VirtualClock(), Log()
    async with anyio.create_task_group() as group:
        group.start_soon(note, clock, log, "slow", 5.0)
        group.start_soon(note, clock, log, "first", 2.0, 2.0)
        group.start_soon(note, clock, log, "second", 2.0)
        await clock.advance(4.5)
        seen = list(log)
        await clock.advance(0.5)

    assert seen == [("first", 2.0), ("second", 2.0), ("first", 4.0)]
    assert log[3:] == [("slow", 5.0)]
    assert clock.now() == START + timedelta(seconds=5)


async def test_a_sleeper_sees_its_own_time_and_not_the_end_of_the_advance() -> None:
    """What runs at 10 s reads 10 s, although the advance goes on to a day."""
    clock, log = VirtualClock(), Log()
    async with anyio.create_task_group() as group:
        group.start_soon(note, clock, log, "a", 10.0)
        await clock.advance(86_400)

    assert log == [("a", 10.0)]
    assert clock.monotonic() == 86_400


async def test_cancelling_removes_the_sleeper() -> None:
    """Time is not held up, and does not stop, at a place where nobody sleeps any more."""
    clock, log = VirtualClock(), Log()
    async with anyio.create_task_group() as group:
        group.start_soon(note, clock, log, "cancelled", 1.0)
        await everybody_waits()
        group.cancel_scope.cancel()

    assert clock.sleeping == 0
    assert await clock.jump() is False
    assert (log, clock.monotonic()) == ([], 0.0)


async def test_cancelling_one_keeps_the_others_in_order() -> None:
    """The rest of the sleepers wake as if the cancelled one had never slept."""
    clock, log = VirtualClock(), Log()
    async with anyio.create_task_group() as group:
        for delay_s in (3.0, 1.0, 4.0, 2.0):
            group.start_soon(note, clock, log, "kept", delay_s)
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as doomed:
                doomed.start_soon(note, clock, log, "doomed", 0.5)
                await everybody_waits()
                scope.cancel()
        await clock.advance(10)

    assert log == [("kept", 1.0), ("kept", 2.0), ("kept", 3.0), ("kept", 4.0)]


@pytest.mark.parametrize("delay_s", [0.0, -3.0])
async def test_a_sleep_that_is_not_positive_returns_but_lets_others_run(delay_s: float) -> None:
    """Zero and negative delays move no time, yet are a point where others run and cancellation arrives."""
    clock, log = VirtualClock(), Log()
    async with anyio.create_task_group() as group:
        group.start_soon(note, clock, log, "other", 0.0)
        await clock.sleep(delay_s)
        await clock.sleep(delay_s)
        seen = list(log)
        group.cancel_scope.cancel()
        with pytest.raises(asyncio.CancelledError):
            await clock.sleep(delay_s)

    assert seen == [("other", 0.0)]
    assert clock.monotonic() == 0.0


async def test_time_does_not_go_back() -> None:
    """A negative advance is refused and moves nothing."""
    clock = VirtualClock()

    with pytest.raises(ValueError, match="does not go back"):
        await clock.advance(-1)

    assert clock.monotonic() == 0.0


async def test_a_start_needs_a_time_zone() -> None:
    """A naive start would make every comparison of instants fail later."""
    with pytest.raises(ValueError, match="time zone"):
        VirtualClock(datetime(2026, 1, 1))  # noqa: DTZ001  the point of the test


async def test_autojump_runs_a_simulated_week_in_well_under_a_second() -> None:
    """Two pollers, one each minute and one each hour, run a week by themselves."""
    clock, log = VirtualClock(datetime(2026, 3, 1, tzinfo=UTC)), Log()
    began = time.monotonic()
    async with clock.autojump(), anyio.create_task_group() as group:
        group.start_soon(note, clock, log, "hour", *[3600.0] * 168)
        group.start_soon(note, clock, log, "quarter", *[900.0] * 672)

    assert len(log) == 168 + 672
    assert log == sorted(log, key=lambda row: row[1])
    assert clock.now() == datetime(2026, 3, 8, tzinfo=UTC)
    assert time.monotonic() - began < 5


async def test_autojump_waits_for_tasks_at_work() -> None:
    """A task that still computes and yields is not overtaken by the time of a sleeper."""
    clock, log = VirtualClock(), Log()

    async def work() -> None:
        for _ in range(200):
            await asyncio.sleep(0)
        log.append(("work", clock.monotonic()))

    async with clock.autojump(), anyio.create_task_group() as group:
        group.start_soon(note, clock, log, "sleeper", 1.0)
        group.start_soon(work)

    assert log == [("work", 0.0), ("sleeper", 1.0)]


async def test_autojump_does_not_overtake_bytes_on_a_loopback_socket() -> None:
    """A conversation of many round trips ends before a sleeper of one second is woken."""
    clock, log = VirtualClock(), Log()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(50):
            writer.write(b"hello\n")
            await reader.readline()
        log.append(("talk", clock.monotonic()))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, clock.autojump(), anyio.create_task_group() as group:
        group.start_soon(note, clock, log, "sleeper", 1.0)
        group.start_soon(talk, server.sockets[0].getsockname()[1])

    assert log == [("talk", 0.0), ("sleeper", 1.0)]


async def test_held_keeps_time_while_a_thread_works() -> None:
    """Work the event loop cannot see is not overtaken while time is held."""
    clock, log = VirtualClock(), Log()

    async def work() -> None:
        with clock.held():
            await asyncio.to_thread(time.sleep, 0.03)
            log.append(("thread", clock.monotonic()))

    async with clock.autojump(), anyio.create_task_group() as group:
        group.start_soon(work)
        group.start_soon(note, clock, log, "sleeper", 1.0)

    assert log == [("thread", 0.0), ("sleeper", 1.0)]


async def test_a_quiet_time_keeps_time_while_a_thread_works() -> None:
    """With a real quiet time, a thread shorter than it is not overtaken either."""
    clock, log = VirtualClock(), Log()

    async def work() -> None:
        await asyncio.to_thread(time.sleep, 0.01)
        await clock.sleep(0.5)
        log.append(("thread", clock.monotonic()))

    async with clock.autojump(quiet_s=0.08), anyio.create_task_group() as group:
        group.start_soon(work)
        group.start_soon(note, clock, log, "sleeper", 1.0)

    assert log == [("thread", 0.5), ("sleeper", 1.0)]


async def test_timeouts_of_this_clock_fire_in_simulated_time() -> None:
    """A race of a sleeper against never is decided by the sleeper, at its time."""
    clock = VirtualClock()
    async with clock.autojump(), anyio.create_task_group() as group:

        async def deadline() -> None:
            await clock.sleep(30)
            group.cancel_scope.cancel()

        group.start_soon(deadline)
        group.start_soon(anyio.sleep_forever)

    assert clock.monotonic() == 30.0
