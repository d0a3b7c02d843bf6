"""
When a budget is renewed: days and months of a time zone as instants. Pure; used by budget and purse.

A window turns at local midnight, so that a day has 23 or 25 hours where the clocks are changed; where that midnight does
not exist, at the first instant of the day that does.

Source of zones: the system's, else the package tzdata (IANA).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """
    From `start` to before `end`, both aware UTC.
    """

    start: datetime
    end: datetime

    @property
    def length_s(self) -> float:
        """
        In seconds that pass.
        """
        return (self.end - self.start).total_seconds()


def window_at(
    at: datetime, window: Literal["day", "month"], *, zone: str = "UTC", first_day: int = 1
) -> Window:
    """
    The window that an instant lies in.

    Args:
        at: Aware.
        window: What it is renewed with.
        zone: IANA name.
        first_day: Of a month, 1 to 28.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: there is no such zone.
    """
    there = ZoneInfo(zone)
    today = at.astimezone(there).date()
    if window == "day":
        return Window(_midnight(today, there), _midnight(today + timedelta(days=1), there))
    first = today.replace(day=first_day)
    if today < first:
        first = _months_later(first, -1)
    return Window(_midnight(first, there), _midnight(_months_later(first, 1), there))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """
    The instant at which that day begins there: of a midnight that comes twice, the first; of one that the clocks are put
    forward over, the first instant after it.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _months_later(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return first.replace(year=number // 12, month=number % 12 + 1)
