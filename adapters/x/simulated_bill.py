"""
What a simulated X charges, to the tenth of a cent, so that somebody outside the daemon can check what a month costs.

Kept by `simulated_site`: every post that an answer holds is a read, paid once in a UTC day; a count is paid by the request.

Sources: docs.x.com, getting-started/pricing and post-cap, as quoted in 2026-11 ($0.005 a post, $0.001 where the owner of the app reads
what mentions them, $0.010 a user, $0.005 a count; 3,000,000 posts a month; the balance may end slightly below zero).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

POST: Final = Decimal("0.005")
OWNED_POST: Final = Decimal("0.001")
USER: Final = Decimal("0.010")
COUNT: Final = Decimal("0.005")
CAP: Final = 3_000_000


@dataclass(slots=True)
class Bill:
    """
    What one app has had.

    Args:
        credit: US dollars that were paid in before; None for as many as it takes.
        cap: Posts in a month.
        deduplicates: Whether a post is paid once in a day; the promise is a soft one.
        reads: Paid posts by UTC day.
        counts: Paid counts by UTC day.
    """

    credit: Decimal | None = None
    cap: int = CAP
    deduplicates: bool = True
    reads: Counter[date] = field(default_factory=Counter)
    counts: Counter[date] = field(default_factory=Counter)
    _seen: set[tuple[date, str, str]] = field(default_factory=set)
    _money: dict[date, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """
        US dollars spent ever.
        """
        return sum(self._money.values(), Decimal(0))

    def on(self, day: date) -> Decimal:
        """
        US dollars of a UTC day.
        """
        return self._money.get(day, Decimal(0))

    def reads_of_month(self, day: date) -> int:
        """
        Paid posts in the calendar month of that day.
        """
        return sum(
            number for each, number in self.reads.items() if (each.year, each.month) == (day.year, day.month)
        )

    @property
    def broke(self) -> bool:
        """
        Whether nothing is left.
        """
        return self.credit is not None and self.total >= self.credit

    def capped(self, now: datetime) -> bool:
        """
        Whether the month's posts are used up.
        """
        return self.reads_of_month(now.date()) >= self.cap

    def posts(self, ids: Iterable[str], now: datetime, *, owned: bool = False) -> None:
        """
        These were in an answer.
        """
        new = self._first("post", ids, now.date())
        self.reads[now.date()] += new
        self._pay(now.date(), new * (OWNED_POST if owned else POST))

    def users(self, ids: Iterable[str], now: datetime) -> None:
        """
        These were in the `includes` of an answer.
        """
        self._pay(now.date(), self._first("user", ids, now.date()) * USER)

    def count(self, now: datetime) -> None:
        """
        One count was answered.
        """
        self.counts[now.date()] += 1
        self._pay(now.date(), COUNT)

    def _first(self, kind: str, ids: Iterable[str], day: date) -> int:
        """
        How many of them are to be paid.
        """
        paid = {(day, kind, each) for each in ids}
        new = paid - self._seen if self.deduplicates else paid
        self._seen |= paid
        return len(new)

    def _pay(self, day: date, dollars: Decimal) -> None:
        self._money[day] = self.on(day) + dollars
