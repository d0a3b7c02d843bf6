"""
Time that moves only when it is told to, or when nobody has anything else to do: simulated weeks in milliseconds.

Used by tests of everything that takes a `listener.clock.Clock`, ours and those of third-party adapters.

    clock = VirtualClock()
    async with clock.autojump():            # whenever every task waits, jump to whoever wakes first
        await poll_for_a_week(clock)

    clock = VirtualClock()                  # or by hand
    ...
    await clock.advance(3600)               # everybody due within the hour has run, in order of their times
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

START: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""Chosen: a Monday noon, so that a test that means to meet midnight or a weekend has to go there."""


_QUIET_ROUNDS: Final = 16
"""
Chosen: a byte on loopback is there at the next round of the loop, and from there to the task that waits for it
takes a handful of callbacks, each a round.
"""


async def everybody_waits() -> None:
    """
    Every other task of this event loop waits for something, and went on waiting for several rounds of the loop, in
    which bytes on a loopback socket would have arrived. asyncio's own loop only.

    anyio's `wait_all_tasks_blocked` promises less about sockets and sleeps a tenth of a real second whenever it
    finds somebody at work.
    """
    # Whoever can go on stands in the loop's queue; asyncio tells it nowhere else. To ask each task whether what it waits for
    # has happened says the same, and was half the time of a simulated week.
    to_run = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # of BaseEventLoop
    quiet = 0
    while quiet < _QUIET_ROUNDS:
        await asyncio.sleep(0)
        quiet = 0 if to_run else quiet + 1


class VirtualClock:
    """
    A `Clock` without a source of time. Sleepers wake in the order of their times, those of one time in the order in
    which they went to sleep, and one by one: each runs until it waits again before the next is woken.

    Args:
        start: What `now` tells at first; aware.

    Raises:
        ValueError: `start` has no time zone.
    """

    __slots__ = ("_added", "_elapsed_s", "_held", "_order", "_sleepers", "_start_at")

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("the start of a clock has a time zone")
        self._start_at = start.astimezone(UTC)
        self._elapsed_s = 0.0
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self._order = count()
        self._added = anyio.Event()
        self._held = 0

    def now(self) -> datetime:
        return self._start_at + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        """
        Seconds since the start.
        """
        return self._elapsed_s

    async def sleep(self, delay_s: float) -> None:
        if delay_s <= 0:
            await checkpoint()
            return
        sleeper = (self._elapsed_s + delay_s, next(self._order), anyio.Event())
        heapq.heappush(self._sleepers, sleeper)
        self._added.set()
        try:
            await sleeper[2].wait()
        finally:
            self._forget(sleeper)

    @property
    def sleeping(self) -> int:
        """
        How many tasks wait for this clock.
        """
        return len(self._sleepers)

    @property
    def next_wake_s(self) -> float | None:
        """
        Seconds until the first sleeper wakes; None where nobody sleeps.
        """
        return self._sleepers[0][0] - self._elapsed_s if self._sleepers else None

    async def advance(self, delay_s: float) -> None:
        """
        `delay_s` seconds have passed, and everybody who was due meanwhile (late-comers included) has run until it
        waits again.

        Raises:
            ValueError: time does not go back.
        """
        if delay_s < 0:
            raise ValueError("time does not go back")
        end_s = self._elapsed_s + delay_s
        await everybody_waits()
        while self._sleepers and self._sleepers[0][0] <= end_s:
            await self._wake_first()
        self._elapsed_s = end_s

    async def jump(self) -> bool:
        """
        Time has moved to the first sleeper, who has run until it waits again; False where nobody sleeps.
        """
        if not self._sleepers:
            return False
        await self._wake_first()
        return True

    @asynccontextmanager
    async def autojump(self, *, quiet_s: float = 0.0) -> AsyncIterator[None]:
        """
        Inside this block time moves by itself: whenever every task waits, it jumps to the first sleeper.

        Args:
            quiet_s: Real seconds for which everybody must have been waiting. 0 where all that happens, loopback
                sockets included, happens in this event loop; a few hundredths where threads or other processes
                take part, because a task that waits for them cannot be told from one that waits for ever. `held` is
                the exact alternative.
        """
        jumper = asyncio.create_task(self._keep_jumping(quiet_s))
        try:
            yield
        finally:
            jumper.cancel()
            await asyncio.wait([jumper])

    @contextmanager
    def held(self) -> Iterator[None]:
        """
        Time does not jump by itself inside this block: real work is under way that the event loop cannot see.
        """
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._added.set()

    async def _keep_jumping(self, quiet_s: float) -> None:
        while True:
            if not self._sleepers or self._held:
                self._added = anyio.Event()
                await self._added.wait()
            await everybody_waits()
            if quiet_s and not await self._stays_quiet(quiet_s):
                continue
            if self._sleepers and not self._held:
                self._wake()

    async def _stays_quiet(self, quiet_s: float) -> bool:
        """
        Whether nobody went to sleep or woke for so long.
        """
        before = [sleeper[:2] for sleeper in self._sleepers]
        await anyio.sleep(quiet_s)
        await everybody_waits()
        return before == [sleeper[:2] for sleeper in self._sleepers]

    async def _wake_first(self) -> None:
        self._wake()
        await everybody_waits()

    def _wake(self) -> None:
        sleeper = heapq.heappop(self._sleepers)
        self._elapsed_s = max(self._elapsed_s, sleeper[0])
        sleeper[2].set()

    def _forget(self, sleeper: tuple[float, int, anyio.Event]) -> None:
        """
        A sleeper that was cancelled no longer holds a place in time.
        """
        if sleeper in self._sleepers:
            self._sleepers.remove(sleeper)
            heapq.heapify(self._sleepers)
