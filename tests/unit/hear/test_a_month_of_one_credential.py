"""A month of an invented network that sends a bill: never more than the budget, nobody starves, counts go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import anyio
import pytest

from listener.adapter import Budget, Charge, Cursor, Page, Poller
from listener.errors import BudgetSpent
from listener.hear.budget import PARTS
from listener.hear.intake import Intake
from listener.hear.keeping import Keeper
from listener.hear.pace import Pace
from listener.hear.purse import Purse, Wallet
from listener.hear.seat import Source
from listener.hear.walk import Asking
from listener.telemetry import Telemetry
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.memory_queue import MemoryQueue
from tests.unit.hear.test_intake import Door

pytestmark = pytest.mark.anyio

PACIFIC = "America/Los_Angeles"
START = datetime(2026, 2, 27, 12, tzinfo=UTC)
DAYS = 33  # a month with the two turns beside it, and the short day of spring
MONEY, UNITS = 60.0, 2_000.0
POST = 0.005
MOST = 100

BUDGETS = (
    Budget(name="money", credential="town:abc", limit=MONEY, unit="USD", window="month"),
    Budget(name="units", credential="town:abc", limit=UNITS, unit="units", window="day", zone=PACIFIC),
)


def charges(address: str) -> tuple[Charge, ...]:
    """A search costs each post it brings, and ten units; counts cost what one post costs, and a unit."""
    if address == "search":
        return (
            Charge(budget="money", most=MOST * POST, share=0.9),
            Charge(budget="units", most=10, share=0.9),
        )
    return (Charge(budget="money", most=POST), Charge(budget="units", most=1))


@dataclass(slots=True)
class Network:
    """
    Answers, and keeps its own bill by its own clock, which is forty seconds ahead of ours.

    Args:
        money: By month.
        units: By day in California.
        asked: What was asked on whose account.
    """

    clock: VirtualClock
    money: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)
    last_counted: Mapping[str, datetime] = field(default_factory=dict)

    def answer(self, what: str, account: str, posts: int) -> None:
        """A search, or counts, was asked for."""
        now = self.clock.now() + timedelta(seconds=40)
        cents = posts if what == "search" else 1  # in posts: whole numbers add up
        self.money[f"{now:%Y-%m}"] += cents
        self.units[f"{now.astimezone(ZoneInfo(PACIFIC)):%Y-%m-%d}"] += 10 if what == "search" else 1
        self.spent[account] += cents
        self.asked[what, account] += 1
        if what == "counts":
            self.last_counted = {**self.last_counted, account: now}


@dataclass(slots=True)
class Square:
    """
    An adapter: searches for each watch, and asks for its counts where the search is not to be had.

    Args:
        watches: How many posts a search of each brings.
    """

    network: Network
    wallet: Wallet
    watches: Mapping[str, int]
    name: str

    async def fetch(self, cursor: Cursor | None) -> Page:
        for watch, posts in self.watches.items():
            try:
                await self._ask("search", watch, posts)
            except BudgetSpent:
                await self._ask("counts", watch, 0)
        return Page(cursor=Cursor(b"next"))

    async def _ask(self, what: str, watch: str, posts: int) -> None:
        await self.wallet.pay(what, account=watch)
        self.network.answer(what, f"{self.name}/{watch}", posts)
        if what == "search":
            self.wallet.paid("money", posts * POST)


@dataclass(slots=True)
class Town:
    """A daemon without a wire, on a virtual clock."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    network: Network = field(init=False)
    purse: Purse = field(init=False)

    def __post_init__(self) -> None:
        self.network = Network(self.clock)

    def source(self, name: str, interval_s: float, watches: Mapping[str, int]) -> Source:
        """A source that reads for these watches."""
        wallet = self.purse.wallet(name, "town", BUDGETS, charges)
        assert wallet is not None
        relation: Literal["own"] = "own"
        return Source(
            name=name,
            network="town",
            relation=relation,
            keep="links",
            take_all=False,
            door=Door(name),
            reads=_poller(Square(self.network, wallet, watches, name)),
            group="town:abc",
            interval_s=interval_s,
            floor_s=60.0,
            look_back=timedelta(days=7),
            derived_metrics="free",
            terms_read_on=date(2026, 1, 1),
            wallet=wallet,
            secret_group=True,
        )

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Intake]:
        """One life of the daemon; it ends like a killed one."""
        telemetry, pace = Telemetry(), Pace(0.0, frozenset())
        self.purse = Purse(queue=self.queue, clock=self.clock, telemetry=telemetry, node="local")
        keeper = Keeper(
            queue=self.queue,
            pace=pace,
            asking=Asking(lambda post: ()),
            clock=self.clock,
            telemetry=telemetry,
            node="local",
        )
        intake = Intake(
            keeper=keeper,
            queue=self.queue,
            pace=pace,
            clock=self.clock,
            telemetry=telemetry,
            workers=2,
            spacing_s=0.0,
            rebuild=lambda name, address: pytest.fail("nothing moves"),
        )
        await intake.add(
            [
                self.source("square", 1800.0, {"loud": MOST, "quiet": 2}),
                self.source("harbour", 3600.0, {"boats": 20}),
            ]
        )
        async with anyio.create_task_group() as group:
            group.start_soon(intake.run)
            yield intake
            group.cancel_scope.cancel()


def _poller(square: Square) -> Poller:
    return square


async def test_a_month_never_exceeds_a_budget_and_starves_no_watch() -> None:
    """By the network's own bill: each month and each Pacific day within its limit, the loud watch's neighbours get their part,
    and counts go on where searches stop; twelve deaths of the daemon change nothing of that."""
    town = Town()
    for _ in range(12):
        async with town.life():
            await town.clock.advance(DAYS / 12 * 86_400)
    bill = {month: posts * POST for month, posts in town.network.money.items()}
    asked, spent = town.network.asked, town.network.spent

    assert set(bill) == {"2026-02", "2026-03", "2026-04"}
    assert max(bill.values()) <= MONEY
    assert bill["2026-03"] >= 0.8 * MONEY  # spread, not saved
    assert max(town.network.units.values()) <= UNITS
    assert len(town.network.units) == DAYS + 1
    part = MONEY * PARTS / 3 / POST
    wanted = {"square/quiet": 2 * 48 * 31, "harbour/boats": 20 * 24 * 31}
    for account, posts in wanted.items():
        assert spent[account] >= min(part, posts) / 2, (account, spent, asked)
    assert spent["square/loud"] >= part
    for account in ("square/loud", "square/quiet", "harbour/boats"):
        assert asked["search", account] > 30, asked
    last = town.network.last_counted["square/loud"]
    assert last >= START + timedelta(days=DAYS - 3)
