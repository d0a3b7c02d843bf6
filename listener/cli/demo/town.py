"""
The city of the demo: one quarter for every network that has a simulator, and the configuration of a daemon that hears it.

Quarters are found through the registry: what `AdapterSpec.quarter` names makes one from `(day, clock)` (see
`listener.simulation.quarter`), so that a network more is an adapter more. Used by `running`.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from listener import registry
from listener.simulation.clock import ScaledClock
from listener.simulation.quarter import Quarter
from listener.simulation.snowstorm import HANDLE, NAME, Day, Moment, tell

HASHTAGS: Final = ("#rivertown", "#rivertownsnow")
POSTS_A_SECOND: Final = 0.45
POSTS: Final = (14, 240)
"""Chosen, per network: so lively that something happens every second, and at least and at most so many."""


@dataclass(frozen=True, slots=True)
class Town:
    """
    A city that is served.

    Args:
        day: What day it is.
        clock: Whose time it is.
        quarters: Its networks.
        tables: `[[source]]` tables of all of them.
    """

    day: Day
    clock: ScaledClock
    quarters: tuple[Quarter, ...]
    tables: tuple[str, ...]

    @property
    def earlier(self) -> tuple[tuple[Quarter, Moment], ...]:
        """
        What happened before listening began, where that is shown at all.
        """
        return tuple(
            (quarter, moment)
            for quarter, moment in self._all
            if -quarter.looks_back_s <= (moment.at - self.day.begin_at).total_seconds() < 0
        )

    @property
    def later(self) -> tuple[tuple[Quarter, Moment], ...]:
        """
        What happens while somebody listens, in order of time.
        """
        return tuple((quarter, moment) for quarter, moment in self._all if moment.at >= self.day.begin_at)

    @property
    def _all(self) -> Sequence[tuple[Quarter, Moment]]:
        told = [(quarter, moment) for quarter in self.quarters for moment in tell(self.day, quarter.network)]
        return sorted(told, key=lambda pair: pair[1].at)

    def configuration(self, folder: Path, *, port: int) -> str:
        """
        A `listener.toml` that hears all of it.

        Args:
            folder: Where the daemon keeps its queue and its secret.
            port: Of the API; 0 for a free one.
        """
        review_by = (self.day.begin_at + timedelta(days=365)).date()
        return "\n\n".join(
            (
                f"data_dir = {json.dumps(str(folder / 'data'))}",
                f'[organisation]\nname = {json.dumps(NAME)}\ncontact = "https://city.example/listener"\n'
                f'country = "CA"\nown_handles = ["@{HANDLE}"]',
                f'[[watch]]\nname = "city"\nhashtags = {json.dumps(self.day.hashtags)}\n'
                'purpose = "Answer questions and mend what is reported"\nowner = "Communications"\n'
                f'legal_authority = "Municipal Government Act, s. 3"\nreview_by = {review_by.isoformat()}',
                *self.tables,
                f"[privacy]\nobjections_file = {json.dumps(str(folder / 'objections.txt'))}",
                f'[http]\nhost = "127.0.0.1"\nport = {port}',
                # A deadline is by the scaled clock too: its longest value is a second at the highest speed.
                '[reader]\nallow_addresses = ["127.0.0.0/8"]\nspacing_s = 0.5\ndeadline_s = 300',
                "",
            )
        )


def day_of(clock: ScaledClock, *, seed: int, duration_s: float) -> Day:
    """
    A day that begins now and lasts so many real seconds.
    """
    least, most = POSTS
    return Day(
        seed=seed,
        begin_at=clock.now(),
        end_at=clock.now() + timedelta(seconds=duration_s * clock.factor),
        posts=min(most, max(least, round(POSTS_A_SECOND * duration_s))),
        hashtags=HASHTAGS,
    )


@asynccontextmanager
async def served(day: Day, clock: ScaledClock, folder: Path) -> AsyncIterator[Town]:
    """
    A city, on loopback, until the block ends.
    """
    quarters = tuple(_quarters(day, clock))
    async with AsyncExitStack() as stack:
        tables = [await stack.enter_async_context(quarter.serving(folder)) for quarter in quarters]
        yield Town(day, clock, quarters, tuple(table for each in tables for table in each))


def _quarters(day: Day, clock: ScaledClock) -> list[Quarter]:
    """
    Of every registered adapter that has one.
    """
    found = []
    for name in registry.names():
        module, _, maker = (registry.spec(name).quarter or "").partition(":")
        if module:
            quarter: Quarter = getattr(importlib.import_module(module), maker)(day, clock)
            found.append(quarter)
    return found
