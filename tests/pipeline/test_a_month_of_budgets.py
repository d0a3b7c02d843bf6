"""
A month of X and of YouTube by the bills that their simulators keep: never more than the budget, nobody starves.

Adapters and simulators are those that ship, written by different people; between them stand the purse and the queue, and no
socket. Each reads as the core would: no sooner than its slowed interval, and not before the hour of return it was told.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapters import x, youtube
from adapters.x.config import XConfig
from adapters.x.simulated_network import Network
from adapters.x.simulator import site_of as x_site
from adapters.youtube.config import YouTubeConfig
from adapters.youtube.simulated_tube import Tube
from adapters.youtube.simulator import site_of as youtube_site
from listener.adapter import AdapterSpec, Cursor, Interest, Reply, Terms, Validators
from listener.errors import BudgetSpent
from listener.events import Count, Post, WatchName
from listener.hear.budget import PARTS
from listener.hear.purse import Purse, Wallet
from listener.simulation.exchange import Request, Response
from listener.telemetry import Telemetry
from listener.testing.canned import OnlyReads, Watching
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.memory_queue import MemoryQueue

pytestmark = pytest.mark.anyio

START = datetime(2026, 2, 28, 9, tzinfo=UTC)
DAYS = 33  # the whole of March, the turns on both sides of it, and the short day of spring
LOUD, QUIET = WatchName("loud"), WatchName("quiet")


class Walker(VirtualClock):
    """A clock that is moved by hand, between requests."""

    def walk_to(self, at: datetime) -> None:
        """No sooner than that."""
        self._elapsed_s = max(self._elapsed_s, (at - self._start_at).total_seconds())


@dataclass
class Paying(OnlyReads):
    """
    A reader that pays and then asks a site.

    Args:
        spec: Whose reach it keeps to.
        settings: Of the source.
        asked: Which calls were made on whose account.
    """

    spec: AdapterSpec
    settings: Any
    wallet: Wallet
    site: Any
    clock: VirtualClock
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def read(
        self,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        judges: frozenset[int] = frozenset(),
        account: str = "",
    ) -> Reply:
        """Within the reach, and paid before it leaves."""
        parts = urlsplit(address)
        assert any(re.fullmatch(reach.path, parts.path) for reach in self.spec.reaches(self.settings))
        await self.wallet.pay(address, account=account)
        self.asked.append((parts.path.rpartition("/")[2] or parts.path, account))
        said: tuple[tuple[bytes, bytes], ...] = ((b"Host", parts.netloc.encode()),)
        said += tuple((name.encode(), value.encode()) for name, value in (headers or {}).items())
        target = f"{parts.path}?{parts.query}".encode()
        response: Response = await self.site.answer(Request("GET", target, said, b"", self.clock.now(), 0))
        if response.on_sent is not None:
            response.on_sent()
        assert isinstance(response.body, bytes)
        told = {name.lower(): value for name, value in response.headers}
        assert response.status == 200 or response.status in judges
        return Reply(response.status, told, response.body, address)

    def paid(self, budget: str, amount: float) -> None:
        """Gives back what an answer did not cost."""
        self.wallet.paid(budget, amount)


@dataclass
class Listening:
    """One source, read when it is due."""

    name: str
    reader: Paying
    source: Any
    interval_s: float
    cursor: Cursor | None = None
    items: list[Any] = field(default_factory=list)
    held: int = 0

    async def turn(self) -> datetime:
        """All pages; when to come again."""
        clock, wallet = self.reader.clock, self.reader.wallet
        try:
            while True:
                page = await self.source.fetch(self.cursor)
                self.cursor = page.cursor or self.cursor
                self.items += page.items
                if not page.more:
                    return clock.now() + timedelta(seconds=wallet.slowed(self.interval_s))
        except BudgetSpent as spent:
            self.held += 1
            understood = await wallet.understood(spent)
            assert understood.wait_s is not None
            return clock.now() + timedelta(seconds=max(understood.wait_s, 60.0))


@dataclass
class Month:
    """Sources of one credential, and what happens in the world meanwhile."""

    spec: AdapterSpec
    site: Any
    clock: Walker
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    listening: list[Listening] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.purse = Purse(queue=self.queue, clock=self.clock, telemetry=Telemetry(), node="local")

    def add(self, name: str, settings: Any, interest: Interest, interval_s: float) -> Listening:
        """A source that reads from the beginning."""
        wallet = self.purse.wallet(
            name,
            self.spec.name,
            self.spec.budgets(settings),
            lambda address: self.spec.charges(settings, address),
        )
        assert wallet is not None
        reader = Paying(self.spec, settings, wallet, self.site, self.clock)
        one = Listening(name, reader, self.spec.build(settings, reader, self.clock, interest), interval_s)
        self.listening.append(one)
        return one

    async def pass_days(
        self, days: int, world: Sequence[tuple[float, Callable[[], object]]], crash_every: int = 0
    ) -> None:
        """
        Args:
            world: What happens every so many seconds.
            crash_every: So many turns apart the books are lost from memory.
        """
        end, order, turns = self.clock.now() + timedelta(days=days), 0, 0
        due: list[tuple[datetime, int, Any]] = []
        for act in (*self.listening, *world):
            heapq.heappush(due, (self.clock.now(), order, act))
            order += 1
        while due[0][0] < end:
            at, _, act = heapq.heappop(due)
            self.clock.walk_to(at)
            order += 1
            if isinstance(act, Listening):
                turns += 1
                following = await act.turn()
                if crash_every and turns % crash_every == 0:
                    for book in self.purse._books.values():
                        book.ledger, book.lease, book.fence = None, None, None
            else:
                act[1]()
                following = at + timedelta(seconds=act[0])
            heapq.heappush(due, (max(following, at + timedelta(seconds=1)), order, act))

    async def spent_by(self) -> dict[tuple[str, str], float]:
        """In the present window of the first budget."""
        return {(part.source, str(part.watch)): part.spent for part in (await self.purse.views())[0].parts}


async def test_a_month_of_x_costs_no_more_than_was_allowed() -> None:
    """A hashtag that would cost three times the budget, a quiet one, and a second source: X's own bill stays within each month's
    money, everybody is searched for until the end, and numbers are told where posts are not."""
    clock = Walker(START)
    network = Network(clock, hashtags=("#yyc",))
    served = x_site(network)
    somebody, limit = network.account(), 15.0
    settings = XConfig.model_validate(
        {"endpoint": "https://api.x.com", "token": "app-token", "monthly_usd": limit, "counts_every_h": 24}
    )
    month = Month(x.SPEC, served.site, clock)
    square = month.add(
        "square",
        settings,
        Watching({LOUD: Terms(frozenset({"yyc"})), QUIET: Terms(frozenset({"yycbike"}))}, "text"),
        7200.0,
    )
    harbour = month.add(
        "harbour", settings, Watching({WatchName("boats"): Terms(frozenset({"yycboats"}))}, "text"), 7200.0
    )
    await month.pass_days(
        DAYS,
        [
            (300.0, lambda: network.post(somebody, "Snow on Main #yyc")),
            (6 * 3600.0, lambda: network.post(somebody, "Where is the path #yycbike")),
            (4 * 3600.0, lambda: network.post(somebody, "The ferry is late #yycboats")),
        ],
        crash_every=300,
    )
    bills = {
        number: sum((served.site.bill.on(date(2026, number, day)) for day in range(1, 29)), Decimal(0))
        + sum(
            (served.site.bill.on(date(2026, number, 1) + timedelta(days=day)) for day in range(28, 31)),
            Decimal(0),
        )
        * (number == 3)
        for number in (2, 3, 4)
    }

    assert all(0 < bill <= Decimal(str(limit)) for bill in bills.values()), bills
    assert bills[3] > Decimal(str(limit)) * Decimal("0.75")
    texts = [item.text for item in (*square.items, *harbour.items) if isinstance(item, Post)]
    heard = {tag: sum(tag in text for text in texts) for tag in ("#yycbike", "#yycboats", "#yyc")}
    assert heard["#yycbike"] >= DAYS * 4 * 0.8, heard
    assert heard["#yycboats"] >= DAYS * 6 * 0.8, heard
    late = START + timedelta(days=DAYS - 3)
    counted = [item for item in square.items if isinstance(item, Count) and item.watch == LOUD]
    assert counted
    assert max(item.end_at for item in counted) > late
    assert served.site.bill.total <= Decimal(str(sum(map(float, bills.values())))) + Decimal("0.001")


async def test_days_of_youtube_keep_to_both_quotas_of_each_pacific_day() -> None:
    """Comments every minute, uploads and titles of one project, whose quotas are a hundredth: no day of YouTube's own book is
    over, none was refused by it, and each source got its part of every whole day."""
    clock = Walker(datetime(2026, 3, 1, 9, tzinfo=UTC))
    tube = Tube(clock, hashtags=("#yyc",))
    own = tube.channel(title="City of Example", handle="cityofexample", own=True)
    video = tube.video(own, "Snow routes", "What is cleared first. #yyc", tags=("snow",))
    anna = tube.channel()
    served = youtube_site(tube)
    units, searches, days = 100, 10, 11  # over the short day of spring
    tube.meter.limits |= {"units": units, "searches": searches}
    common = {
        "endpoint": youtube.config.GOOGLE,
        "key": "a-good-key",
        "units_a_day": units,
        "searches_a_day": searches,
    }
    watching = Watching({LOUD: Terms(frozenset({"yyc"})), QUIET: Terms(frozenset({"yycbike"}))}, "text")
    month = Month(youtube.SPEC, served.site, clock)
    kinds = {"comments": 600.0, "uploads": 3600.0, "titles": 1800.0}
    for listen, interval_s in kinds.items():
        channel = {} if listen == "titles" else {"channel": own.id, "relation": "own"}
        month.add(
            listen, YouTubeConfig.model_validate(common | channel | {"listen": listen}), watching, interval_s
        )
    said = iter(range(10**6))
    await month.pass_days(
        days,
        [(5 * 3600.0, lambda: tube.comment(video, anna, f"Is it open? {next(said)} #yyc"))],
        crash_every=500,
    )
    book = tube.meter.spent()
    whole = [day for day in book if date(2026, 3, 2) <= day.day < date(2026, 3, 12)]

    assert {
        (day.bucket, day.units <= {"units": units, "searches": searches}[day.bucket]) for day in book
    } == {
        ("units", True),
        ("searches", True),
    }
    assert sum(day.refused for day in book) == 0
    assert len(whole) == 2 * 10
    assert min(day.units for day in whole if day.bucket == "units") >= 0.85 * units
    assert min(day.units for day in whole if day.bucket == "searches") >= 0.8 * searches
    uploads = month.listening[1].reader.asked
    assert len(uploads) >= days * min(24, units * PARTS / 2) * 0.8
    comments = [item for item in month.listening[0].items if isinstance(item, Post)]
    assert len({post.native for post in comments}) >= days * 24 / 5 - 2
