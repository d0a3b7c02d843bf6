"""
What a network charges, as it says itself, next to what the daemon says that it spent.

Asked while the daemon lives: what is charged before it is asked must be in what it says, and must have come in by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol

from adapters.x import simulated_bill as x
from adapters.youtube import simulated_quota as youtube

AHEAD: Final = 1 / 24
"""Of a window, so much may be spent before it came in. By the daemon's own promise; said here once more."""

SLACK: Final = 1e-6


class Bill(Protocol):
    """
    What one account with a network was charged.
    """

    @property
    def budget(self) -> str:
        """By the name the daemon has for it."""

    @property
    def sources(self) -> frozenset[str]:
        """Who spends it, however many budgets the daemon has for them."""

    @property
    def limit(self) -> float:
        """Of one window."""

    def days(self) -> dict[date, float]:
        """As of now."""

    def within(self, days: dict[date, float], start: datetime, end: datetime) -> float:
        """What of it lies in a window of the budget."""

    def windows(self) -> dict[str, float]:
        """By window, as of now."""


@dataclass(frozen=True, slots=True)
class XBill:
    """
    By the day of UTC.

    Args:
        first_day: Of a month, on which its windows turn.
    """

    budget: str
    sources: frozenset[str]
    limit: float
    bill: x.Bill
    first_day: int

    def days(self) -> dict[date, float]:
        """Money or posts."""
        if self.budget == "posts":
            return {day: float(count) for day, count in self.bill.reads.items()}
        return {day: float(self.bill.on(day)) for day in {*self.bill.reads, *self.bill.counts}}

    def within(self, days: dict[date, float], start: datetime, end: datetime) -> float:
        """Windows turn at midnight UTC."""
        return sum(spent for day, spent in days.items() if start.date() <= day < end.date())

    def windows(self) -> dict[str, float]:
        """A month by the day that it would be, had it begun on the first."""
        found: dict[str, float] = {}
        for day, spent in self.days().items():
            window = f"{day - timedelta(days=self.first_day - 1):%Y-%m}"
            found[window] = found.get(window, 0.0) + spent
        return found


@dataclass(frozen=True, slots=True)
class YouTubeBill:
    """
    By the day of California, which is the window.
    """

    budget: str
    sources: frozenset[str]
    limit: float
    meter: youtube.Meter
    project: str

    def days(self) -> dict[date, float]:
        """Of this project."""
        return {row.day: float(row.units) for row in self.meter.spent() if row.project == self.project}

    def within(self, days: dict[date, float], start: datetime, end: datetime) -> float:
        """That day."""
        del end
        return days.get(youtube.day_of(start), 0.0)

    def windows(self) -> dict[str, float]:
        """Each day is one."""
        return {str(day): spent for day, spent in self.days().items()}


@dataclass(frozen=True, slots=True)
class Reckoning:
    """
    One bill as of an instant, to be held against what the daemon says afterwards.
    """

    bill: Bill
    at: datetime
    days: dict[date, float]

    @classmethod
    def of(cls, bill: Bill, at: datetime) -> Reckoning:
        """As it stands."""
        return cls(bill, at, bill.days())

    def against(self, views: Sequence[dict[str, Any]]) -> tuple[float, float, list[str]] | None:
        """
        Charged, said to be spent, and what is wrong with that; None where the daemon says nothing of the window of `at`.

        Args:
            views: Of `/v1/budgets`.
        """
        ours = [
            view
            for view in views
            if view["name"] == self.bill.budget and set(view["sources"]) <= self.bill.sources
        ]
        windows = {
            (datetime.fromisoformat(view["start"]), datetime.fromisoformat(view["end"])) for view in ours
        }
        if len(windows) != 1:
            return None
        start, end = windows.pop()
        charged, said = self.bill.within(self.days, start, end), sum(view["spent"] for view in ours)
        came_in = self.bill.limit * min(1.0, max(0.0, (self.at - start) / (end - start)) + AHEAD)
        wrong = []
        if charged > said + SLACK:
            wrong.append(f"{self._name}: charged {charged}, and the daemon says {said}")
        if charged > came_in + SLACK:
            wrong.append(f"{self._name}: charged {charged}, and {came_in} had come in")
        return charged, said, wrong

    @property
    def _name(self) -> str:
        return f"{self.bill.budget} of {min(self.bill.sources)} at {self.at:%d %H:%M:%S}"


def hours(first: datetime, last: datetime) -> list[datetime]:
    """Each hour from one to another."""
    return [
        first + timedelta(hours=number) for number in range(round((last - first) / timedelta(hours=1)) + 1)
    ]
