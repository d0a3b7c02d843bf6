"""
What must happen whether or not anything is read: expiry, destruction of daily keys, review dates, and erasing what
nothing asks for any more.

Takes the queue and what is configured from app; gives telemetry its figures. Each job runs on its own; one that
fails is tried again and holds up no other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import anyio

from listener.clock import Clock
from listener.errors import QueueFull, QueueUnavailable
from listener.events import Name, PostCreated, PostUpdated, RemovalReason, WatchName, decode_event
from listener.keys import oldest_living_day
from listener.queues.base import Queue
from listener.telemetry import Telemetry

EXPIRE_EVERY_S: Final = 60.0
"""Chosen: a body outlives its time by a minute at most."""

DAILY_EVERY_S: Final = 3600.0
"""Chosen: a day's key is looked at within an hour. A review date is at its midnight: see `_every`."""

RETRY_S: Final = 30.0
SWEEP_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What the configuration in force asks for.

    Args:
        sources: `/<network>/<name>` of each configured source, and whether all of it is kept or only what a
            watch asks for.
        watches: Names of the configured watches, paused ones included.
        only: Of the sources that look for some watches only, which.
    """

    sources: dict[str, bool]
    watches: frozenset[str]
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def reason_against(self, event: PostCreated | PostUpdated) -> RemovalReason | None:
        """
        Why a stored post must go; None where it may stay.
        """
        if event.source not in self.sources:
            return "source_removed"
        data = event.data
        asking = self.only.get(event.source, self.watches)
        if self.sources[event.source] or data.addressed or asking.intersection(data.watches):
            return None
        return "watch_removed"


@dataclass(frozen=True, slots=True)
class Review:
    """
    Until when a watch may listen without a new look at why.
    """

    watch: WatchName
    review_by: date


def past_review(reviews: Iterable[Review], today: date) -> frozenset[WatchName]:
    """
    The watches that pause: `review_by` is the last day on which they listen.
    """
    return frozenset(review.watch for review in reviews if review.review_by < today)


class Upkeep:
    """
    Runs the jobs until cancelled.

    Args:
        retention: Of the deployment; daily keys older than that are destroyed.
        keys_for: How long the key of a post that was erased here must go on refusing it.
        at_review: Called with today's date; pauses what is past its review.
    """

    def __init__(
        self,
        *,
        queue: Queue,
        clock: Clock,
        telemetry: Telemetry,
        retention: timedelta,
        keys_for: timedelta,
        at_review: Callable[[date], None],
    ) -> None:
        self.retention = retention
        self._queue, self._clock, self._telemetry = queue, clock, telemetry
        self._keys_for, self._at_review = keys_for, at_review
        self._unswept: Wanted | None = None

    async def run(self) -> None:
        """
        Raises:
            QueueUnavailable: the queue cannot be trusted any more; the process ends.
        """
        async with anyio.create_task_group() as group:
            group.start_soon(self._every, "expire", EXPIRE_EVERY_S, self.expire)
            group.start_soon(self._every, "daily", DAILY_EVERY_S, self.daily)

    async def expire(self) -> None:
        """
        Every body and key whose time is over is gone, bytes included.
        """
        gone = await self._queue.expire(self._clock.now())
        if gone.bodies or gone.keys:
            self._telemetry.upkeep_expired(bodies=gone.bodies, keys=gone.keys)

    async def daily(self) -> None:
        """
        Watches past their review are paused, sealing keys past the retention are destroyed, and a sweep that was
        broken off is made again.
        """
        now = self._clock.now()
        self._at_review(now.date())
        days = await self._queue.destroy_sealing_keys(before=oldest_living_day(now, self.retention))
        if days:
            self._telemetry.upkeep_keys_destroyed(days=days)
        if self._unswept is not None:
            await self.sweep(self._unswept)

    async def sweep(self, wanted: Wanted) -> None:
        """
        Everything stored that the configuration in force does not ask for is erased, each with a removal.
        """
        self._unswept = wanted
        after, now = None, self._clock.now()
        while True:
            batch = await self._queue.read(after, limit=SWEEP_BATCH)
            doomed: dict[RemovalReason, list[Name]] = {}
            for entry in batch.entries:
                event = decode_event(entry.line)
                if isinstance(event, PostCreated | PostUpdated):
                    reason = wanted.reason_against(event)
                    if reason is not None:
                        doomed.setdefault(reason, []).append(Name(bytes.fromhex(event.subject)))
            for reason, names in doomed.items():
                await self._forget(names, reason, now)
            if not batch.entries:
                self._unswept = None
                return
            after = batch.next

    async def _forget(self, names: list[Name], reason: RemovalReason, now: datetime) -> None:
        keys = await self._queue.forget(names, reason=reason, at=now, keys_until_at=now + self._keys_for)
        self._telemetry.upkeep_forgotten(posts=len(keys), reason=reason)

    async def _every(self, job: str, wait_s: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            # A new day begins on time: a watch past its review asks for nothing from the first second (UTC).
            pause_s = min(wait_s, _until_midnight_s(self._clock.now()))
            try:
                await work()
            except QueueUnavailable:
                raise
            except QueueFull as error:
                pause_s = RETRY_S
                self._telemetry.upkeep_failed(job=job, error=type(error).__name__, wait_s=pause_s)
            await self._clock.sleep(pause_s)


def _until_midnight_s(now: datetime) -> float:
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=UTC)
    return (tomorrow - now).total_seconds()
