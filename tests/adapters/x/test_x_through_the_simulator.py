"""
The shipped adapter against the simulated X, which shares no code with it and was written by somebody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.x.client import XSource
from adapters.x.config import XConfig
from adapters.x.simulated_crowd import city
from adapters.x.simulated_keys import UserKeys
from adapters.x.simulated_network import Network
from adapters.x.simulator import Served, site_of
from listener.adapter import Ask, Cursor, Item, Page, Terms
from listener.errors import AccessDenied, BudgetSpent, RateLimited
from listener.events import Count, Gap, Post, Rejected, WatchName
from listener.testing.canned import Watching
from tests.adapters.x.net import empty_network
from tests.adapters.x.site_reader import SiteReader
from tests.fakes.plain_client import Walker

pytestmark = pytest.mark.anyio

CITY = WatchName("city")


@dataclass
class Hearing:
    """The adapter at a simulated X."""

    served: Served
    clock: Walker
    settings: dict[str, Any] = field(default_factory=dict)
    keep: Any = "text"
    left: float | None = None
    items: list[Item] = field(default_factory=list)
    cursor: Cursor | None = None
    notes: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        given = {"endpoint": "https://api.x.com", "token": "app-token", **self.settings}
        self.made = XConfig.model_validate({key: value for key, value in given.items() if value is not None})
        self.reader = SiteReader(self.served, self.made, self.left)
        self.restart()

    def restart(self) -> None:
        """Nothing is left but the cursor."""
        interest = Watching({CITY: Terms(frozenset({"yyc"}))}, self.keep)
        self.source = XSource(self.made, self.reader, self.clock, interest)

    async def page(self) -> Page:
        """One page, made durable."""
        page = await self.source.fetch(self.cursor)
        self.cursor = page.cursor or self.cursor
        self.items += page.items
        self.notes.append(page.note)
        return page

    async def turn(self) -> None:
        """All pages."""
        while (await self.page()).more:
            pass

    @property
    def posts(self) -> list[Post]:
        """That came."""
        return [item for item in self.items if isinstance(item, Post)]

    @property
    def natives(self) -> set[str]:
        """Of these."""
        return {post.native for post in self.posts}


def burst(network: Network, clock: Walker, count: int, text: str = "Ice on Main #yyc") -> set[str]:
    """So many posts a second apart, and a minute until search shows them; their ids."""
    anna = network.account()
    said = set()
    for _ in range(count):
        clock.walk(seconds=1)
        said.add(network.post(anna, text).id)
    clock.walk(seconds=60)
    return said


def hears(network: Network, clock: Walker, **more: Any) -> Hearing:
    """With a minute passed."""
    return Hearing(site_of(network), clock, **more)


@pytest.mark.parametrize("accepts", ["tweet", "post", "both"])
async def test_a_day_in_a_city_is_read_whole_in_either_vocabulary(accepts: Any) -> None:
    """Bursts, edits, long posts, restarts after every page: each post that a search ever shows is read, once."""
    clock = Walker()
    network = city(clock, seed=11, hashtags=("#yyc",), start_at=clock.now(), hours=10, posts=300)
    hearing = hears(network, clock)
    hearing.served.site.accepts = accepts
    for number in range(30):
        clock.walk(minutes=20)
        if number == 7:
            burst(network, clock, 130)
        while (await hearing.page()).more:
            hearing.restart()
    clock.walk(minutes=5)
    await hearing.turn()
    fits = re.compile(r"#yyc(?!\w)", re.IGNORECASE)
    shown = {
        post.id
        for post in network.readable()
        if fits.search(post.latest.raw) and post.repost_of is None and not post.withheld
    }

    assert len(shown) > 200
    assert shown <= hearing.natives
    assert not [item for item in hearing.items if isinstance(item, Rejected | Gap)]
    assert hearing.reader.spent["usd"] <= float(hearing.served.site.bill.total) * 1.35


async def test_what_is_paid_is_what_x_charges() -> None:
    """Bursts and quiet days: our account agrees with X's bill to the cent."""
    network, clock = empty_network()
    hearing = hears(network, clock)
    for _ in range(6):
        burst(network, clock, 25)
        await hearing.turn()
        for _ in range(6):
            clock.walk(hours=1)
            await hearing.turn()
    bill = hearing.served.site.bill.total

    assert len(hearing.natives) == 150
    assert hearing.reader.spent["usd"] == pytest.approx(float(bill))


async def test_numbers_cost_by_the_hour_and_are_right() -> None:
    """A day, every hour told once, at half a cent."""
    network, clock = empty_network()
    hearing = hears(network, clock, keep="counts")
    clock.walk(minutes=10)
    said = 0
    for number in range(24):
        said += len(burst(network, clock, number % 4))
        await hearing.turn()
        clock.walk(minutes=58)
        await hearing.turn()
    clock.walk(hours=1)
    await hearing.turn()
    counts = [item for item in hearing.items if isinstance(item, Count)]
    starts = [count.start_at for count in counts]

    assert starts == sorted(set(starts))
    assert sum(count.count for count in counts) == said
    assert hearing.served.site.bill.total == Decimal("0.005") * len(
        [each for each in hearing.reader.asked if "counts" in each]
    )


async def test_an_edit_is_the_same_post_and_a_deletion_is_found() -> None:
    """A post is edited, another deleted, a third one's author hides, a fourth is withheld."""
    network, clock = empty_network()
    hearing = hears(network, clock)
    anna, boris = network.account(), network.account()
    edited, deleted, hidden, withheld = (
        network.post(author, f"Ice {number} #yyc") for number, author in enumerate((anna, anna, boris, anna))
    )
    first = [post.id for post in (edited, deleted, hidden, withheld)]
    clock.walk(minutes=2)
    await hearing.turn()
    assert network.edit(edited, "Ice is gone #yyc")
    network.delete(deleted)
    network.protect(boris)
    network.withhold(withheld, "CA")
    clock.walk(minutes=2)
    verdicts = await hearing.source.recheck([Ask(name) for name in first])

    assert {first.index(ask): verdict.state for ask, verdict in verdicts.items()} == {
        0: "changed",
        1: "gone",
        2: "withheld",
        3: "withheld",
    }
    changed = verdicts[Ask(first[0])].post
    assert changed is not None
    assert (changed.native, changed.text) == (first[0], "Ice is gone #yyc")


async def test_mentions_are_signed_and_cost_a_fifth() -> None:
    """With a token of our own account."""
    network, clock = empty_network()
    own = UserKeys(network.own.id)
    hearing = hears(
        network,
        clock,
        settings={
            "token": None,
            "listen": "mentions",
            "own_user_id": network.own.id,
            "consumer_key": own.consumer_key,
            "consumer_secret": own.consumer_secret,
            "access_token": own.token,
            "access_token_secret": own.token_secret,
        },
    )
    said = burst(network, clock, 12, f"@{network.city} the bus is late")
    await hearing.turn()
    clock.walk(minutes=30)
    said |= burst(network, clock, 2, f"@{network.city} thanks")
    await hearing.turn()

    assert hearing.natives == said
    assert all(post.addressed for post in hearing.posts)
    assert hearing.served.site.bill.total == Decimal("0.014")
    assert hearing.reader.spent["usd"] == pytest.approx(0.014)


async def test_a_wrong_credential_and_an_app_that_is_not_enrolled() -> None:
    """Each is told by its code."""
    network, clock = empty_network()
    wrong = hears(network, clock, settings={"token": "nobody"})
    with pytest.raises(AccessDenied) as refused:
        await wrong.turn()
    outside = hears(network, clock)
    outside.served.site.enrolled = False
    with pytest.raises(AccessDenied) as not_enrolled:
        await outside.turn()

    assert (refused.value.code, not_enrolled.value.code) == ("credential_refused", "not_enrolled")


async def test_an_empty_balance_and_a_cap() -> None:
    """No credit ends everything for hours; the cap of posts, where it ends the numbers too, until the cycle turns, or for a day."""
    network, clock = empty_network()
    hearing = hears(network, clock)
    burst(network, clock, 3)
    hearing.served.site.bill.cap = 2
    await hearing.turn()
    clock.walk(hours=2)
    with pytest.raises(BudgetSpent) as capped:
        await hearing.turn()
    turn = (clock.now().replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    wait_s = min((turn - clock.now()).total_seconds(), 86_400.0)
    assert (capped.value.budget, capped.value.wait_s) == ("posts", wait_s)
    hearing.served.site.bill.credit = Decimal(0)
    clock.walk(hours=2)
    with pytest.raises(BudgetSpent) as caught:
        await hearing.turn()

    assert (caught.value.budget, caught.value.wait_s) == ("usd", 21600.0)


async def test_a_rate_limit_names_its_end() -> None:
    """Four hundred and fifty in a quarter of an hour."""
    network, clock = empty_network()
    hearing = hears(network, clock)
    for _ in range(450):
        await hearing.turn()
    with pytest.raises(RateLimited) as caught:
        await hearing.turn()

    assert caught.value.wait_s is not None
    assert 0 < caught.value.wait_s <= 900


async def test_money_that_ends_leaves_the_numbers_and_loses_nothing() -> None:
    """Ten cents: a burst is counted where it cannot be paid, and read when there is money again."""
    network, clock = empty_network()
    hearing = hears(network, clock, left=0.12)
    said = burst(network, clock, 30)
    for _ in range(4):
        await hearing.turn()
        clock.walk(hours=1)
    counted = sum(item.count for item in hearing.items if isinstance(item, Count))
    few = hearing.natives
    hearing.reader.left = 10.0
    await hearing.turn()

    assert few < said
    assert counted == 30
    assert "counting_instead" in hearing.notes
    assert hearing.natives == said
    assert not [item for item in hearing.items if isinstance(item, Gap)]


async def test_an_outage_of_eight_days_is_caught_up_to_seven() -> None:
    """What lies in the window is read; what does not is a gap."""
    network, clock = empty_network()
    hearing = hears(network, clock)
    burst(network, clock, 1)
    await hearing.turn()
    lost = burst(network, clock, 1)
    clock.walk(days=5)
    found = burst(network, clock, 1)
    clock.walk(days=3)
    hearing.restart()
    await hearing.turn()
    gaps = [item for item in hearing.items if isinstance(item, Gap)]

    assert found < hearing.natives
    assert lost.isdisjoint(hearing.natives)
    assert [(gap.cause, gap.end_at) for gap in gaps] == [
        ("cursor_expired", clock.now() - timedelta(days=7) + timedelta(minutes=10))
    ]
