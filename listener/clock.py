"""
Time and sleeping, injected everywhere, so that a week can be a test.

Nothing in `listener` or `adapters` asks the operating system for the time by another way.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

import anyio


class Clock(Protocol):
    """
    What the service knows of time. Implementations: `SystemClock` here, `ScaledClock` in listener.simulation,
    `VirtualClock` in listener.testing.
    """

    def now(self) -> datetime:
        """
        The current instant, aware, in UTC.
        """
        ...

    def monotonic(self) -> float:
        """
        Seconds since some fixed point; never goes back, whatever happens to the wall clock.
        """
        ...

    async def sleep(self, delay_s: float) -> None:
        """
        Return after `delay_s` seconds of this clock; at once where it is not positive. A cancellation point.
        """
        ...


class SystemClock:
    """
    The real thing.
    """

    __slots__ = ()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, delay_s: float) -> None:
        await anyio.sleep(max(0.0, delay_s))
