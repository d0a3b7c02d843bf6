"""
The adapter against a whole day of the simulated X, with which it shares no code, through the reader that ships: nothing is
lost, nothing is read that is nobody's business, and what it says it spent is what was charged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from adapters.x import SPEC
from adapters.x.config import XConfig
from adapters.x.simulated_crowd import city
from adapters.x.simulated_network import Network
from adapters.x.simulated_posts import Post as Simulated
from adapters.x.simulator import Served, serve
from listener.adapter import Ask, Cursor, Item, Reader, Reply, Terms
from listener.events import Post, Rejected, WatchName
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web
from listener.simulation.ledger import Fate, tally
from listener.testing.canned import Watching
from tests.fakes.loopback import LOOPBACK
from tests.fakes.plain_client import Walker

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

HOURS = 30
BOTH = Terms(hashtags=frozenset({"yyc"}), handles=frozenset({"cityofexample"}))


@dataclass
class Purse:
    """The reader that ships, and what the adapter tells it that its answers cost."""

    inner: Reader
    paid_for: Counter[str] = field(default_factory=Counter)

    async def read(self, address: str, **how: Any) -> Reply:
        """As it reads."""
        return await self.inner.read(address, **how)

    def paid(self, budget: str, amount: float) -> None:
        """Kept, in tenths of a cent and in posts."""
        self.paid_for[budget] += round(amount * 1000) if budget == "usd" else round(amount)


@dataclass
class Day:
    """A city's day, and one source that reads it."""

    world: Network
    clock: Walker
    served: Served
    purse: Purse
    source: Any
    items: list[Item] = field(default_factory=list)
    cursor: Cursor | None = None

    async def turn(self) -> None:
        """All pages of one reading."""
        while True:
            page = await self.source.fetch(self.cursor)
            self.cursor = page.cursor or self.cursor
            self.items += page.items
            if not page.more:
                return

    async def live(self, hours: float, every_minutes: float) -> None:
        """So long, with a reading now and then."""
        for _ in range(round(hours * 60 / every_minutes)):
            self.clock.walk(minutes=every_minutes)
            await self.turn()

    @property
    def posts(self) -> list[Post]:
        """Every version that was read."""
        return [item for item in self.items if isinstance(item, Post)]

    @property
    def charged(self) -> int:
        """In tenths of a cent."""
        return int(self.served.site.bill.total * 1000)


@asynccontextmanager
async def day(
    seed: int, keep: Any = "text", *, listen: str = "search", **settings: Any
) -> AsyncIterator[Day]:
    """With the source as the core builds it, without the spacing that would take minutes."""
    clock = Walker()
    world = city(clock, seed=seed, hashtags=("#yyc",), start_at=clock.now(), hours=HOURS)
    async with (
        serve(world) as served,
        Web(
            clock=clock,
            pace=Pace(0.0, frozenset()),
            user_agent="civic-listener/0 (+https://city.example/listener; City)",
            limits=ReaderLimits(deadline_s=5),
            allow=LOOPBACK,
        ) as web,
    ):
        config = XConfig.model_validate({"endpoint": served.address, "token": "app-token"})
        reaches = [replace(reach, spacing_s=0.0) for reach in SPEC.reaches(config)]
        purse: Any = Purse(web.reader("here", reaches))
        interest = Watching({WatchName("city"): BOTH}, "text")
        yield Day(world, clock, served, purse, SPEC.build(config, purse, clock, interest))


def fates(here: Day) -> dict[Fate, int]:
    """Of every post of the day, by the links that were read, each as of its first version."""
    queued = {here.world.canonical(post.link or "") for post in here.posts if post.consent.public}
    return tally(here.world.ledger.partition(queued).values())


async def test_a_day_is_searched_without_loss_and_paid_to_the_cent() -> None:
    """
    Whatever was shown and is ours was read, nothing else was, both books agree on the money; and of everything that was read
    it is known the day after what became of it.
    """
    async with day(6) as here:
        await here.live(HOURS + 1, 20)
        found = fates(here)
        reads = sum(here.served.site.bill.reads.values())
        searched = dict(here.purse.paid_for), here.charged
        first = {post.native: here.world.posts[post.native] for post in here.posts}
        asks = [Ask(native) for native in first]
        verdicts = dict(await here.source.recheck(asks))

        assert found["queued"] > 60
        assert found.keys() <= {"queued", "withheld", "not_ours", "removed_before_reading", "never_shown"}
        assert first.keys() == {row.post for row in here.world.ledger.posts.values() if row.shown}
        assert [item for item in here.items if isinstance(item, Rejected)] == []
        assert {str(ask): verdict.state for ask, verdict in verdicts.items()} == {
            native: _became(post) for native, post in first.items()
        }
        assert {"gone", "withheld", "changed"} <= set(map(_became, first.values()))
        assert searched == ({"usd": 5 * reads, "posts": reads}, 5 * reads)
        # What was read today already is free to ask again, which X promises softly, and the adapter does not count on.
        assert here.charged < here.purse.paid_for["usd"]


def _became(post: Simulated) -> str:
    """As a look-up tells."""
    if post.deleted_at is not None:
        return "gone"
    return "withheld" if not post.readable or post.withheld else "changed"
