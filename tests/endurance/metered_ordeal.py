"""
The ordeal of networks that charge: as that of any other; besides, the daemon is off for an hour now and then while much is
said, and whenever it answers its books are held against the bills.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from listener.cli.client import call
from listener.errors import ListenerError
from tests.endurance.bills import Reckoning, hours
from tests.endurance.metered_world import HOURS, MeteredWorld
from tests.endurance.ordeal import Ordeal

AUDIT_EVERY_S: Final = 0.4
NAP_MINUTES: Final = 180.0
"""At most: longer than most sources are backed off from."""

CUT_EVERY_S: Final = 2.0
"""A cut waits for its connection, so that each is a reading that failed, and two in a row are a pause."""

OFF: Final = timedelta(hours=49)
"""So that what failed questions cost has come in again: after a turn that took four of them, a small budget rests for four."""

PAGING_S: Final = 6.0
"""So long a life is waited for to read a page that is not the last."""

BETWEEN_S: Final = 0.1
"""About two pages and their commits."""


@dataclass
class MeteredOrdeal(Ordeal):
    """
    Args:
        cheated: What a bill and a book disagree on to our harm, each time that was seen.
        audits: How often each pair was compared, by budget and source.
        last: The last pair of charged and said, by the same.
        closed: The last hour whose numbers have to be told.
        broken_off: Lives that ended near a page that was not the last.
    """

    cheated: list[str] = field(default_factory=list)
    audits: Counter[str] = field(default_factory=Counter)
    last: dict[str, tuple[float, float]] = field(default_factory=dict)
    closed: datetime | None = None
    broken_off: int = 0
    cut_every_s: float = CUT_EVERY_S
    off: timedelta = OFF
    _behind: bool = False
    _audited_s: float = 0.0

    @property
    def metered(self) -> MeteredWorld:
        """The world."""
        assert isinstance(self.world, MeteredWorld)
        return self.world

    def miscounted(self) -> list[str]:
        """Hours that were told not once, or by a number that X never gave."""
        wrong = []
        for source in HOURS:
            told = {start: counts for (name, start), counts in self.told.counted.items() if name == source}
            if not told or self.closed is None:
                return [f"{source} told nothing"]
            for hour in hours(min(told), max(self.closed, *told)):
                counts, answers = told.get(hour, []), self.metered.answers.get((source, hour), set())
                if len(counts) != 1 or counts[0] not in answers:
                    wrong.append(f"{source} {hour:%d %H:%M}: told {counts} of {sorted(answers)}")
        return wrong

    def overdrawn(self) -> list[str]:
        """Bills that are above their limit, in any window."""
        return [
            f"{bill.budget} of {min(bill.sources)} in {window}: {spent} of {bill.limit}"
            for bill in self.metered.bills
            for window, spent in bill.windows().items()
            if spent > bill.limit
        ]

    # ------------------------------------------------------------------------------------- what is done besides

    def _between(self, chance: random.Random) -> None:
        napped = chance.random() < 0.7
        self._behind = napped and self._portal.call(self.metered.nap, chance.uniform(2, NAP_MINUTES), chance)

    def _live(self, chance: random.Random) -> None:
        """Where there is much to read, a life ends on the way from a page to the next."""
        if not self._behind:
            super()._live(chance)
            return
        self.metered.paging.clear()
        with self._one_life():
            self.broken_off += self.metered.paging.wait(PAGING_S)
            time.sleep(chance.uniform(0, BETWEEN_S))

    def _look(self) -> int:
        found = super()._look()
        if found >= 0 and time.monotonic() - self._audited_s > AUDIT_EVERY_S:
            self._audited_s = time.monotonic()
            self._audit()
        return found

    def _audit(self) -> None:
        """The bill first: what is charged after it was read may be in the book, and what was before must be."""
        reckonings = self._portal.call(self._reckoned)
        try:
            views: list[dict[str, Any]] = call(self._daemon.where, "GET", "/v1/budgets")["budgets"]
        except (ListenerError, OSError, ValueError):
            return
        for one in reckonings:
            found = one.against(views)
            if found is not None:
                name = f"{one.bill.budget} of {min(one.bill.sources)}"
                self.audits[name] += 1
                self.last[name] = found[:2]
                self.cheated += found[2]

    def _reckoned(self) -> list[Reckoning]:
        now = self.world.clock.now()
        return [Reckoning.of(bill, now) for bill in self.metered.bills]

    def _is_amiss(self) -> bool:
        if self.closed is None:
            now = self.world.clock.now() - timedelta(hours=1, minutes=10)
            self.closed = now.replace(minute=0, second=0, microsecond=0)
        counted = {
            source: max((at for name, at in self.told.counted if name == source), default=None)
            for source in HOURS
        }
        return super()._is_amiss() or any(at is None or at < self.closed for at in counted.values())
