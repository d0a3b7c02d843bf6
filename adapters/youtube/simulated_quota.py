"""
What requests cost, and how much of a day's budget is left: two buckets for each project, which begin anew at midnight in
California.

Asked by `simulated_site` once for each request; read by tests and endurance runs, which check a month from outside.

Sources: developers.google.com, youtube/v3/determine_quota_cost and revision_history of 2026-06-01 (searches have a bucket of
their own, 100 a day at 1 each; everything else shares 10,000 units; an invalid request costs at least 1); as quoted, 2026-11.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

Bucket = Literal["searches", "units"]

PACIFIC: Final = ZoneInfo("America/Los_Angeles")
"""With its daylight saving time: a day may last 23 or 25 hours."""


class Spent(NamedTuple):
    """
    A day of one bucket.

    Args:
        project: Whose.
        bucket: Which.
        day: In California.
        units: Taken.
        requests: That took them.
        refused: Requests after it was empty; they take nothing.
    """

    project: str
    bucket: Bucket
    day: date
    units: int
    requests: int
    refused: int


def day_of(at: datetime) -> date:
    """
    The day in California.
    """
    return at.astimezone(PACIFIC).date()


def reset_after(at: datetime) -> datetime:
    """
    The next midnight in California.
    """
    return datetime.combine(day_of(at) + timedelta(days=1), time(), PACIFIC)


@dataclass(slots=True)
class Meter:
    """
    The counters of every project.

    Args:
        limits: Of each bucket, a day.
        per_minute: Requests of one project in a minute; None for no limit.
    """

    limits: dict[Bucket, int] = field(default_factory=lambda: {"searches": 100, "units": 10_000})
    per_minute: int | None = None
    _units: Counter[tuple[str, Bucket, date]] = field(default_factory=Counter)
    _requests: Counter[tuple[str, Bucket, date]] = field(default_factory=Counter)
    _refused: Counter[tuple[str, Bucket, date]] = field(default_factory=Counter)
    _minutes: Counter[tuple[str, int]] = field(default_factory=Counter)

    def in_haste(self, project: str, now: datetime) -> bool:
        """
        One request is counted; whether it is one too many in this minute.
        """
        minute = int(now.timestamp()) // 60
        self._minutes[project, minute] += 1
        return self.per_minute is not None and self._minutes[project, minute] > self.per_minute

    def take(self, project: str, bucket: Bucket, now: datetime, cost: int = 1) -> bool:
        """
        A request is paid for, whatever will be answered.

        Returns:
            False where the bucket does not hold so much; nothing is taken then.
        """
        key = (project, bucket, day_of(now))
        if self._units[key] + cost > self.limits[bucket]:
            self._refused[key] += 1
            return False
        self._units[key] += cost
        self._requests[key] += 1
        return True

    def left(self, bucket: Bucket, now: datetime, project: str = "listener") -> int:
        """
        What the day still holds.
        """
        return self.limits[bucket] - self._units[project, bucket, day_of(now)]

    def spent(self) -> tuple[Spent, ...]:
        """
        The book: every day of every bucket, in order.
        """
        keys = sorted(self._units.keys() | self._refused.keys(), key=lambda key: (key[2], key[0], key[1]))
        return tuple(Spent(*key, self._units[key], self._requests[key], self._refused[key]) for key in keys)
