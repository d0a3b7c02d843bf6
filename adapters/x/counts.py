"""
Hours that are over, and how many posts each had. Pure.

Takes what is due from the cursor's hour, and pages of numbers from `api`; gives `Count`s and `Gap`s to `client`. Each hour is
told once, and only when it has been over for some minutes, because the index lags. X tells every hour of the last seven
days for one request, so an outage costs nothing but what lies further back.

A watch that takes several queries is the sum of them: a post that answers two of them is in it twice.

Source: docs.x.com, posts/counts/quickstart/recent-tweet-counts; openapi.json 2.167, read 2026-11 (platform facts, 1.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.x.normalise import instant
from adapters.x.wire import WireCount
from listener.events import Count, Gap, Rejected, WatchName

HOUR: Final = timedelta(hours=1)
SETTLED: Final = timedelta(minutes=5)
"""Chosen: ten times the lag that X allows a search."""

WINDOW_H: Final = 7 * 24 - 1
"""Whole hours that surely lie in the last seven days."""


def hours_due(
    counted_to: datetime | None, now: datetime, *, every_h: int
) -> tuple[datetime, datetime] | None:
    """
    First and last end of the hours to ask for; None while too few are over.

    Args:
        counted_to: End of the last hour that was told; None where none was: then the hour before this one is.
        every_h: Hours that one question is worth.
    """
    end = floor_hour(now - SETTLED)
    start = end - HOUR if counted_to is None else floor_hour(counted_to)
    if end - start < (HOUR if counted_to is None else every_h * HOUR):
        return None
    return max(start, end - WINDOW_H * HOUR), end


def too_old(counted_to: datetime | None, start: datetime) -> Gap | None:
    """
    What X tells of no more.
    """
    if counted_to is None or counted_to >= start:
        return None
    return Gap(counted_to, start, "outage", suspected=False)


def by_hour(
    found: Iterable[WireCount | None], start: datetime, end: datetime
) -> tuple[dict[datetime, int], tuple[Rejected, ...]]:
    """
    Posts of each whole hour that was asked for, each once; and what could not be read.
    """
    hours: dict[datetime, int] = {}
    rejected = []
    for one in found:
        read = None if one is None else _hour(one)
        if read is None:
            rejected.append(Rejected("unreadable_item"))
        elif start <= read[0] < end:
            hours.setdefault(*read)
    return hours, tuple(rejected)


def told(
    watch: WatchName, queries: Iterable[Mapping[datetime, int]], start: datetime, end: datetime
) -> Iterator[Count | Gap]:
    """
    The hours of a watch in their order. One that a query says nothing of is a gap, not a nought.
    """
    every = list(queries)
    at = start
    while at < end:
        if all(at in hours for hours in every):
            yield Count(watch, at, at + HOUR, sum(hours[at] for hours in every))
        else:
            yield Gap(at, at + HOUR, "unknown", suspected=True)
        at += HOUR


def floor_hour(moment: datetime) -> datetime:
    """
    The beginning of its hour, in UTC.
    """
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hour(one: WireCount) -> tuple[datetime, int] | None:
    start, end = instant(one.start), instant(one.end)
    count = one.tweet_count if one.tweet_count is not None else one.post_count
    if start is None or end is None or count is None or count < 0:
        return None
    return (start, count) if end - start == HOUR and start == floor_hour(start) else None
