"""
Time that runs N times as fast, shared by simulators and the daemon, so that a demo shows a day in minutes.

Everything that takes part must hold the same `ScaledClock`, or each its own with the same factor and origin: what
the sleeping daemon calls an hour must be what the simulator calls an hour.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import anyio

from listener.clock import Clock

__all__ = ["Clock", "ScaledClock"]


class ScaledClock:
    """
    A `listener.clock.Clock` whose hour lasts 3,600 / `factor` real seconds.

    Args:
        factor: How many seconds of this clock pass in a real one; greater than 0.
        start: What `now` tells at the origin; None for the present, in UTC.
        origin_s: Reading of the system's monotonic clock at which this one stands at `start`; None for now. Hand
            the same origin to a second process to share one time with it.

    Raises:
        ValueError: `factor` is not positive, or `start` has no time zone.
    """

    __slots__ = ("factor", "origin_s", "start_at")

    def __init__(
        self, factor: float, start: datetime | None = None, *, origin_s: float | None = None
    ) -> None:
        if not factor > 0:
            raise ValueError("the factor of a clock is positive")
        if start is not None and start.tzinfo is None:
            raise ValueError("the start of a clock has a time zone")
        self.factor = factor
        self.start_at = datetime.now(UTC) if start is None else start.astimezone(UTC)
        self.origin_s = time.monotonic() if origin_s is None else origin_s

    def now(self) -> datetime:
        return self.start_at + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """
        Seconds of this clock since its origin.
        """
        return (time.monotonic() - self.origin_s) * self.factor

    async def sleep(self, delay_s: float) -> None:
        await anyio.sleep(max(0.0, delay_s) / self.factor)
